// SPDX-License-Identifier: Apache-2.0
// Keeps tests honest that say they have one thread (THREADED in tests/CMakeLists.txt), and which the thread sanitizer is
// therefore not shown: with ONE_THREAD_ONLY=1 in the environment, a program that this is linked into ends when it starts
// another thread.
#include <dlfcn.h>
#include <pthread.h>

#include <cstdio>
#include <cstdlib>

// Also what std::thread calls, in its own library: a program's symbols come first.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
  if (std::getenv("ONE_THREAD_ONLY") != nullptr) {
    std::fputs(
        "A thread is started by a test that is not among those of its program that are THREADED (CMakeLists.txt): "
        "the thread sanitizer would not see it.\n",
        stderr);
    std::abort();
  }
  static const auto create = reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, attributes, run, argument);
}
