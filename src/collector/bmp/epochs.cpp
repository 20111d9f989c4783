#include "bmp/epochs.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <thread>

namespace sluice::bmp {

Epochs::Reader::Reader(Epochs& epochs) : epochs_(epochs) {
  epochs_.readers_.with([&](auto& readers) { readers.push_back(this); });
}

Epochs::Reader::~Reader() {
  epochs_.readers_.with([&](auto& readers) { std::erase(readers, this); });
}

Epochs::~Epochs() {
  // What is freed may retire what it had.
  while (!retired_.empty()) {
    const Retired one = retired_.front();
    retired_.pop_front();
    one.free(one.what);
  }
}

std::uint64_t Epochs::oldest_look() const {
  return readers_.with([](const auto& readers) {
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (const Reader* reader : readers)
      if (const std::uint64_t since = reader->since_.load(); since != 0) oldest = std::min(oldest, since);
    return oldest;
  });
}

void Epochs::put_away(Retired one) noexcept {
  try {
    retired_.push_back(one);
  } catch (const std::bad_alloc&) {
    now_.fetch_add(1);
    while (oldest_look() <= one.at) std::this_thread::yield();
    one.free(one.what);
  }
}

void Epochs::collect() {
  if (retired_.empty()) return;
  now_.fetch_add(1);
  const std::uint64_t oldest = oldest_look();
  // A look that began at the number that something was taken out at may have begun before.
  while (!retired_.empty() && retired_.front().at < oldest) {
    const Retired one = retired_.front();
    retired_.pop_front();
    one.free(one.what);
  }
}

}  // namespace sluice::bmp
