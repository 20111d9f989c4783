#include "source/ip.hpp"

#include <pcap/dlt.h>

namespace sluice::source {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;

bool is_vlan(std::uint16_t ethertype) {
  // 802.1Q, 802.1ad, and the two that were used for stacked tags before 802.1ad
  return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 || ethertype == 0x9200;
}

Bytes after_ethertype(std::uint16_t ethertype, ByteReader& reader) {
  while (is_vlan(ethertype) && reader.ok()) {
    reader.skip(2);
    ethertype = reader.be<std::uint16_t>();
  }
  return ethertype == kIpv4 || ethertype == kIpv6 ? reader.rest() : Bytes{};
}

/// RFC 1661; the address and control bytes of RFC 1662 and the first byte of the protocol may be left out.
Bytes after_ppp(Bytes frame) {
  ByteReader reader(frame);
  if (frame.size() >= 2 && load_be<std::uint16_t>(frame.data()) == 0xff03) reader.skip(2);
  std::uint16_t protocol = reader.be<std::uint8_t>();
  if ((protocol & 1) == 0) protocol = static_cast<std::uint16_t>(protocol << 8 | reader.be<std::uint8_t>());
  return protocol == 0x0021 || protocol == 0x0057 ? reader.rest() : Bytes{};
}

}  // namespace

bool link_type_known(int link_type) {
  switch (link_type) {
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
      return true;
    default:
      return false;
  }
}

Bytes ip_packet(int link_type, Bytes frame) {
  ByteReader reader(frame);
  switch (link_type) {
    case DLT_NULL:
    case DLT_LOOP:
      // The address family's number and byte order differ by system; the IP version says as much.
      reader.skip(4);
      return reader.rest();
    case DLT_EN10MB:
      reader.skip(12);
      return after_ethertype(reader.be<std::uint16_t>(), reader);
    case DLT_LINUX_SLL:
      reader.skip(14);
      return after_ethertype(reader.be<std::uint16_t>(), reader);
    case DLT_LINUX_SLL2: {
      const auto ethertype = reader.be<std::uint16_t>();
      reader.skip(18);
      return after_ethertype(ethertype, reader);
    }
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return frame;
    case DLT_PPP:
    case DLT_PPP_SERIAL:
      return after_ppp(frame);
    default:
      return {};
  }
}

}  // namespace sluice::source
