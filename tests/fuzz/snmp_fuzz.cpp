// Answers of a device to what the walk asks, from any bytes: how many objects, then of each the column, the
// ifIndex, the kind and the text. However it answers the walk ends, keeps its bounds, and texts are clean.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "encode/utf8.hpp"
#include "sluice/util/byte_reader.hpp"
#include "snmp/walk.hpp"

namespace {

using namespace sluice;

constexpr std::uint32_t kMost = 50;
constexpr std::uint64_t kRoom = 4096;  // less than the most takes

const std::array<snmp::Oid, 7> kColumns{snmp::Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1},
                                        snmp::Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18},
                                        snmp::Oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15},
                                        snmp::Oid{1, 3, 6, 1, 2, 1, 2, 2, 1, 2},
                                        snmp::Oid{1, 3, 6, 1, 2, 1, 2, 2, 1, 5},
                                        snmp::Oid{1, 3, 6, 1},
                                        snmp::Oid{}};

void check(const std::string& text) {
  if (text.size() > snmp::kMaxText || encode::valid_utf8_size(text) != text.size()) std::abort();
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) std::abort();
}

snmp::Value value_of(ByteReader& in) {
  snmp::Value out;
  out.oid = kColumns[in.be<std::uint8_t>() % kColumns.size()];
  const auto index = in.be<std::uint8_t>();
  if (index != 255) out.oid.push_back(index);
  out.kind = static_cast<snmp::Value::Kind>(in.be<std::uint8_t>() % 3);
  const Bytes text = in.take(in.be<std::uint8_t>());
  out.text.assign(reinterpret_cast<const char*>(text.data()), text.size());
  out.number = index * 0x0101'0101ULL;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(std::as_bytes(std::span(data, size)));
  snmp::Room room(kRoom);
  snmp::Walk walk(kMost, room);
  while (!walk.next().empty() && in.remaining() > 0) {
    const unsigned count = in.be<std::uint8_t>();
    if (count == 255) {
      if (!walk.take_too_big()) break;
      continue;
    }
    std::vector<snmp::Value> values;
    for (unsigned i = 0; i < count && in.remaining() > 0; ++i) values.push_back(value_of(in));
    if (!walk.take(values)) break;
  }
  const snmp::Interfaces got = walk.result();
  if (got.size() > kMost) std::abort();
  for (const auto& [index, one] : got.all()) {
    if (index == 0 || got.find(index) != &one) std::abort();
    check(one.name);
    check(one.description);
  }
  return 0;
}
