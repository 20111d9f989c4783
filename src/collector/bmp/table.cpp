#include "bmp/table.hpp"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>

#include "bmp/pointer_word.hpp"

namespace sluice::bmp {
namespace {

/// Marks an entry that is not a path itself.
constexpr Trie::Entry kSeveral = 1;

std::uint64_t allocated(std::uint64_t bytes) { return (bytes + 8 + 15) & ~std::uint64_t{15}; }

std::size_t index_of(Family family) { return static_cast<std::size_t>(family); }

}  // namespace

/// Routes of one prefix, best first. Never changed; they lie behind it.
struct alignas(8) Table::Several {
  std::uint64_t size = 0;
  static void free(Several* several) { ::operator delete(several); }
  static std::size_t bytes(std::size_t size) { return sizeof(Several) + size * sizeof(One); }
  std::span<const One> routes() const { return {reinterpret_cast<const One*>(this + 1), size}; }
  static Several* of(Entry entry) { return pointer_in<Several>(entry & ~kSeveral); }
};

bool Room::has_some() const {
  while (routes >= most)
    if (!make || !make()) return false;
  return true;
}

Table::Table(Epochs& epochs, Room& room, const TableLimits& limits)
    : epochs_(epochs),
      room_(room),
      limits_(limits),
      paths_(epochs, bytes_),
      tries_{Trie(epochs, bytes_), Trie(epochs, bytes_)} {
  // A table may lie where one lay before; what was kept of that one is not to be taken for this one's.
  static std::atomic<std::uint64_t> tables{0};
  std::uint64_t first = ++tables << 40U;
  for (Versions& versions : versions_) versions.of_all.store(std::exchange(first, first | 1ULL << 39U));
}

Table::~Table() {
  const auto free_several = [](Entry entry) -> Entry {
    if (entry & kSeveral) Several::free(Several::of(entry));
    return entry;
  };
  for (Trie& trie : tries_) trie.change_all(free_several, [](Entry) {});
}

const Path* Table::best_of(Entry entry) {
  return entry & kSeveral ? Several::of(entry)->routes().front().path : pointer_in<const Path>(entry);
}

std::optional<Route> Table::find(const IpAddress& address) const { return route_of(look_up(address)); }

Table::Found Table::look_up(const IpAddress& address) const {
  if (address.empty()) return {};
  const std::size_t family = address.is_v6() ? 1 : 0;
  const bool local_only = local_only_[family].load(std::memory_order_relaxed);
  const Trie::Match match = tries_[family].find(
      address, [&](Entry entry) { return !local_only || best_of(entry)->view == View::local_rib; });
  if (match.entry == 0) return {};
  return {best_of(match.entry), match.length};
}

/// Before what was there is retired: a look that began after that must see the version change.
void Table::changed(const IpPrefix& prefix, Family family) noexcept {
  const std::size_t f = index_of(family);
  const unsigned bits = kPartBits[f];
  if (prefix.length + 8U < bits || local_only_[f].load(std::memory_order_relaxed) != local_only_seen_[f])
    return changed_all(family);
  // The last byte that tells a part has as many values as the prefix leaves open.
  IpAddress address = prefix.address;
  std::uint8_t& last = address.bytes[bits / 8 - 1];
  const unsigned parts = prefix.length < bits ? 1U << (bits - prefix.length) : 1;
  const unsigned first = last & ~(parts - 1);
  for (unsigned i = 0; i < parts; ++i) {
    last = static_cast<std::uint8_t>(first + i);
    std::atomic<std::uint64_t>& version = versions_[f].of_parts[part_of(address)];
    version.store(version.load(std::memory_order_relaxed) + 1);
  }
}

void Table::changed_all(Family family) noexcept {
  const std::size_t f = index_of(family);
  local_only_seen_[f] = local_only_[f].load(std::memory_order_relaxed);
  std::atomic<std::uint64_t>& version = versions_[f].of_all;
  version.store(version.load(std::memory_order_relaxed) + 1);
}

std::array<bool, kFamilies> Table::families() const {
  std::array<bool, kFamilies> out{};
  for (std::size_t f = 0; f < kFamilies; ++f) out[f] = of_local_rib_[f] + of_peers_[f] > 0;
  return out;
}

std::span<const Table::One> Table::unpack(Entry entry, One& single) const {
  if (entry == 0) return {};
  if (entry & kSeveral) return Several::of(entry)->routes();
  single = {pointer_in<Path>(entry), 0};
  return {&single, 1};
}

Table::Entry Table::pack(std::span<const One> routes) {
  if (routes.empty()) return 0;
  if (routes.size() == 1 && routes[0].path_id == 0) return reinterpret_cast<Entry>(routes[0].path);
  auto* several = new (::operator new(Several::bytes(routes.size()))) Several{routes.size()};
  std::uninitialized_copy(routes.begin(), routes.end(), reinterpret_cast<One*>(several + 1));
  bytes_ += allocated(Several::bytes(routes.size()));
  return reinterpret_cast<Entry>(several) | kSeveral;
}

void Table::put_away(Entry entry) noexcept {
  if (!(entry & kSeveral)) return;
  bytes_ -= allocated(Several::bytes(Several::of(entry)->size));
  epochs_.retire(Several::of(entry));
}

void Table::count(const Path& path, Family family, bool more) noexcept {
  const std::uint64_t one = more ? 1 : ~std::uint64_t{0};
  const std::size_t f = index_of(family);
  routes_ += one;
  room_.routes += one;
  of_rib_[path.rib][f] += one;
  (path.view == View::local_rib ? of_local_rib_ : of_peers_)[f] += one;
  local_only_[f].store(of_local_rib_[f] > 0 && of_peers_[f] > 0, std::memory_order_relaxed);
}

std::optional<BmpError> Table::announce(const Nlri& nlri, Path* path) {
  if (of_rib_.size() <= path->rib) of_rib_.resize(path->rib + std::size_t{1});
  const Family family = family_of(nlri.prefix);
  Trie& trie = tries_[index_of(family)];
  const Entry before = trie.get(nlri.prefix);
  One single;
  const auto known = unpack(before, single);
  scratch_.assign(known.begin(), known.end());
  const auto same = std::ranges::find_if(
      scratch_, [&](const One& one) { return one.path->rib == path->rib && one.path_id == nlri.path_id; });
  Path* replaced = nullptr;
  if (same != scratch_.end()) {
    if (same->path == path) return std::nullopt;
    replaced = same->path;
    scratch_.erase(same);
  } else if (routes_ >= limits_.routes) {
    return BmpError::session_routes;
  } else if (!room_.has_some()) {
    return BmpError::all_routes;
  }
  if (bytes_ > limits_.bytes) return BmpError::session_memory;
  const auto place = std::ranges::find_if(scratch_, [&](const One& one) { return better(*path, *one.path); });
  scratch_.insert(place, One{path, nlri.path_id});
  const Entry next = pack(scratch_);
  try {
    trie.set(nlri.prefix, next);
  } catch (const std::bad_alloc&) {
    put_away(next);
    throw;
  }
  PathStore::hold(path);
  if (replaced == nullptr) count(*path, family, true);
  changed(nlri.prefix, family);
  put_away(before);
  if (replaced != nullptr) paths_.release(replaced);
  return std::nullopt;
}

/// The entry less the routes that leave; those are in gone_, and released when it is in force.
template <class Leaves>
Table::Entry Table::without(Entry entry, Family family, const Leaves& leaves) {
  One single;
  scratch_.clear();
  gone_.clear();
  for (const One& one : unpack(entry, single)) (leaves(one) ? gone_ : scratch_).push_back(one);
  if (gone_.empty()) return entry;
  const Entry rest = pack(scratch_);
  for (const One& one : gone_) count(*one.path, family, false);
  return rest;
}

bool Table::withdraw(const Nlri& nlri, std::uint32_t rib) {
  const Family family = family_of(nlri.prefix);
  Trie& trie = tries_[index_of(family)];
  const Entry before = trie.get(nlri.prefix);
  const Entry rest = without(
      before, family, [&](const One& one) { return one.path->rib == rib && one.path_id == nlri.path_id; });
  if (rest == before) return false;
  trie.set(nlri.prefix, rest);
  changed(nlri.prefix, family);
  put_away(before);
  for (const One& one : gone_) paths_.release(one.path);
  return true;
}

std::uint64_t Table::drop(std::uint32_t rib, std::optional<Family> only) {
  std::uint64_t dropped = 0;
  for (const Family family : {Family::v4, Family::v6}) {
    if (rib >= of_rib_.size() || (only && *only != family) || of_rib_[rib][index_of(family)] == 0) continue;
    const auto change = [&](Entry before) {
      const Entry rest = without(before, family, [&](const One& one) { return one.path->rib == rib; });
      if (rest != before) dropped += gone_.size();
      return rest;
    };
    // Not before the rest is in its place: without memory to note what is retired, that is freed at once.
    const auto gone = [&](Entry before) {
      changed_all(family);
      put_away(before);
      for (const One& one : gone_) paths_.release(one.path);
    };
    tries_[index_of(family)].change_all(std::ref(change), std::ref(gone));
  }
  return dropped;
}

}  // namespace sluice::bmp
