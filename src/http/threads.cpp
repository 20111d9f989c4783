#include "http/threads.hpp"

#include <exception>

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
  waiting_.push_back(std::move(work));
  if (idle_ == 0) {
    try {
      threads_.emplace_back([this] { loop(); });
    } catch (const std::exception&) {  // no thread, or no memory
      waiting_.pop_back();
      return false;
    }
  } else {
    --idle_;
  }
  changed_.notify_one();
  return true;
}

namespace {

/// False: it threw, as what ends something may. There is nobody to tell.
bool ended_well(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

void Threads::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      ended_well(work);
    }
    lock.lock();
    ++idle_;
  }
}

}  // namespace sluice::http
