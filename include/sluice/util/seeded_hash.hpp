#pragma once
// Maps whose keys strangers choose. The hash has a seed that is drawn anew for each process, so that nobody
// outside can make up keys that meet in one bucket; std::hash of a number is the number, and a few thousand
// keys that are equal modulo the number of buckets make each look-up a walk through all of them. A test holds
// that no other unordered map is used.
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace sluice {

/// Three odd numbers from the system.
std::array<std::uint64_t, 3> draw_hash_seed();
/// This process's.
inline const std::array<std::uint64_t, 3> kHashSeed = draw_hash_seed();

/// Takes the parts of a key, one after the other. Multiplications of 64 by 64 bits with both halves used:
/// every bit of a part reaches every bit of the result, in a way that depends on the seed.
class HashMixer {
 public:
  void add(std::uint64_t part) noexcept { hash_ = fold(hash_ ^ part, kHashSeed[1]); }
  void add(std::string_view text) noexcept {
    add(text.size());
    for (; text.size() > 8; text.remove_prefix(8)) add(word(text.substr(0, 8)));
    add(word(text));
  }
  std::size_t done() const noexcept { return fold(hash_, kHashSeed[2]); }

 private:
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  /// Of at most eight bytes.
  static std::uint64_t word(std::string_view text) noexcept {
    std::uint64_t out = 0;
    if (!text.empty()) std::memcpy(&out, text.data(), text.size());
    return out;
  }
  std::uint64_t hash_ = kHashSeed[0];
};

/// Of numbers, of text, and of keys that have a member `void hash_into(HashMixer&) const`.
struct SeededHash {
  using is_transparent = void;
  std::size_t operator()(std::uint64_t key) const noexcept {
    HashMixer mixer;
    mixer.add(key);
    return mixer.done();
  }
  std::size_t operator()(std::string_view key) const noexcept {
    HashMixer mixer;
    mixer.add(key);
    return mixer.done();
  }
  template <class Key>
    requires requires(const Key& key, HashMixer& mixer) { key.hash_into(mixer); }
  std::size_t operator()(const Key& key) const noexcept {
    HashMixer mixer;
    key.hash_into(mixer);
    return mixer.done();
  }
};

template <class Key, class Value>
using SeededMap = std::unordered_map<Key, Value, SeededHash, std::equal_to<>>;
template <class Key, class Value>
using SeededMultimap = std::unordered_multimap<Key, Value, SeededHash, std::equal_to<>>;
template <class Key>
using SeededSet = std::unordered_set<Key, SeededHash, std::equal_to<>>;

}  // namespace sluice
