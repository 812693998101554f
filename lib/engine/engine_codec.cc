// SPDX-License-Identifier: Apache-2.0
// The engine and codecs: slices are encoded and decoded on the driver like other local steps, and travel in two messages
// (coded_message.h). What came from a peer is believed in nothing before it is compared with what this rank knows.
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"

#include "lib/engine/engine.h"
#include "lib/engine/step_context.h"

namespace tutti {
namespace {

// A header and what follows it.
constexpr uint8_t kPartsOfMessage = 2;

Slice SliceOf(const Operation& operation, const PlanStep& step) {
  Slice slice = TUTTI_CODEC_SLICE_INIT;
  slice.dtype = static_cast<tutti_dtype_t>(operation.plan().type());
  slice.count = step.count;
  slice.offset = step.slice.offset;
  slice.tensor = operation.coded.header.tensor;
  slice.step = operation.coded.header.step;
  if (step.kind == StepKind::kEncode) slice.stream = operation.coded.StreamFor(step.slice.of_result);
  return slice;
}

std::span<const uint8_t> CodesIn(std::byte* slot) {
  return {reinterpret_cast<const uint8_t*>(PayloadOf(slot)), HeaderOf(slot).encoded_bytes};
}

}  // namespace

bool Engine::RunCodec(Operation& operation, uint32_t index) {
  const Plan& plan = operation.plan();
  const PlanStep& step = plan.steps()[index];
  const Codec& codec = operation.coded.codecs.For(step.slice.of_result);
  const Slice slice = SliceOf(operation, step);
  std::byte* dst = operation.At(step.dst);
  const int64_t begin_ns = BeginKernel(operation);
  tutti_status_t status = TUTTI_OK;
  if (step.kind == StepKind::kEncode) {
    CodedHeader header = operation.coded.header;
    size_t bytes = 0;
    status = codec.Encode(slice, operation.coded.StateFor(step.slice.of_result), operation.At(plan.source(step, 0)),
                          {reinterpret_cast<uint8_t*>(PayloadOf(dst)), step.capacity}, &bytes);
    header.encoded_bytes = bytes;
    std::memcpy(dst, &header, sizeof(header));
  } else if (step.kind == StepKind::kDecode) {
    status = codec.Decode(slice, CodesIn(operation.At(plan.source(step, 0))), dst);
  } else {
    status = codec.DecodeReduce(slice, plan.op(), CodesIn(operation.At(plan.source(step, 1))), dst);
    if (status == TUTTI_OK && step.finish) plan.reducer().Finish(dst, step.count, plan.num_ranks());
  }
  EndCodec(operation, begin_ns);
  if (status == TUTTI_OK) return true;
  listener_.OnCodecFailure(
      operation, step.kind == StepKind::kEncode,
      absl::StrCat(step.count, " elements from ", step.slice.offset, " on", step.slice.of_result ? " of a result" : ""),
      static_cast<int>(status));
  return false;
}

void Engine::PostCodedSend(Lane& lane, Operation& operation, uint32_t index) {
  const PlanStep& step = operation.plan().steps()[index];
  std::byte* slot = operation.At(operation.plan().source(step, 0));
  const MessageId id{operation.channel, step.message, operation.sequence};
  const MessageId header_id{operation.channel, step.message | kHeaderIndex, operation.sequence};
  const uint64_t context = ContextOf(operation, index);
  operation.ExpectParts(index, kPartsOfMessage);
  operation.marks.raw_bytes += step.bytes;
  operation.marks.sent_bytes += sizeof(CodedHeader) + HeaderOf(slot).encoded_bytes;
  lane.sends.push_back({step.peer, header_id, operation.signature, slot, sizeof(CodedHeader), context, {}});
  lane.sends.push_back(
      {step.peer, id, operation.signature, PayloadOf(slot), HeaderOf(slot).encoded_bytes, context, {}});
}

void Engine::PostHeaderRecv(Lane& lane, Operation& operation, uint32_t index) {
  const PlanStep& step = operation.plan().steps()[index];
  const MessageId id{operation.channel, step.message | kHeaderIndex, operation.sequence};
  operation.ExpectParts(index, kPartsOfMessage);
  lane.recvs.push_back(
      {step.peer, id, operation.signature, operation.At(step.dst), sizeof(CodedHeader), ContextOf(operation, index)});
}

void Engine::HandleCodedRecv(Lane& lane, Operation& operation, uint32_t index, const MessageStamp& stamp) {
  const PlanStep& step = operation.plan().steps()[index];
  std::byte* slot = operation.At(step.dst);
  const CodedHeader header = HeaderOf(slot);
  if (operation.PartDone(index)) {
    if (operation.timed) Hear(operation, index, stamp, header.encoded_bytes);
    return CompleteStep(operation, index);
  }
  const CodedHeader& own = operation.coded.header;
  if (header.layout != CodedHeader::kLayout || header.fingerprint != own.fingerprint || header.tensor != own.tensor ||
      header.step != own.step) {
    return listener_.OnCodecMismatch(operation, step.peer, header);
  }
  if (header.encoded_bytes > step.capacity) {
    return listener_.OnCodecFailure(
        operation, false,
        absl::StrCat("a slice from rank ", step.peer_rank, " that is said to have ", header.encoded_bytes,
                     " bytes, where its codec makes at most ", step.capacity),
        static_cast<int>(TUTTI_ERR_INVALID_ARGUMENT));
  }
  void* data = header.encoded_bytes > 0 ? PayloadOf(slot) : nullptr;
  const MessageId id{operation.channel, step.message, operation.sequence};
  lane.recvs.push_back({step.peer, id, operation.signature, data, header.encoded_bytes, ContextOf(operation, index)});
  lane.stamps |= operation.timed;
}

uint64_t Engine::ExpectedBytes(Operation& operation, uint32_t index) {
  const PlanStep& step = operation.plan().steps()[index];
  if (!step.coded) return step.bytes;
  return operation.parts_left(index) == kPartsOfMessage ? sizeof(CodedHeader)
                                                        : HeaderOf(operation.At(step.dst)).encoded_bytes;
}

}  // namespace tutti
