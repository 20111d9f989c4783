#pragma once
// What routes have besides their prefix. Equal ones of a peer are one object, which all its routes share; AS
// paths and lists of communities are shared by all peers of a session. One thread makes and releases them,
// counting who uses them; others read what they found within their reader's look (epochs.hpp).
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "bmp/epochs.hpp"
#include "bmp/update.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::bmp {

/// Where in the router a route was seen, the least telling first.
enum class View : std::uint8_t { before_policy, after_policy, local_rib };

/// Numbers, with a count of who holds them. They lie behind it.
struct NumberList {
  std::uint32_t holders = 0;
  std::uint32_t size = 0;
  static void free(NumberList* list) { ::operator delete(list); }
  const std::uint32_t* begin() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  std::span<const std::uint32_t> numbers() const { return {begin(), size}; }
};

struct Path {
  const NumberList* as_path = nullptr;  ///< null: empty
  const NumberList* communities = nullptr;
  IpAddress next_hop;
  std::uint8_t origin = 0;
  View view{};
  bool external = false;        ///< of another AS than the router's
  std::uint32_t rib = 0;        ///< whose it is: a number that the session gave out
  std::uint32_t holders = 0;    ///< routes
  std::uint32_t origin_as = 0;  ///< 0: several, by aggregation
  std::uint32_t peer_as = 0;
  std::uint32_t local_pref = 0;
  std::uint32_t med = 0;

  static void free(Path* path) { delete path; }
  std::span<const std::uint32_t> ases() const { return of(as_path); }
  std::span<const std::uint32_t> community_list() const { return of(communities); }
  /// The same but for who holds it.
  bool same_as(const Path& other) const;
  void hash_into(HashMixer& mixer) const noexcept;

 private:
  static std::span<const std::uint32_t> of(const NumberList* list) {
    return list != nullptr ? list->numbers() : std::span<const std::uint32_t>();
  }
};
static_assert(sizeof(Path) <= 72);

/// Whether the router would take `a` rather than `b`, as far as BMP tells (RFC 4271 section 9.1.2.2).
bool better(const Path& a, const Path& b);

class PathStore {
 public:
  /// Both outlive it; `bytes` is kept up to what paths and lists take.
  PathStore(Epochs& epochs, std::uint64_t& bytes) : epochs_(epochs), bytes_(bytes) {}
  /// Frees all, whoever holds them.
  ~PathStore();
  PathStore(const PathStore&) = delete;
  PathStore& operator=(const PathStore&) = delete;

  /// Whose routes they are.
  struct Owner {
    std::uint32_t rib = 0;
    std::uint32_t peer_as = 0;
    View view{};
    bool external = false;
  };
  /// The one path of these attributes. It is held for the caller, until release(). Throws std::bad_alloc.
  Path* hold(const Owner& owner, const Attributes& attributes, const IpAddress& next_hop);
  static void hold(Path* path) { ++path->holders; }
  void release(Path* path) noexcept;
  std::size_t size() const { return paths_.size(); }

 private:
  struct ByNumbers {
    NumberList* list;
    void hash_into(HashMixer& mixer) const noexcept;
    friend bool operator==(const ByNumbers& a, const ByNumbers& b) {
      return std::ranges::equal(a.list->numbers(), b.list->numbers());
    }
  };
  struct ByContent {
    Path* path;
    void hash_into(HashMixer& mixer) const noexcept { path->hash_into(mixer); }
    friend bool operator==(const ByContent& a, const ByContent& b) { return a.path->same_as(*b.path); }
  };
  const NumberList* hold(std::span<const std::uint32_t> numbers);
  void release(const NumberList* list) noexcept;

  Epochs& epochs_;
  std::uint64_t& bytes_;
  SeededSet<ByNumbers> lists_;
  SeededSet<ByContent> paths_;
};

}  // namespace sluice::bmp
