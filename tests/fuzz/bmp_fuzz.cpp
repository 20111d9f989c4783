// BMP from whomever: a stream of messages into a table, or (first byte odd) one BGP UPDATE alone. Whatever
// comes, what the table counts is what it holds, and all of it can be given back.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "bmp/session.hpp"

namespace {

using namespace sluice;

constexpr std::size_t kMostPeers = 4;
constexpr std::size_t kLongestMessage = 8192;

void check(bool holds) {
  if (!holds) std::abort();
}

void look_around(const bmp::Table& table) {
  for (const std::uint32_t v4 : {0U, 0x0a000001U, 0xc6336401U, 0xffffffffU})
    if (const auto route = table.find(IpAddress::v4(v4))) check(route->prefix_length <= 32);
  IpAddress v6{{0x20, 0x01, 0x0d, 0xb8}, 16};
  if (const auto route = table.find(v6)) check(route->as_path.size() <= bmp::kLongestList);
}

void stream(Bytes bytes) {
  bmp::Epochs epochs;
  bmp::Room room{0, 64};
  bmp::Table table(epochs, room, {48, 16 << 10});
  bmp::BmpCounters counters;
  bmp::Session session(table, counters, kMostPeers, {});
  while (bytes.size() >= bmp::kCommonHeader) {
    const bmp::CommonHeader header = bmp::read_common_header(bytes);
    if (!header.good(kLongestMessage) || header.length > bytes.size()) break;
    if (session.take(bytes.first(header.length))) break;
    bytes = bytes.subspan(header.length);
    check(room.routes == table.routes() && table.routes() <= 48 && session.peers() <= kMostPeers);
    look_around(table);
    epochs.collect();
  }
  for (std::uint32_t rib = 0; rib < 2 * kMostPeers; ++rib) table.drop(rib);
  check(table.routes() == 0 && table.bytes() == 0 && table.path_count() == 0);
}

void update(Bytes bytes) {
  bmp::Update out;
  for (const bool path_ids : {false, true})
    for (const bool legacy : {false, true}) {
      if (bmp::read_update(bytes, {{path_ids, path_ids}, legacy}, out)) continue;
      // A prefix takes a byte at least.
      check(out.plain.routes.size() + out.multiprotocol.routes.size() + out.withdrawn.size() <= bytes.size());
      check(out.withdraw_all || out.attributes.as_path.size() <= bmp::kLongestList);
      for (const bmp::Nlri& one : out.plain.routes) check(one.prefix.first() == one.prefix.address);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  data[0] % 2 ? update(bytes) : stream(bytes);
  return 0;
}
