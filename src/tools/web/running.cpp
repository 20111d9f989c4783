#include "web/running.hpp"

#include <sys/random.h>

#include <chrono>
#include <stdexcept>

namespace sluice::web {

std::string random_text(std::size_t bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string raw(bytes, '\0');
  if (::getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size()))
    throw std::runtime_error("the kernel gives no random bytes");
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : raw) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kLetters[held >> (bits - 6) & 63];
  }
  if (bits > 0) out += kLetters[held << (6 - bits) & 63];
  return out;
}

Or<Running::Place> Running::enter(const std::string& name) {
  std::string own = name.empty() ? random_text(12) : name;
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = names_.emplace(own, std::make_shared<std::atomic<bool>>(false));
  if (!is_new)
    return failure(ApiError{.status = 400,
                            .code = "value",
                            .text = "a question with the id " + own + " is being answered",
                            .more = {{"key", "id"}}});
  return Place(*this, std::move(own), at->second);
}

bool Running::end(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return false;
  *found->second = true;
  return true;
}

void Running::end_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, ended] : names_) *ended = true;
}

void Running::leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  names_.erase(name);
}

bool Running::take_turn(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [&] { return free_ > 0; })) return false;
  --free_;
  return true;
}

void Running::give_back() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  changed_.notify_one();
}

}  // namespace sluice::web
