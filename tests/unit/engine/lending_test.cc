// SPDX-License-Identifier: Apache-2.0
// Operations over windows that lend what they publish: two engines in one thread, each driven by hand, and a host that knows
// which memory can be read by whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_reduce/shared_one_shot.h"
#include "collectives/algorithms/all_reduce/shared_slices.h"
#include "collectives/algorithms/broadcast/shared.h"
#include "collectives/schedule/builder.h"
#include "lib/base/clock.h"
#include "lib/engine/engine.h"
#include "lib/engine/lendable.h"

namespace tutti {
namespace {

constexpr uint32_t kChannel = 7;
constexpr uint64_t kCount = 32'768;  // of int64: several segments, and fewer than a window holds

// What the ranks of a host share: their windows, and one buffer of each that the other may have mapped.
struct Host {
  struct Window {
    std::unique_ptr<std::byte, void (*)(std::byte*)> memory{nullptr, nullptr};
    std::atomic<uint32_t> asleep{0};
  };
  std::array<Window, 2> windows;
  struct Lendable {
    const std::byte* data = nullptr;
    uint64_t bytes = 0;
    bool mapped = false;
  };
  std::array<Lendable, 2> lendable;
  bool lies = false;  // places are none
};

class HostWindows : public WindowSource {
 public:
  HostWindows(Host& host, int rank) : host_(host), rank_(static_cast<size_t>(rank)) {}
  absl::StatusOr<std::byte*> OpenWindow(uint32_t, size_t bytes, absl::Span<const int32_t>) override {
    auto* memory = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}));
    std::memset(memory, 0, bytes);
    host_.windows[rank_].memory = {memory, [](std::byte* p) { ::operator delete (p, std::align_val_t{64}); }};
    return memory;
  }
  PeerWindow FindWindow(uint32_t, int32_t peer) override {
    Host::Window& window = host_.windows[static_cast<size_t>(peer)];
    return {window.memory.get(), &window.asleep, false};
  }
  RegionPlace PlaceOf(const void* data, uint64_t bytes, absl::Span<const int32_t> peers) const override {
    EXPECT_EQ(peers.size(), 1u);
    const Host::Lendable& own = host_.lendable[rank_];
    const auto* begin = static_cast<const std::byte*>(data);
    if (!own.mapped || begin < own.data || begin + bytes > own.data + own.bytes) return {};
    return {5, static_cast<uint64_t>(begin - own.data) + (host_.lies ? own.bytes : 0)};
  }
  const std::byte* ReadPlace(int32_t peer, const RegionPlace& place, uint64_t bytes) const override {
    const Host::Lendable& lent = host_.lendable[static_cast<size_t>(peer)];
    if (place.region != 5 || place.offset > lent.bytes || bytes > lent.bytes - place.offset) return nullptr;
    return lent.data + place.offset;
  }
  void CloseWindow(uint32_t) override {}
  std::string WhyGone(int32_t) const override { return ""; }
  void Wake(int32_t) override {}

 private:
  Host& host_;
  const size_t rank_;
};

class Listener : public EngineListener {
 public:
  void OnPeerLost(int32_t peer, std::string why) override { lost.emplace_back(peer, std::move(why)); }
  void OnMismatch(const Operation&, int32_t, uint64_t, uint64_t, uint64_t) override { ADD_FAILURE() << "a mismatch"; }
  void OnOtherCall(uint32_t, int32_t, uint64_t, uint64_t, uint64_t) override { ADD_FAILURE() << "another call"; }
  void OnCodecMismatch(const Operation&, int32_t, const CodedHeader&) override {}
  void OnCodecFailure(const Operation&, bool, std::string, int) override {}
  void OnWindowLost(const Operation&, std::string why) override { ADD_FAILURE() << why; }
  void OnStall(const Operation&, bool) override {}
  void OnDeadline(const Operation&) override {}
  void OnOverrun(const Operation&) override {}
  void OnTick(int64_t) override {}

  std::vector<std::pair<int32_t, std::string>> lost;
};

struct Rank {
  Rank(Host& host, int r) : rank(r), source(host, r), group(source, kChannel, {0, 1}, r) {
    auto created = Engine::Create({}, MonotonicClock(), listener);
    EXPECT_TRUE(created.ok());
    engine = *std::move(created);
    for (uint64_t i = 0; i < kCount; ++i) input[i] = static_cast<int64_t>(i) + r;
  }

