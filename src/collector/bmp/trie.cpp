#include "bmp/trie.hpp"

#include <new>
#include <vector>

namespace sluice::bmp {
namespace {

/// What an allocator makes of it: a word of its own, in steps of 16 bytes.
std::uint64_t allocated(std::uint64_t bytes) { return (bytes + 8 + 15) & ~std::uint64_t{15}; }

std::uint64_t size_of(unsigned slots) { return sizeof(std::uint64_t) + slots * sizeof(std::uintptr_t); }

}  // namespace

Trie::~Trie() { free_all(root_); }

void Trie::free_all(Slot& slot) {
  Node* node = node_in(slot);
  if (node == nullptr) return;
  for (unsigned step = 0; step < 1U << kStep; ++step)
    if (node->has(Node::kFirstNode + step)) free_all(node->of(Node::kFirstNode + step));
  Node::free(node);
}

unsigned Trie::bit_of(const IpPrefix& prefix, unsigned depth) {
  const unsigned length = prefix.length - depth;  // 1 to 4
  return (1U << length) - 2 + (step_of(prefix.address, depth) >> (kStep - length));
}

Trie::Node* Trie::make(std::uint64_t bits) {
  const auto slots = static_cast<unsigned>(std::popcount(bits));
  void* memory = ::operator new(size_of(slots));
  Node* node = new (memory) Node(bits);
  for (unsigned i = 0; i < slots; ++i) new (&node->at(i)) Slot(0);
  bytes_ += allocated(size_of(slots));
  return node;
}

void Trie::retire(Node* node) {
  bytes_ -= allocated(size_of(node->size()));
  epochs_.retire(node);
}

void Trie::replace(Slot& slot, Node* next) {
  Node* before = node_in(slot);
  slot.store(reinterpret_cast<std::uintptr_t>(next));
  if (before != nullptr) retire(before);
}

/// The slot's node, in its place one that has the bit's slot too.
Trie::Node* Trie::with(Slot& slot, unsigned bit) {
  Node* node = node_in(slot);
  if (node != nullptr && node->has(bit)) return node;
  const std::uint64_t before = node != nullptr ? node->bits : 0;
  Node* next = make(before | std::uint64_t{1} << bit);
  const unsigned place = next->place(bit);
  for (unsigned i = 0; node != nullptr && i < node->size(); ++i)
    next->at(i < place ? i : i + 1).store(node->at(i).load(), std::memory_order_relaxed);
  replace(slot, next);
  return next;
}

Trie::Entry Trie::get(const IpPrefix& prefix) const {
  if (prefix.length == 0) return default_.load();
  const Node* node = node_in(root_);
  for (unsigned depth = 0; node != nullptr; depth += kStep) {
    if (prefix.length <= depth + kStep) {
      const unsigned bit = bit_of(prefix, depth);
      return node->has(bit) ? node->of(bit).load() : 0;
    }
    const unsigned bit = Node::kFirstNode + step_of(prefix.address, depth);
    if (!node->has(bit)) return 0;
    node = node_in(node->of(bit));
  }
  return 0;
}

void Trie::set(const IpPrefix& prefix, Entry entry) {
  if (prefix.length == 0) return default_.store(entry);
  if (entry == 0) return take_out(prefix);
  Slot* slot = &root_;
  unsigned depth = 0;
  for (; prefix.length > depth + kStep; depth += kStep) {
    const unsigned bit = Node::kFirstNode + step_of(prefix.address, depth);
    // A new node's slot may be empty for a moment, or for good where memory ends: to a reader it is none.
    slot = &with(*slot, bit)->of(bit);
  }
  const unsigned bit = bit_of(prefix, depth);
  with(*slot, bit)->of(bit).store(entry);
}

/// Nodes that hold nothing any more go with it.
void Trie::take_out(const IpPrefix& prefix) {
  std::array<Slot*, 128 / kStep> way{};
  Slot* slot = &root_;
  unsigned depth = 0;
  for (; prefix.length > depth + kStep; depth += kStep) {
    Node* node = node_in(*slot);
    const unsigned bit = Node::kFirstNode + step_of(prefix.address, depth);
    if (node == nullptr || !node->has(bit)) return;
    way[depth / kStep] = slot;
    slot = &node->of(bit);
  }
  unsigned bit = bit_of(prefix, depth);
  for (;;) {
    Node* node = node_in(*slot);
    if (node == nullptr || !node->has(bit)) return;
    node->of(bit).store(0);
    const std::uint64_t rest = node->bits & ~(std::uint64_t{1} << bit);
    if (!narrow(*slot, rest) || rest != 0 || depth == 0) return;
    depth -= kStep;
    slot = way[depth / kStep];
    bit = Node::kFirstNode + step_of(prefix.address, depth);
  }
}

void Trie::change_all(const Change& change, const Changed& changed) {
  change_one(default_, change, changed);
  sweep(root_, change, changed);
}

void Trie::change_one(Slot& slot, const Change& change, const Changed& changed) {
  const Entry before = slot.load();
  if (before == 0) return;
  const Entry after = change(before);
  if (after == before) return;
  slot.store(after);
  changed(before);
}

void Trie::sweep(Slot& slot, const Change& change, const Changed& changed) {
  Node* node = node_in(slot);
  if (node == nullptr) return;
  std::uint64_t rest = 0;
  for (std::uint64_t left = node->bits; left != 0; left &= left - 1) {
    const auto bit = static_cast<unsigned>(std::countr_zero(left));
    Slot& one = node->of(bit);
    if (bit >= Node::kFirstNode) {
      sweep(one, change, changed);
    } else {
      change_one(one, change, changed);
    }
    if (one.load() != 0) rest |= std::uint64_t{1} << bit;
  }
  if (rest != node->bits) narrow(slot, rest);
}

/// The slot's node becomes one with these of its bits. Without memory for it what is empty stays, which is
/// nothing to a reader.
bool Trie::narrow(Slot& slot, std::uint64_t bits) {
  if (bits == 0) return replace(slot, nullptr), true;
  Node* node = node_in(slot);
  try {
    Node* next = make(bits);
    for (std::uint64_t left = bits; left != 0; left &= left - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(left));
      next->of(bit).store(node->of(bit).load(), std::memory_order_relaxed);
    }
    replace(slot, next);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace sluice::bmp
