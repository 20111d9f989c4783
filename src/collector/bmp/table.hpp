#pragma once
// The routes that one BMP session tells, by prefix: of each peer the latest, best first. One thread changes
// it; any number of threads look addresses up meanwhile, without a lock and without waiting (epochs.hpp). A
// route takes one word in a trie, and a share of a path's attributes; a prefix that several peers have, or
// that has path identifiers, takes 16 bytes a route besides.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "bmp/counts.hpp"
#include "bmp/paths.hpp"
#include "bmp/trie.hpp"
#include "bmp/update.hpp"

namespace sluice::bmp {

/// Routes of all sessions together, and how many there may be. The writer's thread.
struct Room {
  std::uint64_t routes = 0;
  std::uint64_t most = 0;
  /// Where there is none: has routes go that can be spared, of another table than the one that asks. False:
  /// there are none. May throw std::bad_alloc.
  std::function<bool()> make{};
  /// For one route more, be it by make().
  bool has_some() const;
};

struct TableLimits {
  std::uint64_t routes = 0;
  std::uint64_t bytes = 0;
};

/// What was found. Views of the table's memory, for as long as the reader looks.
struct Route {
  std::span<const std::uint32_t> as_path, communities;
  IpAddress next_hop;
  std::uint32_t origin_as = 0;  ///< 0: several, by aggregation
  std::uint32_t peer_as = 0;
  std::uint32_t local_pref = 0;
  std::uint8_t prefix_length = 0;
};

class Table {
 public:
  /// Epochs and room outlive it.
  Table(Epochs& epochs, Room& room, const TableLimits& limits);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  static void free(Table* table) { delete table; }

  /// The best route of the longest prefix: of the local RIB where one of the family is told, else after
  /// policy rather than before. Any thread, within its reader's look.
  std::optional<Route> find(const IpAddress& address) const;
  /// The same, as it can be kept beyond the look: null where there is none. Of addresses that are none, too.
  struct Found {
    const Path* path = nullptr;
    std::uint8_t length = 0;
  };
  Found look_up(const IpAddress& address) const;
  static std::optional<Route> route_of(const Found& found) {
    if (found.path == nullptr) return std::nullopt;
    const Path& path = *found.path;
    return Route{path.ases(),  path.community_list(), path.next_hop, path.origin_as,
                 path.peer_as, path.local_pref,       found.length};
  }
  /// What look_up() found after this was asked for still holds where this is the same, in any later look:
  /// since then no route came or went that the address could have met. No other table has had the same, nor
  /// has the other family.
  std::uint64_t version_of(const IpAddress& address) const {
    const Versions& of = versions_[address.is_v6() ? 1 : 0];
    return of.of_all.load() + of.of_parts[part_of(address)].load();
  }

  // The writer's thread. What throws std::bad_alloc leaves a table that readers may go on with, but that is
  // to be given up.

  /// To hold paths for announce().
  PathStore& paths() { return paths_; }
  /// The route becomes the peer's for the prefix. An error: it did not, and what was there stays. Throws
  /// std::bad_alloc.
  std::optional<BmpError> announce(const Nlri& nlri, Path* path);
  /// Whether there was one. Throws std::bad_alloc, as drop() does.
  bool withdraw(const Nlri& nlri, std::uint32_t rib);
  /// All of a peer, or of one family; returns how many. Walks through the whole table where there are any.
  std::uint64_t drop(std::uint32_t rib, std::optional<Family> only = {});
  /// Before it is retired: its routes count no more in the room.
  void leave() noexcept { room_.routes -= routes_; }

  std::uint64_t routes() const { return routes_; }
  /// Of which there are routes.
  std::array<bool, kFamilies> families() const;
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t path_count() const { return paths_.size(); }

 private:
  struct One {
    Path* path = nullptr;
    std::uint32_t path_id = 0;
  };
  struct Several;
  using Entry = Trie::Entry;
  /// How often routes changed, so that readers may keep what they found (RouteCache): by parts of the
  /// addresses, and in all where a prefix is so short that it has most of them. Only grow, so that their sum
  /// tells whether both are as they were.
  struct Versions {
    static constexpr unsigned kParts = 1024;
    std::atomic<std::uint64_t> of_all{0};
    std::array<std::atomic<std::uint64_t>, kParts> of_parts{};
  };
  static constexpr std::array<std::uint8_t, kFamilies> kPartBits{16, 32};  ///< of an address, tell its part
  static unsigned part_of(const IpAddress& address) {
    const auto byte = [&](std::size_t i) { return unsigned{address.bytes[i]}; };
    const unsigned bits =
        address.is_v6() ? (byte(2) << 8U | byte(3)) ^ byte(1) << 2U : byte(0) << 8U | byte(1);
    return bits % Versions::kParts;
  }
  void changed(const IpPrefix& prefix, Family family) noexcept;
  void changed_all(Family family) noexcept;
  static const Path* best_of(Entry entry);
  std::span<const One> unpack(Entry entry, One& single) const;
  Entry pack(std::span<const One> routes);
  void put_away(Entry entry) noexcept;
  void count(const Path& path, Family family, bool more) noexcept;
  template <class Leaves>
  Entry without(Entry entry, Family family, const Leaves& leaves);

  Epochs& epochs_;
  Room& room_;
  const TableLimits limits_;
  std::uint64_t bytes_ = 0;
  std::uint64_t routes_ = 0;
  PathStore paths_;
  std::array<Trie, kFamilies> tries_;
  /// A local RIB is told and other routes are too: those do not count.
  std::array<std::atomic<bool>, kFamilies> local_only_{};
  std::array<bool, kFamilies> local_only_seen_{};  ///< at the latest change of a version
  std::array<Versions, kFamilies> versions_;
  std::array<std::uint64_t, kFamilies> of_local_rib_{}, of_peers_{};
  std::vector<std::array<std::uint64_t, kFamilies>> of_rib_;
  std::vector<One> scratch_, gone_;
};

}  // namespace sluice::bmp
