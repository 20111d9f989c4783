#pragma once
// Turns SIGINT and SIGTERM into a request to stop, for commands that run until told otherwise. Made on the
// main thread before any other thread is; a second signal ends the process at once.
#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace sluice::cli {

class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return requested_.get_token(); }
  const std::atomic<bool>& flag() const { return flag_; }

 private:
  void watch(const std::stop_token& end);

  std::stop_source requested_;
  std::atomic<bool> flag_{false};
  sigset_t signals_;
  sigset_t before_;
  std::jthread watcher_;
};

}  // namespace sluice::cli
