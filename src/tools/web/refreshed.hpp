#pragma once
// What is asked elsewhere seldom and kept for a while. One asks at a time, outside the lock: the others are
// given what was known before, and wait only where that is too old. Any thread.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace sluice::web {

template <class V>
class Refreshed {
 public:
  using Clock = std::chrono::steady_clock;
  /// How long a value that is not good any more is given to those who come while another asks.
  static constexpr std::chrono::seconds kGrace{60};
  struct Made {
    V value;
    std::chrono::seconds lives;
  };
  /// `ask` gets the value and how long it is good. What it throws is thrown to who asked; the next asks
  /// again.
  explicit Refreshed(
      std::function<Made()> ask, std::function<Clock::time_point()> now = [] { return Clock::now(); })
      : ask_(std::move(ask)), now_(std::move(now)) {}

  std::shared_ptr<const V> get() {
    std::unique_lock lock(mutex_);
    while (asking_ && (!value_ || now_() >= until_ + kGrace)) changed_.wait(lock);
    if (value_ && (asking_ || now_() < until_)) return value_;
    asking_ = true;
    lock.unlock();
    try {
      Made made = ask_();
      auto value = std::make_shared<const V>(std::move(made.value));
      lock.lock();
      value_ = std::move(value);
      until_ = now_() + made.lives;
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      done();
      throw;
    }
    done();
    return value_;
  }

 private:
  /// Under the lock.
  void done() {
    asking_ = false;
    changed_.notify_all();
  }

  const std::function<Made()> ask_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asking_ = false;
  std::shared_ptr<const V> value_;
  Clock::time_point until_;
};

}  // namespace sluice::web
