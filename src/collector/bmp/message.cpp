#include "bmp/message.hpp"

#include <algorithm>

#include "util/one_line.hpp"

namespace sluice::bmp {
namespace {

constexpr std::uint8_t kIsV6 = 0x80, kPostPolicy = 0x40, kLegacyAs = 0x20, kAdjRibOut = 0x10;
constexpr std::uint16_t kDescription = 1, kName = 2;
constexpr std::size_t kLongestText = 255;

std::string text_of(Bytes value) {
  const Bytes cut = value.first(std::min(value.size(), kLongestText));
  return one_line(std::string(reinterpret_cast<const char*>(cut.data()), cut.size()));
}

}  // namespace

CommonHeader read_common_header(Bytes bytes) {
  ByteReader in(bytes);
  CommonHeader out;
  out.version = in.be<std::uint8_t>();
  out.length = in.be<std::uint32_t>();
  out.type = static_cast<MessageType>(in.be<std::uint8_t>());
  return out;
}

std::optional<PeerHeader> read_peer_header(ByteReader& in) {
  PeerHeader out;
  const auto type = in.be<std::uint8_t>();
  const auto flags = in.be<std::uint8_t>();
  out.key.distinguisher = in.be<std::uint64_t>();
  const Bytes address = in.take(16);
  out.as = in.be<std::uint32_t>();
  in.skip(4 + 8);  // BGP identifier, time
  if (!in.ok() || type > static_cast<std::uint8_t>(PeerType::local_rib)) return std::nullopt;
  out.key.type = static_cast<PeerType>(type);
  if (out.key.type == PeerType::local_rib) return out;  // its one flag says that it is filtered
  out.key.address = IpAddress::from_bytes(flags & kIsV6 ? address : address.last(4));
  out.post_policy = flags & kPostPolicy;
  out.legacy_as = flags & kLegacyAs;
  out.sent = flags & kAdjRibOut;
  return out;
}

std::optional<PeerUp> read_peer_up(Bytes body, PeerType type) {
  ByteReader in(body);
  in.skip(16 + 2 + 2);  // local address, ports
  const auto sent = read_open(in);
  const auto received = read_open(in);
  if (!sent || !received) return std::nullopt;
  PeerUp out;
  out.local_as = sent->as;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    const bool peer_sends = received->add_path[family] & Open::kSends;
    // A local RIB has no second speaker: both OPEN messages are the router's (RFC 9069 section 4.4).
    const bool taken = type == PeerType::local_rib || (sent->add_path[family] & Open::kReceives) != 0;
    out.add_path[family] = peer_sends && taken;
  }
  return out;
}

std::optional<Initiation> read_initiation(Bytes body) {
  ByteReader in(body);
  Initiation out;
  while (in.remaining() > 0) {
    const auto type = in.be<std::uint16_t>();
    const auto length = in.be<std::uint16_t>();
    const Bytes value = in.take(length);
    if (!in.ok()) return std::nullopt;
    if (type == kName) out.name = text_of(value);
    if (type == kDescription) out.description = text_of(value);
  }
  return out;
}

}  // namespace sluice::bmp
