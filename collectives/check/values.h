// SPDX-License-Identifier: Apache-2.0
// Every rank's memory, filled with symbols: what each element holds while the schedules run, and the rules of
// reduction.
#ifndef TUTTI_COLLECTIVES_CHECK_VALUES_H_
#define TUTTI_COLLECTIVES_CHECK_VALUES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "collectives/check/expression.h"
#include "collectives/check/interval_map.h"
#include "collectives/check/program.h"
#include "collectives/check/progress.h"

namespace tutti::check {

// What a stretch of memory holds: address a holds the expression over element a + shift (modulo 2^64) of the
// contributing vectors. Relative to the address, so that it stays true when the stretch is cut.
struct Value {
  static constexpr ExpressionId kUnwritten = ~ExpressionId{0};

  ExpressionId expression = kUnwritten;
  uint64_t shift = 0;

  friend bool operator==(const Value&, const Value&) = default;
};

// A stretch of a value on its way from one place to another.
struct Piece {
  uint64_t length = 0;  // elements
  ExpressionId expression = 0;
  uint64_t element = 0;  // of the contributing vectors, at the piece's start
};

class Values : public StepVisitor {
 public:
  explicit Values(const Program& program);

  absl::Status OnLocalStep(StepRef step) override;
  absl::Status OnMessage(StepRef send, StepRef receive) override;

  const IntervalMap<Value>& memory(int rank) const { return memory_[static_cast<size_t>(rank)]; }
  const ExpressionTable& expressions() const { return expressions_; }

 private:
  using Pieces = std::vector<Piece>;

  // What the region holds; an error if some of it was never written. `reader` is for the message.
  absl::StatusOr<Pieces> Read(StepRef reader, const Region& region) const;
  void Write(StepRef step, const Pieces& pieces);

  // Left op right, element by element: by Combine, or by Append to an open expression of many.
  enum class Join { kCombine, kAppend };
  absl::StatusOr<Pieces> Reduce(StepRef step, Join join, const Pieces& left, const Pieces& right);
  absl::Status CheckOperand(StepRef step, const Piece& operand) const;
  absl::Status Complete(StepRef step, Pieces* pieces);

  const Program& program_;
  ExpressionTable expressions_;
  std::vector<IntervalMap<Value>> memory_;  // by rank
};

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_VALUES_H_
