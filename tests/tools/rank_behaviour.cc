// SPDX-License-Identifier: Apache-2.0
// A rank that behaves as its arguments say, in their order, for the tests of the launcher. It uses no shell and no tutti.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

volatile sig_atomic_t last_signal = 0;

void WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && errno != EINTR) ::_exit(99);
  }
}

const char* Variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "(unset)" : value;
}

// In a directory that the test looks into: that this process ran, as a file named by its number.
void LeaveMark(const std::string& directory) {
  const std::string path = directory + "/" + std::to_string(::getpid());
  ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "only-rank") {  // the rest is for one rank
      if (next() != Variable("TUTTI_RANK")) return 0;
    } else if (word == "if-rank") {  // the next word, with its argument, is for one rank
      if (next() != Variable("TUTTI_RANK")) i += 2;
    } else if (word == "print") {
      WriteAll(1, next() + "\n");
    } else if (word == "print-bare") {
      WriteAll(1, next());
    } else if (word == "complain") {
      WriteAll(2, next() + "\n");
    } else if (word == "variable") {
      const std::string name = next();
      WriteAll(1, name + "=" + Variable(name.c_str()) + "\n");
    } else if (word == "long-line") {
      WriteAll(1, std::string(std::stoul(next()), 'x') + "\n");
    } else if (word == "count") {
      const int last = std::stoi(next());
      for (int k = 0; k < last; ++k) WriteAll(1, "line " + std::to_string(k) + "\n");
    } else if (word == "cpus") {
      cpu_set_t cpus;
      CPU_ZERO(&cpus);
      ::sched_getaffinity(0, sizeof cpus, &cpus);
      std::string text = "CPUs";
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &cpus)) text += " " + std::to_string(cpu);
      }
      WriteAll(1, text + "\n");
    } else if (word == "stdin") {
      char byte;
      WriteAll(1, ::read(0, &byte, 1) == 0 ? "stdin is empty\n" : "stdin has something\n");
    } else if (word == "exit") {
      return std::stoi(next());
    } else if (word == "die-by") {
      const int number = std::stoi(next());
      ::signal(number, SIG_DFL);
      ::raise(number);
    } else if (word == "ignore") {
      ::signal(std::stoi(next()), SIG_IGN);
    } else if (word == "await-signal") {
      const int number = std::stoi(next());
      ::signal(number, [](int signal) { last_signal = signal; });
      WriteAll(1, "ready\n");
      while (last_signal == 0) ::usleep(1000);
      WriteAll(1, "got signal " + std::to_string(last_signal) + "\n");
    } else if (word == "child") {  // leaves a process behind that sleeps for ever
      const std::string directory = next();
      if (::fork() == 0) {
        LeaveMark(directory);
        for (;;) ::pause();
      }
    } else if (word == "mark") {
      LeaveMark(next());
    } else if (word == "sleep") {
      ::sleep(static_cast<unsigned>(std::stoul(next())));
    } else {
      std::fprintf(stderr, "rank_behaviour does not know %s\n", word.c_str());
      return 98;
    }
  }
  return 0;
}
