#pragma once
// A sink's thread: all signals blocked, so that the process's signals reach the thread that waits for them
// and a closed pipe is an error code and not the end.
#include <pthread.h>

#include <csignal>
#include <string>
#include <thread>
#include <utility>

namespace sluice::sink {

template <class F>
std::thread start_thread(const std::string& name, F&& body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::forward<F>(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());  // the kernel keeps 15 characters
  return thread;
}

}  // namespace sluice::sink
