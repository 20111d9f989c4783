#pragma once
// Puts IP fragments together (RFC 791, RFC 8200 section 4.5). What is kept is bounded: the datagram that has
// waited longest goes when there are too many, or too many bytes, or after 30 s of capture time.
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::source {

struct FragmentKey {
  IpAddress source;
  IpAddress destination;
  std::uint32_t id = 0;
  std::uint8_t protocol = 0;
  friend auto operator<=>(const FragmentKey&, const FragmentKey&) = default;
};

struct Fragment {
  FragmentKey key;
  std::uint32_t offset = 0;  ///< bytes
  bool more = false;         ///< not the last
  Bytes data;
  std::uint64_t time_ns = 0;
};

class Reassembler {
 public:
  static constexpr std::size_t kMaxDatagrams = 1024;
  static constexpr std::size_t kMaxBytes = 16U << 20;
  static constexpr std::uint64_t kTimeoutNs = 30'000'000'000;

  /// The IP payload, once its last missing fragment came; holds until the next call. Of bytes that come twice
  /// the first count.
  std::optional<Bytes> add(const Fragment& fragment);
  std::size_t pending() const { return pending_.size(); }
  std::uint64_t given_up() const { return given_up_; }

 private:
  struct Pending {
    FragmentKey key;
    std::uint64_t first_ns = 0;
    std::map<std::uint32_t, std::vector<std::byte>> parts;  // by offset
    std::size_t bytes = 0;
    std::optional<std::size_t> length;  // known once the last fragment came
  };
  using Entry = std::list<Pending>::iterator;

  void make_room(std::uint64_t now_ns);
  void drop(Entry entry);
  bool assemble(const Pending& pending);

  std::list<Pending> pending_;  // in order of their first fragment
  std::map<FragmentKey, Entry> by_key_;
  std::size_t bytes_ = 0;
  std::uint64_t given_up_ = 0;
  std::vector<std::byte> assembled_;
};

}  // namespace sluice::source
