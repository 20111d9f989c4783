#pragma once
// Threads for what blocks: as many as there is work at once, kept for the next.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::http {

class Threads {
 public:
  Threads() = default;
  ~Threads() { end(); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  /// Runs `work` at once, on a thread that is free or on a new one. What it throws is lost. False: no thread
  /// is to be had. Any thread may call.
  bool run(std::function<void()> work);
  /// Waits for all that was given; no thread is left. Nothing may be given any more.
  void end();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;  ///< threads that wait for work, less those that some is meant for
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::http