  // `in_place`: in the output.
  void Submit(const WindowProgram& program, bool in_place = false) {
    auto plan = Plan::CompileWindow(program, {0, 1}, rank, DataType::kInt64, ReduceOp::kSum);
    ASSERT_TRUE(plan.ok()) << plan.status();
    operation = std::make_unique<Operation>(std::make_shared<const Plan>(*std::move(plan)));
    operation->channel = kChannel;
    operation->signature = 3;
    operation->group = &group;
    operation->track = &group.TrackFor(sizeof(int64_t) * kCount);
    operation->timeout_ns = 60 * kNsPerSecond;
    operation->user = {reinterpret_cast<std::byte*>(in_place ? output.data() : input.data()),
                       reinterpret_cast<std::byte*>(output.data())};
    engine->Submit(*operation);
  }
  void Poll() {
    for (int i = 0; i < 4; ++i) engine->Poll();
  }
  bool done() const { return operation->done(); }

  const int rank;
  Listener listener;
  HostWindows source;
  WindowGroup group;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Operation> operation;
  std::vector<int64_t> input = std::vector<int64_t>(kCount);
  std::vector<int64_t> output = std::vector<int64_t>(kCount);
};

Shape ShapeOf(uint64_t count = kCount) {
  Shape shape;
  shape.num_ranks = 2;
  shape.count = count;
  shape.element_bytes = sizeof(int64_t);
  return shape;
}

class LendingTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int r = 0; r < 2; ++r) ranks_[static_cast<size_t>(r)] = std::make_unique<Rank>(host_, r);
    // Both windows are there before anything is published.
    for (auto& rank : ranks_) ASSERT_TRUE(rank->group.Open().ok());
  }

  void LetOthersRead(const std::vector<int64_t>& buffer, int rank) {
    host_.lendable[static_cast<size_t>(rank)] = {reinterpret_cast<const std::byte*>(buffer.data()),
                                                 buffer.size() * sizeof(int64_t), true};
  }
  Rank& root() { return *ranks_[0]; }
  Rank& other() { return *ranks_[1]; }

  void Broadcast() {
    for (auto& rank : ranks_) rank->Submit(broadcast::SharedProgram(ShapeOf(), rank->rank));
  }

  Host host_;
  std::array<std::unique_ptr<Rank>, 2> ranks_;
};

TEST_F(LendingTest, WhatIsLentIsReadWhereItLies) {
  LetOthersRead(root().input, 0);
  Broadcast();
  root().Poll();
  // Nobody may do that; here it shows what is read.
  root().input[100] = -1;
  root().input[kCount - 1] = -2;
  other().Poll();
  ASSERT_TRUE(other().done());
  EXPECT_EQ(other().output, root().input);
}

TEST_F(LendingTest, AnOperationDoesNotEndBeforeAllHaveReadWhatItLent) {
  LetOthersRead(root().input, 0);
  Broadcast();
  root().Poll();
  EXPECT_FALSE(root().done());
  const auto waits = root().engine->DescribeWaits(*root().operation, [](int32_t) { return "the other one"; });
  EXPECT_NE(waits.description.find("the other one has not read all"), std::string::npos) << waits.description;
  EXPECT_EQ(waits.peers, std::vector<int32_t>{1});
  other().Poll();
  EXPECT_TRUE(other().done());
  root().Poll();
  EXPECT_EQ(root().operation->outcome(), Outcome::kOk);
}

TEST_F(LendingTest, TheNextOperationOfTheGroupWaitsForItsEnd) {
  LetOthersRead(root().input, 0);
  Broadcast();
  root().Poll();
  Operation& first = *root().operation;
  auto plan = Plan::CompileWindow(broadcast::SharedProgram(ShapeOf(), 0), {0, 1}, 0, DataType::kInt64, ReduceOp::kSum);
  ASSERT_TRUE(plan.ok()) << plan.status();
  Operation second(std::make_shared<const Plan>(*std::move(plan)));
  second.channel = kChannel;
  second.signature = 3;
  second.group = &root().group;
  second.track = first.track;
  second.timeout_ns = 60 * kNsPerSecond;
  second.user = first.user;
  second.window_base = first.plan().num_publishes();
  root().engine->Submit(second);
  root().Poll();
  EXPECT_FALSE(second.done());
  EXPECT_EQ(second.window_step, 0u);
  other().Poll();
  root().Poll();
  EXPECT_TRUE(first.done());
  EXPECT_FALSE(second.done());
  root().engine->FailChannel(kChannel, Outcome::kAborted);
  root().Poll();
  EXPECT_EQ(second.outcome(), Outcome::kAborted);
}

