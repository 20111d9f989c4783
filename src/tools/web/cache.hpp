#pragma once
// What is kept for a while: answers, links to exports, and who has given the token. All with bounds. Any
// thread.
#include <chrono>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "web/error.hpp"

namespace sluice::web {

/// Values by a key for a time; the oldest goes where there are too many bytes.
template <class V>
class Kept {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Kept(std::size_t most) : most_(most) {}

  void put(const std::string& key, V value, std::size_t size, std::chrono::seconds lives) {
    const std::lock_guard lock(mutex_);
    drop(key);
    order_.push_back(key);
    values_[key] = {std::move(value), size, Clock::now() + lives, std::prev(order_.end())};
    size_ += size;
    while (size_ > most_ && !order_.empty()) drop(std::string(order_.front()));
  }
  std::optional<V> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    if (found->second.until < Clock::now()) return drop(key), std::nullopt;
    return found->second.value;
  }
  /// Once only.
  std::optional<V> take(const std::string& key) {
    auto out = find(key);
    const std::lock_guard lock(mutex_);
    return drop(key) ? out : std::nullopt;
  }

 private:
  struct Entry {
    V value;
    std::size_t size = 0;
    Clock::time_point until;
    std::list<std::string>::iterator at;
  };
  bool drop(const std::string& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    size_ -= found->second.size;
    order_.erase(found->second.at);
    values_.erase(found);
    return true;
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::map<std::string, Entry> values_;
  std::list<std::string> order_;
  std::size_t size_ = 0;
};

/// The lines of an answer behind its plan.
using Cache = Kept<std::vector<json>>;
struct Ticket {
  json body;
  std::string format;
};
using Tickets = Kept<Ticket>;
using Sessions = Kept<bool>;

}  // namespace sluice::web
