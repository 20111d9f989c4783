#include "sluice/decode/connection_table.hpp"

#include <utility>

namespace sluice::decode {

std::uint32_t ConnectionTable::remember(std::uint32_t domain, std::uint64_t connection) {
  const std::uint64_t wanted = key(domain, connection);
  older_.erase(wanted);  // updated again, so it is young
  if (!recent_.insert(wanted).second || recent_.size() <= max_entries_ / 2) return 0;
  const auto forgotten = static_cast<std::uint32_t>(older_.size());
  older_ = std::exchange(recent_, {});
  return forgotten;
}

bool ConnectionTable::forget(std::uint32_t domain, std::uint64_t connection) {
  const std::uint64_t wanted = key(domain, connection);
  return recent_.erase(wanted) + older_.erase(wanted) > 0;
}

}  // namespace sluice::decode