TEST_F(LendingTest, WhatThePeerHasNotMappedIsCopied) {
  LetOthersRead(root().input, 0);
  host_.lendable[0].mapped = false;
  Broadcast();
  root().Poll();
  EXPECT_TRUE(root().done());
  const std::vector<int64_t> before = root().input;
  root().input.assign(kCount, -1);
  other().Poll();
  EXPECT_TRUE(other().done());
  EXPECT_EQ(other().output, before);
}

TEST_F(LendingTest, SomeLendAndSomeCopy) {
  LetOthersRead(other().input, 1);
  for (auto& rank : ranks_) rank->Submit(all_reduce::SharedOneShotProgram(ShapeOf(), rank->rank));
  for (int i = 0; i < 100 && !(root().done() && other().done()); ++i) {
    root().Poll();
    other().Poll();
  }
  for (auto& rank : ranks_) {
    ASSERT_TRUE(rank->done());
    for (uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(rank->output[i], static_cast<int64_t>(2 * i + 1));
  }
}

// The input is the output: it is overwritten while others read.
TEST_F(LendingTest, AnInputThatIsOverwrittenIsCopied) {
  for (auto& rank : ranks_) {
    LetOthersRead(rank->output, rank->rank);
    rank->output = rank->input;
    rank->Submit(all_reduce::SharedOneShotProgram(ShapeOf(), rank->rank), /*in_place=*/true);
  }
  for (int i = 0; i < 100 && !(root().done() && other().done()); ++i) {
    root().Poll();
    other().Poll();
    EXPECT_FALSE(root().operation->window_lent || other().operation->window_lent);
  }
  for (auto& rank : ranks_) {
    ASSERT_TRUE(rank->done());
    for (uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(rank->output[i], static_cast<int64_t>(2 * i + 1));
  }
}

TEST_F(LendingTest, APlaceThatCannotBeReadIsTheEndOfThePeer) {
  LetOthersRead(root().input, 0);
  host_.lies = true;
  Broadcast();
  root().Poll();
  other().Poll();
  EXPECT_FALSE(other().done());
  ASSERT_EQ(other().listener.lost.size(), 1u);
  EXPECT_EQ(other().listener.lost[0].first, 0);
  EXPECT_NE(other().listener.lost[0].second.find("cannot read"), std::string::npos);
}

// Whoever gives up may write to its memory again: nobody may take that for what was published.
TEST_F(LendingTest, WhatAFailedOperationLentIsNotReadAnyMore) {
  LetOthersRead(root().input, 0);
  Broadcast();
  root().Poll();
  root().engine->FailChannel(kChannel, Outcome::kAborted);
  root().Poll();
  EXPECT_EQ(root().operation->outcome(), Outcome::kAborted);
  root().input.assign(kCount, -1);
  other().Poll();
  EXPECT_FALSE(other().done());
  EXPECT_TRUE(other().listener.lost.empty());
}

std::vector<Lend> LendOfPublishes(const WindowProgram& program, int rank) {
  auto plan = Plan::CompileWindow(program, {0, 1}, rank, DataType::kInt64, ReduceOp::kSum);
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<Lend> lend;
  for (const WindowPlanStep& step : plan->window_steps()) {
    if (step.kind == WindowStepKind::kPublish) lend.push_back(step.lend);
  }
  return lend;
}

TEST(Lendable, LongPublishesWhoseSourceStaysAsItIs) {
  const uint64_t long_enough = kLeastLentBytes / sizeof(int64_t);
  WindowProgramBuilder builder;
  builder.Publish(builder.NewNumber(), Input(0, long_enough));
  builder.Publish(builder.NewNumber(), Input(0, long_enough - 1));
  builder.Publish(builder.NewNumber(), Output(long_enough, long_enough));  // written before
  builder.Publish(builder.NewNumber(), Output(0, long_enough));            // written later
  builder.Local(Output(long_enough - 1, 1), Input(0, 1));
  builder.Publish(builder.NewNumber(), Output(0, long_enough));
  EXPECT_EQ(LendOfPublishes(std::move(builder).Build(), 0),
            (std::vector<Lend>{Lend::kIfApart, Lend::kNo, Lend::kYes, Lend::kNo, Lend::kYes}));
}

TEST(Lendable, SlicesLendTheirResults) {
  const std::vector<Lend> lend = LendOfPublishes(all_reduce::SharedSlicesProgram(ShapeOf(16'384), 0), 0);
  EXPECT_EQ(std::count(lend.begin(), lend.end(), Lend::kIfApart), 2);
  EXPECT_EQ(std::count(lend.begin(), lend.end(), Lend::kYes), 2);
}

}  // namespace
}  // namespace tutti
