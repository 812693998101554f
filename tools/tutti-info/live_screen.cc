// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/live_screen.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"

#include "tools/live/show.h"

namespace tutti::info {
namespace {

constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l";  // a screen of its own, no cursor
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";

volatile sig_atomic_t ended = 0;

void OnSignal(int) { ended = 1; }

void CatchEnd() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;  // without SA_RESTART: it ends the pause
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

}  // namespace

int ShowLiveScreen(const LiveOptions& options, const Environment& environment) {
  CatchEnd();
  LiveOptions each = options;
  View view;
  std::cout << kEnter;
  while (ended == 0 && std::cout) {
    winsize size = {};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1;
    each.columns = known ? size.ws_col : 80;
    view = LiveView(each, environment);
    if (!view.error.empty()) break;
    each.clean = false;  // once
    std::cout << live::Frame(absl::StrCat(view.text, "\nCtrl-C ends\n"), each.columns, known ? size.ws_row : 24)
              << std::flush;
    const timespec pause = {1, 0};
    nanosleep(&pause, nullptr);
  }
  std::cout << kLeave << std::flush;
  if (view.error.empty()) return 0;
  std::cerr << "tutti-info: " << view.error << "\n";
  return 1;
}

}  // namespace tutti::info
