#pragma once
// The log: spdlog on stderr, as text or JSON lines; repeated errors are said once in a while, with a count.
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "util/log_limit.hpp"
#include "util/log_sink.hpp"

namespace spdlog {
class logger;
}

namespace sluice::app {

class Logging {
 public:
  explicit Logging(const config::Log& settings);
  ~Logging();

  /// Takes the level and repeat_every of these; the form stays. Any thread.
  void change(const config::Log& settings);
  /// Any thread.
  void write(LogLevel level, const std::string& text);
  /// The same, but lines of one key are said at most once in log.repeat_every, with how many were held back.
  /// The text is only made where it is said: a flood of errors must not cost a sentence each.
  void limited(LogLevel level, std::string_view key, const std::function<std::string()>& text);
  /// For modules that know no logger; its warnings and errors are limited by their text.
  LogFn callback();
  std::uint64_t muted() const { return muted_.load(std::memory_order_relaxed); }
  void flush();

 private:
  std::shared_ptr<spdlog::logger> logger_;
  RateLimiter limiter_;
  std::atomic<std::uint64_t> muted_{0};
  bool json_ = false;
};

}  // namespace sluice::app
