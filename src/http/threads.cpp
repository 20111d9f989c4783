#include "http/threads.hpp"

#include <system_error>

namespace sluice::http {

void Threads::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Threads::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (idle_ == 0) {
    try {
      threads_.emplace_back([this] { loop(); });
    } catch (const std::system_error&) {
      return false;
    }
  } else {
    --idle_;
  }
  waiting_.push_back(std::move(work));
  changed_.notify_one();
  return true;
}

void Threads::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
    ++idle_;
  }
}

}  // namespace sluice::http
