// SPDX-License-Identifier: Apache-2.0
// What a job's poll loop waits for: signals, the ranks' output, and room to pass that output on.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/launch/job.h"
#include "tools/launch/process_groups.h"

namespace tutti::launch {
namespace {

constexpr int kTickMs = 20;  // how often what sends no event is looked at: processes that ranks left behind

}  // namespace

int Job::PollTimeoutMs() const {
  if (CountRunning() == 0) return kTickMs;
  Clock::time_point next = job_deadline_;
  if (phase_ != Phase::kRunning) next = deadline_;
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

void Job::Wait() {
  polled_.clear();
  polled_.push_back({signals_->fd(), POLLIN, 0});
  // Negative descriptors are passed over by poll.
  polled_.push_back({output_.empty() ? -1 : output_.front_fd(), POLLOUT, 0});
  for (const Stream& stream : streams_) polled_.push_back({output_.full() ? -1 : stream.source->get(), POLLIN, 0});

  if (::poll(polled_.data(), polled_.size(), PollTimeoutMs()) <= 0) return;
  if (polled_[1].revents != 0) WriteOutput();
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (polled_[i + 2].revents != 0) ReadStream(&streams_[i]);
  }
}

void Job::HandleSignals() {
  while (const int signal = signals_->Next()) {
    if (signal != SIGCHLD) HandleUserSignal(signal);
  }
}

void Job::HandleUserSignal(int signal) {
  SignalGroups(groups_, signal);
  if (signal == SIGUSR1 || signal == SIGUSR2) return;
  // The ranks may take their time to end well, but who asks again wants it now.
  ++user_stops_;
  const std::string name = ::strsignal(signal);
  if (user_stops_ == 2) Stop(128 + signal, "told to end a second time (" + name + ")");
  if (user_stops_ > 2) EnterPhase(Phase::kKilling);
}

void Job::ReadStream(Stream* stream) {
  if (!stream->source->is_open()) return;
  char buffer[16 * 1024];
  const ssize_t n = ::read(stream->source->get(), buffer, sizeof(buffer));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return CloseStream(stream);
  std::string lines;
  stream->prefixer.Feed(std::string_view(buffer, static_cast<size_t>(n)), &lines);
  output_.Append(stream->target_fd, lines);
}

void Job::CloseStream(Stream* stream) {
  stream->source->Close();
  std::string lines;
  stream->prefixer.Finish(&lines);
  output_.Append(stream->target_fd, lines);
}

// What is in the pipes now, and not more: somebody whom the rank left behind may go on writing.
void Job::ReadAllOf(int rank) {
  for (Stream& stream : streams_) {
    if (stream.rank != rank) continue;
    for (int reads = 0; reads < 64 && stream.source->is_open(); ++reads) {
      pollfd ready = {stream.source->get(), POLLIN, 0};
      if (::poll(&ready, 1, 0) <= 0) break;
      ReadStream(&stream);
    }
  }
}

void Job::WriteOutput() {
  const int fd = output_.front_fd();
  const int error = output_.WriteSome();
  if (error == 0) return;
  // As if the signal had ended us that a program gets that writes to a closed pipe.
  Stop(128 + SIGPIPE, std::string("cannot write to ") + (fd == 1 ? "stdout: " : "stderr: ") + std::strerror(error));
}

void Job::FlushOutput() {
  while (!output_.empty()) {
    pollfd waited[] = {{signals_->fd(), POLLIN, 0}, {output_.front_fd(), POLLOUT, 0}};
    if (::poll(waited, 2, -1) < 0) continue;
    if (waited[1].revents != 0) WriteOutput();
    for (int signal = signals_->Next(); signal != 0; signal = signals_->Next()) {
      if (signal != SIGCHLD && signal != SIGUSR1 && signal != SIGUSR2) return;  // the reader may never come back
    }
  }
}

}  // namespace tutti::launch
