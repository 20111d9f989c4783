// The file of what a restart must not lose, from any bytes. Even first bytes stand for a file whose head and
// checksum are right, so that the fuzzer works on what is between them.
#include <boost/crc.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fuzz/datagrams.hpp"
#include "snmp/kept.hpp"
#include "state/message.hpp"

namespace {

using namespace sluice;

constexpr std::uint64_t kNowNs = 1700000000ULL * 1000000000;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string sealed(const std::string& bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return bytes + state::file_tail(crc.checksum());
}

std::string file_of(const decode::ExporterTable& exporters) {
  std::string out = state::file_head(kNowNs);
  exporters.for_each([&](decode::Exporter& exporter) { state::append(exporter, out); });
  return sealed(out);
}

/// What was read works: data of the templates, flows with the names.
void decode_with(decode::ExporterTable& exporters) {
  decode::DatagramDecoder decoder(exporters);
  FlowBatch batch;
  for (const unsigned version : {9U, 10U}) {
    std::vector<std::byte> payload(version == 9 ? 20 : 16);
    payload[1] = static_cast<std::byte>(version);
    payload.back() = std::byte{1};  // domain
    for (unsigned id = 0; id < 4; ++id) {
      payload.insert(payload.end(), {std::byte{1}, static_cast<std::byte>(id), std::byte{0}, std::byte{68}});
      payload.insert(payload.end(), 64, std::byte{3});
    }
    decoder.decode({payload, IpAddress::v4(0x7f000001), 2055, kNowNs}, batch);
  }
}

/// A device's interfaces are written as they were read.
bool restore_device(Bytes message) {
  constexpr std::uint32_t kMost = 64;
  const auto kept = snmp::from_message(message, kMost);
  if (!kept) return false;
  const auto again = snmp::from_message(bytes_of(snmp::to_message(kept->exporter, kept->answer)), kMost);
  if (!again || again->exporter != kept->exporter || *again->answer.interfaces != *kept->answer.interfaces)
    std::abort();
  return true;
}

/// Messages of field 6, as the collector has it.
std::vector<state::Section> sections() {
  state::Section devices;
  devices.field = 6;
  devices.restore = restore_device;
  return {devices};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string file = data[0] % 2 ? input : sealed(state::file_head(kNowNs) + input);
  decode::ExporterTable exporters(fuzz::small_limits(), {});
  if (!state::restore(bytes_of(file), kNowNs, exporters, sections())) return 0;

  // What was taken is written and read again as it was, twice so that repetitions in the input are gone.
  const std::string written = file_of(exporters);
  decode::ExporterTable again(fuzz::small_limits(), {});
  const auto second = state::restore(bytes_of(written), kNowNs, again);
  if (!second || second->refused != 0 || file_of(again).size() != written.size()) std::abort();

  decode_with(exporters);
  return 0;
}
