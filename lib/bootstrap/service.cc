// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/service.h"

#include <sys/resource.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/service_loop.h"

namespace tutti {
namespace {

constexpr rlim_t kDescriptorsBesideRanks = 256;

// The limit is often 1024, though the process may raise it itself as far as the hard limit.
absl::Status ReserveDescriptors(int size) {
  const rlim_t needed = static_cast<rlim_t>(size) + kDescriptorsBesideRanks;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return absl::OkStatus();
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat("rank 0 needs ", needed, " file descriptors for a job of ", size,
                                                   " ranks, but its limit is ", limit.rlim_max,
                                                   ": raise it with ulimit -n"));
}

}  // namespace

Service::Service(std::unique_ptr<ServiceLoop> loop) : loop_(std::move(loop)) {}
Service::~Service() { Stop(); }

absl::StatusOr<std::unique_ptr<Service>> Service::Start(UniqueFd listener, const Mac& job_key, int size,
                                                        ServiceOptions options) {
  absl::Status status = ReserveDescriptors(size);
  if (!status.ok()) return status;
  auto loop = std::make_unique<ServiceLoop>(std::move(listener), job_key, size, std::move(options));
  status = loop->Prepare();
  if (!status.ok()) return status;
  std::unique_ptr<Service> service(new Service(std::move(loop)));
  status = service->thread_.Start("tutti-service", [loop = service->loop_.get()] { loop->Run(); });
  if (!status.ok()) return status;
  return service;
}

void Service::Stop() {
  if (thread_.InForkedChild()) return;
  loop_->Wake();
  thread_.Join();
}

}  // namespace tutti
