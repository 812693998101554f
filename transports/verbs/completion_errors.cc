// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/completion_errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "transports/verbs/retry_time.h"

namespace tutti::verbs {
namespace {

std::string Cause(ibv_wc_status status, const Device& device, const PortOptions& options) {
  switch (status) {
    case IBV_WC_RETRY_EXC_ERR: {
      const double seconds = static_cast<double>(RetryTimeOf(options).least_ns) / kNsPerSecond;
      return absl::StrCat("nothing was acknowledged for about ", absl::StrFormat("%.1f", seconds),
                          " s: the peer is dead, or the path to it is: ",
                          device.is_ethernet()
                              ? "wrong GID, VLAN or routing, a firewall on UDP port 4791, or loss without PFC or ECN"
                              : "a cable, a switch or the subnet manager",
                          " (TUTTI_TRANSPORT=shm,tcp does without RDMA)");
    }
    case IBV_WC_RNR_RETRY_EXC_ERR:
      return "the peer had no receive ready, which its credits rule out; do both run the same tutti?";
    case IBV_WC_REM_ACCESS_ERR:
      return "the peer has died in the middle of a message, or does not open its memory to this rank";
    case IBV_WC_REM_INV_REQ_ERR:
      return "the peer's device refused the request as impossible (longer than the receive it met?)";
    case IBV_WC_REM_OP_ERR:
      return "the peer's device failed";
    case IBV_WC_LOC_PROT_ERR:
      return "this rank's memory is not, or no longer, registered; was a buffer freed while a message used it?";
    case IBV_WC_LOC_LEN_ERR:
      return "the peer sent more than a slot holds";
    case IBV_WC_WR_FLUSH_ERR:
      return "the queue pair had failed before";
    case IBV_WC_FATAL_ERR:
      return "the device failed; the kernel's log may say why";
    default:
      return "this should not happen; please report it";
  }
}

}  // namespace

std::string CompletionSentence(const ibv_wc& completion, const Device& device, const PortOptions& options) {
  return absl::StrCat(::ibv_wc_status_str(completion.status), " on ", device.name, " (queue pair ", completion.qp_num,
                      completion.vendor_err != 0 ? absl::StrFormat(", vendor error %#x", completion.vendor_err) : "",
                      "): ", Cause(completion.status, device, options));
}

}  // namespace tutti::verbs
