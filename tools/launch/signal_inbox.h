// SPDX-License-Identifier: Apache-2.0
// Makes signals something to poll for, and leaves them as they were when it goes.
#ifndef TUTTI_TOOLS_LAUNCH_SIGNAL_INBOX_H_
#define TUTTI_TOOLS_LAUNCH_SIGNAL_INBOX_H_

#include <string>

#include "tools/launch/rank_process.h"

namespace tutti::launch {

// Takes SIGCHLD and the signals that a launcher forwards. SIGINT, SIGHUP and the like that were ignored (nohup) stay so.
class SignalInbox {
 public:
  SignalInbox() = default;
  SignalInbox(const SignalInbox&) = delete;
  SignalInbox& operator=(const SignalInbox&) = delete;
  ~SignalInbox();

  // Also ignores SIGPIPE and raises the limit of open files so that `files` more can be opened. False with a sentence.
  bool Open(int files, std::string* error);

  int fd() const { return fd_.get(); }
  const InheritedState& inherited() const { return inherited_; }

  // The next signal that came, 0 if none.
  int Next();

 private:
  UniqueFd fd_;
  InheritedState inherited_ = {};
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_SIGNAL_INBOX_H_
