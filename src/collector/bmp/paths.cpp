#include "bmp/paths.hpp"

#include <algorithm>
#include <new>

namespace sluice::bmp {
namespace {

/// What an allocator makes of it, and a node of a set with its share of the buckets.
constexpr std::uint64_t allocated(std::uint64_t bytes) { return (bytes + 8 + 15) & ~std::uint64_t{15}; }
constexpr std::uint64_t kSetNode = allocated(24) + 8;
constexpr std::uint64_t kPath = allocated(sizeof(Path)) + kSetNode;

std::size_t size_of(std::size_t numbers) { return sizeof(NumberList) + numbers * sizeof(std::uint32_t); }

struct Freed {
  void operator()(NumberList* list) const { NumberList::free(list); }
};

}  // namespace

bool Path::same_as(const Path& other) const {
  return as_path == other.as_path && communities == other.communities && next_hop == other.next_hop &&
         origin == other.origin && view == other.view && external == other.external && rib == other.rib &&
         origin_as == other.origin_as && peer_as == other.peer_as && local_pref == other.local_pref &&
         med == other.med;
}

void Path::hash_into(HashMixer& mixer) const noexcept {
  mixer.add(reinterpret_cast<std::uintptr_t>(as_path));
  mixer.add(reinterpret_cast<std::uintptr_t>(communities));
  next_hop.hash_into(mixer);
  mixer.add(std::uint64_t{rib} << 32 | origin_as);
  mixer.add(std::uint64_t{local_pref} << 32 | med);
}

bool better(const Path& a, const Path& b) {
  if (a.view != b.view) return a.view > b.view;
  if (a.local_pref != b.local_pref) return a.local_pref > b.local_pref;
  const auto a_path = a.ases(), b_path = b.ases();
  if (a_path.size() != b_path.size()) return a_path.size() < b_path.size();
  if (a.origin != b.origin) return a.origin < b.origin;
  const bool comparable = a_path.empty() || a_path.front() == b_path.front();
  if (comparable && a.med != b.med) return a.med < b.med;
  if (a.external != b.external) return a.external;
  return a.rib < b.rib;  // the peer that was known first
}

void PathStore::ByNumbers::hash_into(HashMixer& mixer) const noexcept {
  for (const std::uint32_t number : list->numbers()) mixer.add(number);
}

PathStore::~PathStore() {
  for (const ByContent& one : paths_) Path::free(one.path);
  for (const ByNumbers& one : lists_) NumberList::free(one.list);
}

const NumberList* PathStore::hold(std::span<const std::uint32_t> numbers) {
  if (numbers.empty()) return nullptr;
  std::unique_ptr<NumberList, Freed> fresh(new (::operator new(size_of(numbers.size()))) NumberList);
  fresh->size = static_cast<std::uint32_t>(numbers.size());
  std::ranges::copy(numbers, reinterpret_cast<std::uint32_t*>(fresh.get() + 1));
  const auto [place, is_new] = lists_.insert({fresh.get()});
  if (is_new) {
    bytes_ += allocated(size_of(fresh->size)) + kSetNode;
    fresh.release();
  }
  ++place->list->holders;
  return place->list;
}

void PathStore::release(const NumberList* list) noexcept {
  if (list == nullptr) return;
  const auto place = lists_.find(ByNumbers{const_cast<NumberList*>(list)});
  NumberList* held = place->list;
  if (--held->holders > 0) return;
  lists_.erase(place);
  bytes_ -= allocated(size_of(held->size)) + kSetNode;
  epochs_.retire(held);
}

Path* PathStore::hold(const Owner& owner, const Attributes& attributes, const IpAddress& next_hop) {
  auto fresh = std::make_unique<Path>();
  fresh->next_hop = next_hop;
  fresh->origin = attributes.origin;
  fresh->view = owner.view;
  fresh->external = owner.external;
  fresh->rib = owner.rib;
  fresh->peer_as = owner.peer_as;
  fresh->local_pref = attributes.local_pref;
  fresh->med = attributes.med;
  // A route without a path begins in the AS of whoever tells it.
  const auto& path = attributes.as_path;
  fresh->origin_as = path.empty() ? owner.peer_as : attributes.ends_in_set ? 0 : path.back();
  const NumberList* communities = hold(attributes.communities);
  try {
    fresh->as_path = hold(path);
    fresh->communities = communities;
    const auto [place, is_new] = paths_.insert({fresh.get()});
    ++place->path->holders;
    if (is_new) {
      bytes_ += kPath;
      return fresh.release();
    }
    // The one that was there holds the lists already.
    release(fresh->as_path);
    release(communities);
    return place->path;
  } catch (const std::bad_alloc&) {
    release(fresh->as_path);
    release(communities);
    throw;
  }
}

void PathStore::release(Path* path) noexcept {
  if (--path->holders > 0) return;
  paths_.erase(ByContent{path});
  bytes_ -= kPath;
  release(path->as_path);
  release(path->communities);
  epochs_.retire(path);
}

}  // namespace sluice::bmp
