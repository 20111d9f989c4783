#pragma once
// Prefixes of one address family, each with one entry, found by longest match. A trie that takes four bits at
// a step: a node holds the entries of the prefixes that end within its step and the nodes of the next one,
// both packed by a bitmap, so that a /24 costs six nodes on the way and a node some ten bytes for what it
// holds. One thread changes it; any number of threads look things up meanwhile (epochs.hpp): they see each
// change as a whole or not at all.
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>

#include "bmp/epochs.hpp"
#include "bmp/pointer_word.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::bmp {

class Trie {
 public:
  /// Whatever the owner puts there; 0 is none.
  using Entry = std::uintptr_t;
  struct Match {
    Entry entry = 0;
    std::uint8_t length = 0;  ///< of the prefix, in bits
  };

  /// Both outlive it. `bytes` is kept up to what its nodes take. One trie holds prefixes of one family only.
  Trie(Epochs& epochs, std::uint64_t& bytes) : epochs_(epochs), bytes_(bytes) {}
  ~Trie();
  Trie(const Trie&) = delete;
  Trie& operator=(const Trie&) = delete;

  /// The longest prefix of the address whose entry is `good(entry)`. Any thread, within its reader's look,
  /// for as long as which the entry may be used.
  template <class Good>
  Match find(const IpAddress& address, const Good& good) const;

  // The writer's thread. Bits of a prefix behind its length are not looked at.

  Entry get(const IpPrefix& prefix) const;
  /// 0 takes it out, and throws nothing. Else it throws std::bad_alloc, and all is as before.
  void set(const IpPrefix& prefix, Entry entry);
  using Change = std::function<Entry(Entry)>;
  using Changed = std::function<void(Entry)>;
  /// Each entry becomes what `change` makes of it, 0 takes it out. Where that is another one, `changed` is
  /// told the one before as soon as no reader finds it any more: only then it may be retired. What `change`
  /// throws leaves the entries that it was not asked for as they are. Where there is no memory to make nodes
  /// smaller, some stay as large as they were.
  void change_all(const Change& change, const Changed& changed);

 private:
  struct Node;
  using Slot = std::atomic<std::uintptr_t>;
  static constexpr unsigned kStep = 4;
  static constexpr unsigned kEntries = 30;  ///< prefixes of one to four bits

  static Node* node_in(const Slot& slot);
  static unsigned step_of(const IpAddress& address, unsigned depth);
  static unsigned bit_of(const IpPrefix& prefix, unsigned depth);
  Node* make(std::uint64_t bits);
  void retire(Node* node);
  void replace(Slot& slot, Node* next);
  Node* with(Slot& slot, unsigned bit);
  void take_out(const IpPrefix& prefix);
  bool narrow(Slot& slot, std::uint64_t bits);
  static void change_one(Slot& slot, const Change& change, const Changed& changed);
  void sweep(Slot& slot, const Change& change, const Changed& changed);
  static void free_all(Slot& slot);

  Epochs& epochs_;
  std::uint64_t& bytes_;
  Slot root_{0};
  Slot default_{0};  ///< entry of the prefix of no bits
};

/// Behind it lie as many slots as bits are set: in bits 0 to 29 entries, from 32 on nodes.
struct Trie::Node {
  static constexpr unsigned kFirstNode = 32;
  explicit Node(std::uint64_t b) : bits(b) {}
  const std::uint64_t bits;

  static void free(Node* node) { ::operator delete(node); }
  unsigned size() const { return static_cast<unsigned>(std::popcount(bits)); }
  bool has(unsigned bit) const { return bits >> bit & 1U; }
  unsigned place(unsigned bit) const {
    return static_cast<unsigned>(std::popcount(bits & ((std::uint64_t{1} << bit) - 1)));
  }
  const Slot& at(unsigned place) const { return reinterpret_cast<const Slot*>(this + 1)[place]; }
  Slot& at(unsigned place) { return reinterpret_cast<Slot*>(this + 1)[place]; }
  const Slot& of(unsigned bit) const { return at(place(bit)); }
  Slot& of(unsigned bit) { return at(place(bit)); }

  /// Entries that a step meets, those of longer prefixes in higher bits.
  static constexpr auto kMet = [] {
    std::array<std::uint32_t, 1U << kStep> out{};
    for (unsigned step = 0; step < out.size(); ++step)
      for (unsigned length = 1; length <= kStep; ++length)
        out[step] |= 1U << ((1U << length) - 2 + (step >> (kStep - length)));
    return out;
  }();
  /// Length of the prefix of an entry's bit.
  static unsigned length_of(unsigned bit) { return static_cast<unsigned>(std::bit_width(bit + 2)) - 1; }
};

inline Trie::Node* Trie::node_in(const Slot& slot) { return pointer_in<Node>(slot.load()); }

inline unsigned Trie::step_of(const IpAddress& address, unsigned depth) {
  const std::uint8_t byte = address.bytes[depth / 8];
  return depth % 8 == 0 ? byte >> 4U : byte & 15U;
}

template <class Good>
Trie::Match Trie::find(const IpAddress& address, const Good& good) const {
  Match best;
  if (const Entry entry = default_.load(); entry != 0 && good(entry)) best.entry = entry;
  const Node* node = node_in(root_);
  for (unsigned depth = 0; node != nullptr; depth += kStep) {
    const unsigned step = step_of(address, depth);
    auto met = static_cast<std::uint32_t>(node->bits & Node::kMet[step]);
    while (met != 0) {
      const auto bit = static_cast<unsigned>(std::bit_width(met)) - 1;
      const Entry entry = node->of(bit).load();
      if (entry != 0 && good(entry)) {
        best = {entry, static_cast<std::uint8_t>(depth + Node::length_of(bit))};
        break;
      }
      met &= ~(1U << bit);
    }
    if (!node->has(Node::kFirstNode + step)) break;
    node = node_in(node->of(Node::kFirstNode + step));
  }
  return best;
}

}  // namespace sluice::bmp
