// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/messages.h"

#include <algorithm>
#include <utility>

#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

bool ByPeer(const MessageEnd& a, const MessageEnd& b) { return a.peer < b.peer; }

absl::Span<const MessageEnd> EndsWith(const std::vector<MessageEnd>& ends, int peer) {
  const auto [first, last] = std::equal_range(ends.begin(), ends.end(), MessageEnd{peer, 0}, ByPeer);
  return absl::MakeConstSpan(ends).subspan(static_cast<size_t>(first - ends.begin()),
                                           static_cast<size_t>(last - first));
}

// The rank's sends, or its receives, ordered by peer and then as in the list; checks that they are numbered so.
absl::Status CollectEnds(const Program& program, int rank, bool sends, std::vector<MessageEnd>* ends) {
  const Schedule& schedule = program.schedule(rank);
  for (uint32_t i = 0; i < schedule.steps.size(); ++i) {
    const Step& step = schedule.steps[i];
    if (sends ? step.kind == StepKind::kSend : IsReceive(step.kind)) ends->push_back({step.peer, i});
  }
  std::stable_sort(ends->begin(), ends->end(), ByPeer);
  uint32_t expected = 0;
  for (size_t i = 0; i < ends->size(); ++i) {
    const MessageEnd& end = (*ends)[i];
    expected = i > 0 && (*ends)[i - 1].peer == end.peer ? expected + 1 : 0;
    if (schedule.steps[end.step].message == expected) continue;
    return Violation(Rule::kMessages, program.Describe({rank, end.step}), ": in list order this is message ", expected,
                     sends ? " to rank " : " from rank ", end.peer);
  }
  return absl::OkStatus();
}

// Pairs what `sender` sends to `receiver`.
absl::Status MatchPair(const Program& program, int sender, int receiver, absl::Span<const MessageEnd> sends,
                       absl::Span<const MessageEnd> receives, std::vector<uint32_t>* partner) {
  const size_t both = std::min(sends.size(), receives.size());
  for (size_t i = 0; i < both; ++i) {
    const StepRef send{sender, sends[i].step};
    const StepRef receive{receiver, receives[i].step};
    const uint64_t sent = program.schedule(sender).SourcesOf(program.step(send))[0].count;
    const uint64_t expected = program.step(receive).dst.count;
    if (sent != expected) {
      return Violation(Rule::kMessages, program.Describe(send), ": it sends ", sent, " elements, but ",
                       program.Describe(receive), " expects ", expected);
    }
    const bool from_slot = program.schedule(sender).SourcesOf(program.step(send))[0].buffer == Buffer::kCoded;
    if (from_slot != (program.step(receive).dst.buffer == Buffer::kCoded)) {
      return Violation(Rule::kMessages, program.Describe(send), ": of it and ", program.Describe(receive),
                       " one moves codes, the other one values");
    }
    (*partner)[program.NumberOf(send)] = program.NumberOf(receive);
    (*partner)[program.NumberOf(receive)] = program.NumberOf(send);
  }
  if (sends.size() > both) {
    return Violation(Rule::kMessages, program.Describe({sender, sends[both].step}), ": rank ", receiver,
                     " has no receive for it");
  }
  if (receives.size() > both) {
    return Violation(Rule::kMessages, program.Describe({receiver, receives[both].step}), ": rank ", sender,
                     " has no send for it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Messages> MatchMessages(const Program& program) {
  const auto num_ranks = static_cast<size_t>(program.num_ranks());
  Messages messages;
  messages.partner.assign(program.num_steps(), Messages::kNone);
  messages.receives.resize(num_ranks);
  std::vector<std::vector<MessageEnd>> sends(num_ranks);
  for (int rank = 0; rank < program.num_ranks(); ++rank) {
    const auto index = static_cast<size_t>(rank);
    if (absl::Status s = CollectEnds(program, rank, true, &sends[index]); !s.ok()) return s;
    if (absl::Status s = CollectEnds(program, rank, false, &messages.receives[index]); !s.ok()) return s;
  }
  // Each pair of ranks that either end knows of, once per direction.
  for (int rank = 0; rank < program.num_ranks(); ++rank) {
    const auto& own_sends = sends[static_cast<size_t>(rank)];
    const auto& own_receives = messages.receives[static_cast<size_t>(rank)];
    for (size_t i = 0; i < own_sends.size(); ++i) {
      if (i > 0 && own_sends[i - 1].peer == own_sends[i].peer) continue;
      const int peer = own_sends[i].peer;
      if (absl::Status s = MatchPair(program, rank, peer, EndsWith(own_sends, peer),
                                     EndsWith(messages.receives[static_cast<size_t>(peer)], rank), &messages.partner);
          !s.ok()) {
        return s;
      }
    }
    for (size_t i = 0; i < own_receives.size(); ++i) {
      if (i > 0 && own_receives[i - 1].peer == own_receives[i].peer) continue;
      const int peer = own_receives[i].peer;
      // With sends in this direction the sender's turn has matched them, or will.
      if (!EndsWith(sends[static_cast<size_t>(peer)], rank).empty()) continue;
      if (absl::Status s = MatchPair(program, peer, rank, {}, EndsWith(own_receives, peer), &messages.partner);
          !s.ok()) {
        return s;
      }
    }
  }
  return messages;
}

}  // namespace tutti::check
