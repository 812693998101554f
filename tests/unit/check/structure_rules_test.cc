// SPDX-License-Identifier: Apache-2.0
// Malformed shapes, steps and messages: each is an error that names the step, none a crash.
#include <functional>

#include "absl/strings/str_cat.h"
#include "expect_rule.h"

namespace tutti::check {
namespace {

const Shape kShape = MakeShape(Collective::kAllReduce, 2, 4);

// The valid pair with one thing wrong in rank 1's schedule.
Schedules With(const std::function<void(Schedule&)>& change) {
  Schedules schedules = PairAllReduce(4);
  change(schedules[1]);
  return schedules;
}

TEST(ShapeRule, RefusesImpossibleShapes) {
  const Schedules schedules = PairAllReduce(4);
  Shape shape = kShape;
  shape.num_ranks = 0;
  ExpectBroken(Rule::kShape, "num_ranks is 0", shape, schedules);
  shape = kShape;
  shape.root = 2;
  ExpectBroken(Rule::kShape, "root 2", shape, schedules);
  shape = kShape;
  shape.element_bytes = 3;
  ExpectBroken(Rule::kShape, "element_bytes is 3", shape, schedules);
  shape = kShape;
  shape.count = ~uint64_t{0} / 2;
  ExpectBroken(Rule::kShape, "more than memory can hold", shape, schedules);
  shape = kShape;
  shape.collective = static_cast<Collective>(kNumCollectives);
  ExpectBroken(Rule::kShape, absl::StrCat("collective ", kNumCollectives), shape, schedules);
}

TEST(ShapeRule, WantsOneSchedulePerRank) {
  ExpectBroken(Rule::kShape, "1 schedules for 2 ranks", kShape, {PairAllReduce(4)[0]});
  ExpectBroken(Rule::kShape, "3 schedules for 2 ranks", kShape, ChainAllReduce(4));
}

TEST(StructureRule, RefusesAnUnknownKind) {
  ExpectBroken(Rule::kStructure, "rank 1 step 0: its kind 9", kShape,
               With([](Schedule& s) { s.steps[0].kind = static_cast<StepKind>(9); }));
}

TEST(StructureRule, RefusesListsThatLieOutsideTheSchedule) {
  const uint32_t huge = ~uint32_t{0};
  ExpectBroken(Rule::kStructure, "its sources", kShape, With([&](Schedule& s) { s.steps[1].first_source = huge; }));
  ExpectBroken(Rule::kStructure, "its sources", kShape, With([&](Schedule& s) { s.steps[1].num_sources = huge; }));
  ExpectBroken(Rule::kStructure, "its dependencies", kShape,
               With([&](Schedule& s) { s.steps[1].first_dependency = huge; }));
  ExpectBroken(Rule::kStructure, "its dependencies", kShape,
               With([&](Schedule& s) { s.steps[1].num_dependencies = huge; }));
}

TEST(StructureRule, RefusesDependenciesThatDoNotPointBackwards) {
  for (uint32_t dependency : {1u, 2u, 77u}) {
    ExpectBroken(Rule::kStructure, "rank 1 step 1: it depends on step", kShape, With([&](Schedule& s) {
                   s.dependencies = {dependency};
                   s.steps[1].first_dependency = 0;
                   s.steps[1].num_dependencies = 1;
                 }));
  }
}

TEST(StructureRule, RefusesPeersThatAreNotOtherRanks) {
  ExpectBroken(Rule::kStructure, "its peer 2", kShape, With([](Schedule& s) { s.steps[0].peer = 2; }));
  ExpectBroken(Rule::kStructure, "its peer -1", kShape, With([](Schedule& s) { s.steps[1].peer = -1; }));
  ExpectBroken(Rule::kStructure, "the rank itself", kShape, With([](Schedule& s) { s.steps[1].peer = 1; }));
}

TEST(StructureRule, RefusesRegionsOutsideTheirBuffer) {
  ExpectBroken(Rule::kStructure, "does not fit", kShape, With([](Schedule& s) { s.sources[0].offset = 1; }));
  ExpectBroken(Rule::kStructure, "does not fit", kShape, With([](Schedule& s) { s.sources[0].offset = ~uint64_t{0}; }));
  ExpectBroken(Rule::kStructure, "does not fit", kShape,
               With([](Schedule& s) { s.steps[1].dst.count = ~uint64_t{0}; }));
  ExpectBroken(Rule::kStructure, "does not fit", kShape,
               With([](Schedule& s) { s.steps[1].dst.buffer = Buffer::kScratch; }));
  ExpectBroken(Rule::kStructure, "buffer 4", kShape,
               With([](Schedule& s) { s.steps[1].dst.buffer = static_cast<Buffer>(4); }));
}

TEST(StructureRule, RefusesScratchThatNoMemoryCanHold) {
  ExpectBroken(Rule::kStructure, "of scratch", kShape, With([](Schedule& s) { s.scratch_elements = ~uint64_t{0}; }));
}

TEST(StructureRule, RefusesTheWrongNumberOfSources) {
  ExpectBroken(Rule::kStructure, "cannot have 2 sources", kShape, With([](Schedule& s) {
                 s.steps[0].first_source = 0;
                 s.steps[0].num_sources = 2;
               }));
  ExpectBroken(Rule::kStructure, "cannot have 0 sources", kShape,
               With([](Schedule& s) { s.steps[1].num_sources = 0; }));
  ExpectBroken(Rule::kStructure, "recv cannot have 1 sources", kShape, With([](Schedule& s) {
                 s.steps[1].kind = StepKind::kRecv;
                 s.steps[1].message_first = s.steps[1].completes = false;
               }));
}

TEST(StructureRule, RefusesSourcesOfAnotherLengthThanTheDestination) {
  ExpectBroken(Rule::kStructure, "a source has 3 elements, the destination 4", kShape,
               With([](Schedule& s) { s.sources[1].count = 3; }));
}

TEST(StructureRule, RefusesFlagsThatMeanNothing) {
  ExpectBroken(Rule::kStructure, "message_first", kShape, With([](Schedule& s) { s.steps[0].message_first = true; }));
  ExpectBroken(Rule::kStructure, "completes nothing", kShape, With([](Schedule& s) { s.steps[0].completes = true; }));
}

TEST(StructureRule, RefusesReductionsWhereThereIsNoOperation) {
  ExpectBroken(Rule::kStructure, "broadcast has no operation", MakeShape(Collective::kBroadcast, 2, 4),
               {Hand().Send(1, 0, In(0, 4)), Hand().RecvReduce(0, 0, Out(0, 4), Out(0, 4))});
}

TEST(StructureRule, RefusesDestinationsThatOverlapASource) {
  const Shape one = MakeShape(Collective::kAllReduce, 1, 4);
  ExpectBroken(Rule::kStructure, "overlaps its source", one,
               {Hand(6).Copy(Scratch(0, 4), In(0, 4)).Copy(Scratch(1, 4), Scratch(0, 4), {0})});
  ExpectBroken(Rule::kStructure, "overlaps its source", one,
               {Hand(6).Copy(Scratch(0, 4), In(0, 4)).Reduce(Scratch(1, 4), {Scratch(0, 4)}, {0})});
  // A copy onto itself is not worth allowing either; in place it hides behind two names.
  ExpectBroken(Rule::kStructure, "overlaps its source", MakeShape(Collective::kAllReduce, 1, 4, true),
               {Hand().Copy(Out(0, 4), In(0, 4))});
}

TEST(StructureRule, AllowsAReductionOntoAnyOneOfItsSources) {
  const Shape shape = MakeShape(Collective::kReduce, 2, 4, true);
  for (bool own_first : {true, false}) {
    const Region own = In(0, 4);
    const Region other = Scratch(0, 4);
    ExpectProved(shape, {Hand(4)
                             .Recv(1, 0, other)
                             .Reduce(Out(0, 4), {own_first ? own : other, own_first ? other : own}, {0})
                             .Completes(),
                         Hand().Send(0, 0, In(0, 4))});
  }
}

TEST(InputModifiedRule, RefusesWritesToTheInput) {
  ExpectBroken(Rule::kInputModified, "rank 1 step 1: it writes to input[0..4)", kShape,
               With([](Schedule& s) { s.steps[1].dst.buffer = Buffer::kInput; }));
}

TEST(InputModifiedRule, RefusesWritesToInputThatTheOutputCoversOnlyInPart) {
  // In place the output of rank 0 is input[0..3); a partial sum must not be kept in the rest.
  ExpectBroken(Rule::kInputModified, "input[2..5)", MakeShape(Collective::kReduceScatter, 2, 3, true),
               {Hand().Send(1, 0, In(3, 3)).RecvReduce(1, 0, In(2, 3), In(0, 3)),
                Hand().Send(0, 0, In(0, 3)).RecvReduce(0, 0, Out(0, 3), In(3, 3)).Completes()});
}

TEST(InputModifiedRule, AllowsWritesToTheInputWhereItIsTheOutput) {
  ExpectProved(MakeShape(Collective::kReduce, 2, 4, true),
               {Hand().RecvReduce(1, 0, In(0, 4), In(0, 4)).Completes(), Hand().Send(0, 0, In(0, 4))});
}

TEST(MessagesRule, RefusesNumbersThatDoNotCountInListOrder) {
  ExpectBroken(Rule::kMessages, "this is message 0 to rank 0", kShape,
               With([](Schedule& s) { s.steps[0].message = 1; }));
  ExpectBroken(Rule::kMessages, "this is message 0 from rank 0", kShape,
               With([](Schedule& s) { s.steps[1].message = 7; }));
}

TEST(MessagesRule, RefusesASendThatNobodyReceives) {
  ExpectBroken(Rule::kMessages, "rank 0 has no receive for it", kShape, With([](Schedule& s) {
                 s.steps.push_back(s.steps[0]);
                 s.steps.back().message = 1;
               }));
  ExpectBroken(Rule::kMessages, "rank 1 has no receive for it", MakeShape(Collective::kBarrier, 2, 0),
               {Hand().Send(1, 0, In(0, 0)), Hand()});
}

TEST(MessagesRule, RefusesAReceiveThatNobodySends) {
  ExpectBroken(Rule::kMessages, "rank 1 has no send for it", MakeShape(Collective::kBarrier, 2, 0),
               {Hand().Recv(1, 0, Out(0, 0)), Hand()});
  ExpectBroken(Rule::kMessages, "rank 1 has no send for it", kShape,
               With([](Schedule& s) { s.steps.erase(s.steps.begin()); }));
}

TEST(MessagesRule, RefusesEndsOfDifferentLength) {
  ExpectBroken(Rule::kMessages, "it sends 3 elements", kShape, With([](Schedule& s) { s.sources[0].count = 3; }));
}

}  // namespace
}  // namespace tutti::check
