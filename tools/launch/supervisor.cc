// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/supervisor.h"

#include <cstdio>

#include "tools/launch/job.h"
#include "tools/launch/job_directory.h"

namespace tutti::launch {
namespace {

// If we were started with stdout closed, our first pipe would become stdout.
void OpenStandardStreams() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= 2);
  if (fd >= 0) ::close(fd);
}

}  // namespace

int RunJob(const JobOptions& options, const Program& program) {
  const auto refuse = [&](const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", options.name.c_str(), why.c_str());
    return kCannotStartStatus;
  };
  OpenStandardStreams();
  std::string error;
  JobDirectory directory;
  if (!directory.Create(&error)) return refuse(error);
  const auto environment = JobEnvironment(options.size, directory.path(), options.environment, &error);
  if (!error.empty()) return refuse(error);
  Guardian guardian;
  if (!guardian.Start(directory.path(), &error)) return refuse(error);
  SignalInbox signals;
  if (!signals.Open(2 * options.size, &error)) return refuse(error);

  Job job(options, &signals, &guardian);
  job.StartAll(program, environment);
  return job.Run();
}

}  // namespace tutti::launch
