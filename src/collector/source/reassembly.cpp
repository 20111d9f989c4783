#include "source/reassembly.hpp"

namespace sluice::source {
namespace {
constexpr std::size_t kLongest = 65535;  // of an IP payload, RFC 791 section 3.1
}

std::optional<Bytes> Reassembler::add(const Fragment& fragment) {
  const std::size_t end = fragment.offset + fragment.data.size();
  if (fragment.data.empty() || end > kLongest) return std::nullopt;
  make_room(fragment.time_ns);

  auto found = by_key_.find(fragment.key);
  if (found == by_key_.end()) {
    pending_.push_back(
        {.key = fragment.key, .first_ns = fragment.time_ns, .parts = {}, .bytes = 0, .length = {}});
    found = by_key_.emplace(fragment.key, std::prev(pending_.end())).first;
  }
  Pending& pending = *found->second;
  if (!fragment.more && !pending.length) pending.length = end;
  const auto [part, added] = pending.parts.try_emplace(fragment.offset);
  if (added) {
    part->second.assign(fragment.data.begin(), fragment.data.end());
    pending.bytes += fragment.data.size();
    bytes_ += fragment.data.size();
  }
  if (!pending.length || pending.bytes < *pending.length || !assemble(pending)) return std::nullopt;
  drop(found->second);
  return Bytes(assembled_);
}

void Reassembler::make_room(std::uint64_t now_ns) {
  while (!pending_.empty()) {
    const Pending& oldest = pending_.front();
    const bool late = now_ns > oldest.first_ns && now_ns - oldest.first_ns > kTimeoutNs;
    if (!late && pending_.size() < kMaxDatagrams && bytes_ < kMaxBytes) return;
    drop(pending_.begin());
    ++given_up_;
  }
}

void Reassembler::drop(Entry entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  pending_.erase(entry);
}

bool Reassembler::assemble(const Pending& pending) {
  assembled_.clear();
  for (const auto& [offset, data] : pending.parts) {
    if (offset > assembled_.size()) return false;
    const std::size_t known = assembled_.size() - offset;
    if (known < data.size())
      assembled_.insert(assembled_.end(), data.begin() + static_cast<std::ptrdiff_t>(known), data.end());
  }
  if (assembled_.size() < *pending.length) return false;
  assembled_.resize(*pending.length);
  return true;
}

}  // namespace sluice::source
