#include "generate/datagram_writer.hpp"

#include "generate/ipfix_writer.hpp"
#include "generate/netflow5_writer.hpp"
#include "generate/netflow9_writer.hpp"
#include "generate/sflow_writer.hpp"

namespace sluice::generate {

Written DatagramWriter::announce(std::uint64_t, std::span<std::byte>) { return {}; }
Written DatagramWriter::counters(std::uint64_t, std::span<std::byte>) { return {}; }

std::unique_ptr<DatagramWriter> make_writer(FlowType protocol, Identity identity) {
  switch (protocol) {
    case FlowType::sflow5:
      return std::make_unique<SflowWriter>(std::move(identity));
    case FlowType::netflow5:
      return std::make_unique<Netflow5Writer>(std::move(identity));
    case FlowType::netflow9:
      return std::make_unique<Netflow9Writer>(std::move(identity));
    case FlowType::ipfix:
      return std::make_unique<IpfixWriter>(std::move(identity));
    case FlowType::unknown:
      break;
  }
  return nullptr;
}

}  // namespace sluice::generate
