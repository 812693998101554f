// SPDX-License-Identifier: Apache-2.0
// send and recv.
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"
#include "tags.h"

namespace tutti_torch {

ProcessGroupTutti::WorkPtr ProcessGroupTutti::Message(c10d::OpType type, const char* title, Tensors& tensors, int peer,
                                                      int tag) {
  const bool is_send = type == c10d::OpType::SEND;
  const char* name = is_send ? "send" : "recv";
  const at::Tensor& tensor = Only(name, tensors, is_send ? "input" : "output");
  if (tag < 0 || tag >= kFirstReservedTag) {
    Refuse(std::string(name) + ": the tag is " + std::to_string(tag) + ", but it must be at least 0 and below " +
           std::to_string(kFirstReservedTag) + ".");
  }
  Operation work = MakeWork(type, title, tensors, {tensors});
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

ProcessGroupTutti::WorkPtr ProcessGroupTutti::recvAnysource(Tensors&, int) {
  Refuse(
      "recv: a message of any sender cannot be received, because tutti matches messages by their sender: "
      "give src, the sender's rank.");
}

}  // namespace tutti_torch
