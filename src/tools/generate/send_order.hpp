#pragma once
// The order in which one exporter's datagrams leave: late ones are held back until others have overtaken
// them.
#include <cstdint>
#include <span>
#include <vector>

#include "sluice/util/byte_reader.hpp"

namespace sluice::generate {

class SendOrder {
 public:
  /// The bytes stay where they are until sent(). Those of a late datagram are copied; it leaves after `delay`
  /// others. Returns how many datagrams were overtaken for the first time.
  std::uint32_t add(Bytes datagram, std::uint64_t time_ns, std::uint32_t delay = 0);
  /// Those held back leave now.
  void release();

  /// What leaves now, and when.
  std::span<const Bytes> datagrams() const { return datagrams_; }
  std::span<const std::uint64_t> times_ns() const { return times_; }
  void sent();

 private:
  struct Held {
    std::vector<std::byte> bytes;
    std::uint64_t time_ns;
    std::uint32_t delay;
    bool overtaken;
  };
  void leave(Bytes datagram, std::uint64_t time_ns);
  void leave(Held& held, std::uint64_t time_ns);

  std::uint64_t last_ns_ = 0;
  std::vector<Bytes> datagrams_;
  std::vector<std::uint64_t> times_;
  std::vector<Held> held_;
  std::vector<std::vector<std::byte>> leaving_;  // what was held back, until sent()
};

}  // namespace sluice::generate
