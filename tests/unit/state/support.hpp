#pragma once
// Exporters with something to keep, and what another table knows of it afterwards.
#include <boost/crc.hpp>
#include <string>

#include "state/message.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::state::test {

using sluice::test::DecodeFixture;
using sluice::test::kReceivedNs;
using sluice::test::SetMessage;
using sluice::test::WireBytes;

inline constexpr std::uint64_t kHour = 3600ULL * 1000000000;

inline Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

/// The bytes with the checksum that makes them a file.
inline std::string sealed(const std::string& bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return bytes + file_tail(crc.checksum());
}

inline std::string unsealed(const decode::ExporterTable& exporters) {
  std::string out = file_head(kReceivedNs);
  exporters.for_each([&](decode::Exporter& exporter) { append(exporter, out); });
  return out;
}

inline std::string file_of(const decode::ExporterTable& exporters) { return sealed(unsealed(exporters)); }

/// Templates of both protocols, a rate, a system init time and a name, all of one exporter.
inline void teach(DecodeFixture& decode) {
  decode(SetMessage::v9(4).tmpl(256, {{8, 4}, {1, 4}}));
  decode(SetMessage::ipfix(5).tmpl(300, {{8, 4}, {371, decode::kVariableLength}, {5, 2, 29305}}));
  decode(SetMessage::ipfix(5).options_tmpl(301, {{149, 4}}, {{34, 4}, {160, 8}}));
  decode(SetMessage::ipfix(5).data(301, WireBytes().u32(5).u32(64).u32(0).u32(1600000000)));
  decode.exporters.for_each([](decode::Exporter& exporter) {
    exporter.names.learn(
        {.kind = decode::NameKind::interface_name, .domain = 5, .number = 7, .text = "ge-0/0/7"});
    exporter.names.learn(
        {.kind = decode::NameKind::application_name, .domain = 5, .application = "\x03\x01", .text = "dns"});
    exporter.names.learn({.kind = decode::NameKind::mpls_label,
                          .domain = 5,
                          .number = 18,
                          .text = std::string_view("\x05\x20\0", 3)});
  });
}

inline decode::Exporter& only_exporter(const decode::ExporterTable& exporters) {
  return *exporters.all().at(0);
}

}  // namespace sluice::state::test
