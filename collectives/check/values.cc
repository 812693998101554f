// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/values.h"

#include <algorithm>
#include <utility>

#include "collectives/check/rule.h"

namespace tutti::check {

Values::Values(const Program& program) : program_(program), expressions_(program.num_ranks()) {
  memory_.reserve(static_cast<size_t>(program.num_ranks()));
  for (int rank = 0; rank < program.num_ranks(); ++rank) {
    const MemoryLayout& layout = program.memory(rank);
    memory_.emplace_back(layout.size(), Value{});
    memory_.back().Assign(layout.input(), Value{expressions_.Leaf(rank), uint64_t{0} - layout.input().begin});
  }
}

absl::Status Values::OnLocalStep(StepRef ref) {
  const Step& step = program_.step(ref);
  const auto sources = program_.schedule(ref.rank).SourcesOf(step);
  absl::StatusOr<Pieces> value = Read(ref, sources[0]);
  if (!value.ok()) return value.status();
  if (step.kind == StepKind::kReduce) {
    for (Piece& piece : *value) {
      if (absl::Status s = CheckOperand(ref, piece); !s.ok()) return s;
      piece.expression = expressions_.Open(piece.expression);
    }
    for (const Region& source : sources.subspan(1)) {
      absl::StatusOr<Pieces> next = Read(ref, source);
      if (!next.ok()) return next.status();
      value = Reduce(ref, Join::kAppend, *value, *next);
      if (!value.ok()) return value.status();
    }
    for (Piece& piece : *value) piece.expression = expressions_.Close(piece.expression);
    if (absl::Status s = Complete(ref, &*value); !s.ok()) return s;
  }
  if (step.kind == StepKind::kEncode) {
    for (Piece& piece : *value) piece.expression = expressions_.Quantise(piece.expression);
  }
  if (step.kind == StepKind::kDecodeReduce) {
    absl::StatusOr<Pieces> decoded = Read(ref, sources[1]);
    if (!decoded.ok()) return decoded.status();
    value = Reduce(ref, Join::kCombine, *value, *decoded);
    if (!value.ok()) return value.status();
    if (absl::Status s = Complete(ref, &*value); !s.ok()) return s;
  }
  Write(ref, *value);
  return absl::OkStatus();
}

absl::Status Values::OnMessage(StepRef send, StepRef receive) {
  absl::StatusOr<Pieces> message = Read(send, program_.schedule(send.rank).SourcesOf(program_.step(send))[0]);
  if (!message.ok()) return message.status();
  const Step& step = program_.step(receive);
  if (step.kind == StepKind::kRecvReduce) {
    absl::StatusOr<Pieces> own = Read(receive, program_.schedule(receive.rank).SourcesOf(step)[0]);
    if (!own.ok()) return own.status();
    message = step.message_first ? Reduce(receive, Join::kCombine, *message, *own)
                                 : Reduce(receive, Join::kCombine, *own, *message);
    if (!message.ok()) return message.status();
    if (absl::Status s = Complete(receive, &*message); !s.ok()) return s;
  }
  Write(receive, *message);
  return absl::OkStatus();
}

absl::StatusOr<Values::Pieces> Values::Read(StepRef reader, const Region& region) const {
  const MemoryLayout& layout = program_.memory(reader.rank);
  Pieces pieces;
  absl::Status status;
  memory(reader.rank).Visit(layout.AddressesOf(region), [&](const AddressRange& part, const Value& value) {
    if (value.expression == Value::kUnwritten) {
      status = Violation(Rule::kUninitialized, program_.Describe(reader), ": it reads ", layout.Describe(part),
                         ", which nothing has written");
      return false;
    }
    const uint64_t element = part.begin + value.shift;
    Piece* last = pieces.empty() ? nullptr : &pieces.back();
    if (last != nullptr && last->expression == value.expression && last->element + last->length == element) {
      last->length += part.size();
    } else {
      pieces.push_back({part.size(), value.expression, element});
    }
    return true;
  });
  if (!status.ok()) return status;
  return pieces;
}

void Values::Write(StepRef step, const Pieces& pieces) {
  uint64_t address = program_.memory(step.rank).AddressesOf(program_.step(step).dst).begin;
  for (const Piece& piece : pieces) {
    memory_[static_cast<size_t>(step.rank)].Assign({address, address + piece.length},
                                                   Value{piece.expression, piece.element - address});
    address += piece.length;
  }
}

absl::StatusOr<Values::Pieces> Values::Reduce(StepRef step, Join join, const Pieces& left, const Pieces& right) {
  Pieces result;
  uint64_t left_done = 0;  // of *l
  uint64_t right_done = 0;
  for (auto l = left.begin(), r = right.begin(); l != left.end() && r != right.end();) {
    const Piece a{l->length - left_done, l->expression, l->element + left_done};
    const Piece b{r->length - right_done, r->expression, r->element + right_done};
    if (absl::Status s = CheckOperand(step, a); !s.ok()) return s;
    if (absl::Status s = CheckOperand(step, b); !s.ok()) return s;
    if (a.element != b.element) {
      return Violation(Rule::kReduction, program_.Describe(step), ": it combines element ", a.element, " with element ",
                       b.element);
    }
    const int twice = expressions_.CommonContributor(a.expression, b.expression);
    if (twice >= 0) {
      return Violation(Rule::kReduction, program_.Describe(step), ": element ", a.element, " would hold rank ", twice,
                       "'s contribution twice: ", expressions_.ToString(a.expression), " and ",
                       expressions_.ToString(b.expression));
    }
    const uint64_t length = std::min(a.length, b.length);
    const ExpressionId joined = join == Join::kCombine ? expressions_.Combine(a.expression, b.expression)
                                                       : expressions_.Append(a.expression, b.expression);
    result.push_back({length, joined, a.element});
    left_done += length;
    right_done += length;
    if (left_done == l->length) ++l, left_done = 0;
    if (right_done == r->length) ++r, right_done = 0;
  }
  return result;
}

absl::Status Values::CheckOperand(StepRef step, const Piece& operand) const {
  if (!expressions_.IsFinished(operand.expression)) return absl::OkStatus();
  return Violation(Rule::kReduction, program_.Describe(step), ": element ", operand.element,
                   " is already finished and must not be reduced again");
}

absl::Status Values::Complete(StepRef step, Pieces* pieces) {
  if (!program_.step(step).completes) return absl::OkStatus();
  for (Piece& piece : *pieces) {
    if (!expressions_.IsComplete(piece.expression)) {
      return Violation(Rule::kCompletes, program_.Describe(step), ": it is said to complete element ", piece.element,
                       ", but rank ", expressions_.MissingContributor(piece.expression),
                       "'s contribution is not in it: ", expressions_.ToString(piece.expression));
    }
    piece.expression = expressions_.Finish(piece.expression);
  }
  return absl::OkStatus();
}

}  // namespace tutti::check
