// SPDX-License-Identifier: Apache-2.0
// send and recv.
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"
#include "tags.h"

namespace tutti_torch {
namespace {

// Enough for tutti to take what has come from the network.
constexpr int64_t kOneLookNs = 5000;

void CheckTag(const char* name, int tag) {
  if (tag >= 0 && tag < kFirstReservedTag) return;
  Refuse(std::string(name) + ": the tag is " + std::to_string(tag) + ", but it must be at least 0 and below " +
         std::to_string(kFirstReservedTag) + ".");
}

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::Message(c10d::OpType type, const char* title, Tensors& tensors, int peer,
                                                      int tag) {
  const bool is_send = type == c10d::OpType::SEND;
  const char* name = is_send ? "send" : "recv";
  const at::Tensor& tensor = Only(name, tensors, is_send ? "input" : "output");
  CheckTag(name, tag);
  Operation work = MakeWork(type, title, tensors, {tensors});
  if (!is_send) work->ComesFrom(peer);
  const void* input = is_send ? work->buffers().Input(tensor) : nullptr;
  void* output = is_send ? nullptr : work->buffers().Output(tensor);
  const ElementType element = TypeToMove(tensor.scalar_type());
  const size_t count = static_cast<size_t>(tensor.numel()) * element.per_element;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = tag;
  return Launch(std::move(work), 1, options, [&](size_t, const auto* with_tag, auto* request) {
    return is_send ? tutti_send(comm_, input, count, element.dtype, peer, with_tag, request)
                   : tutti_recv(comm_, output, count, element.dtype, peer, with_tag, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::send(Tensors& tensors, int peer, int tag) {
  return Message(c10d::OpType::SEND, "tutti:send", tensors, peer, tag);
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::recv(Tensors& tensors, int peer, int tag) {
  return Message(c10d::OpType::RECV, "tutti:recv", tensors, peer, tag);
}

bool ProcessGroupTutti::TryToReceive(OperationWork& work, void* memory, size_t count, tutti_dtype_t dtype,
                                     int32_t tag) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = tag;
  options.timeout_ns = kOneLookNs;
  int peer = -1;
  tutti_request_t request = nullptr;
  std::lock_guard<std::mutex> lock(start_mutex_);
  if (comm_ == nullptr) {
    work.FailWith("its process group has been destroyed");
    return true;
  }
  tutti_status_t status = tutti_probe(comm_, &options, &peer);
  if (status == TUTTI_IN_PROGRESS) return false;
  if (status == TUTTI_OK) {
    work.ComesFrom(peer);
    work.BeginsNow();
    options.timeout_ns = 0;
    status = tutti_recv(comm_, memory, count, dtype, peer, &options, &request);
  }
  if (status == TUTTI_OK) {
    work.Add(request);
  } else {
    work.FailWith(LastSentence(status));
  }
  return true;
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::recvAnysource(Tensors& tensors, int tag) {
  constexpr const char* kName = "recv";
  const at::Tensor& tensor = Only(kName, tensors, "output");
  CheckTag(kName, tag);
  RefuseInForkedChild(kName);
  Operation work = MakeWork(c10d::OpType::RECVANYSOURCE, "tutti:recvAnySource", tensors, {tensors});
  void* memory = work->buffers().Output(tensor);
  const ElementType element = TypeToMove(tensor.scalar_type());
  const size_t count = static_cast<size_t>(tensor.numel()) * element.per_element;
  work->LeaveTo(threads_);
  any_source_->Add({work, tag, timeout_,
                    [=](OperationWork& self) { return TryToReceive(self, memory, count, element.dtype, tag); }});
  return work;
}

}  // namespace tutti_torch
