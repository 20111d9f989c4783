#include "decode/ipfix/ipfix_decoder.hpp"

#include <algorithm>

#include "decode/origin.hpp"
#include "decode/sequence_step.hpp"
#include "decode/template/sets.hpp"

namespace sluice::decode {

namespace {
constexpr std::size_t kHeader = 16;  // RFC 7011 section 3.1
}

bool IpfixDecoder::claims(Bytes payload) const {
  return payload.size() >= 2 && load_be<std::uint16_t>(payload.data()) == 10;
}

void IpfixDecoder::decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch,
                          DecodeReport& report, RawObserver* observer) {
  ByteReader reader(datagram.payload);
  const auto header = reader.window<kHeader>();
  if (!reader.ok()) return report.fail(DecodeError::truncated_header);
  Message message;
  message.domain = {Protocol::ipfix, be_at<std::uint32_t, 12>(header)};
  message.time.export_ns = be_at<std::uint32_t, 4>(header) * kNsPerSecond;
  message.received_ns = datagram.received_ns;
  message.observer = observer;
  message.decapsulate = exporter.decapsulate(datagram);

  Origin& origin = start_origin(datagram, exporter, FlowType::ipfix, batch);
  origin.sequence_num = be_at<std::uint32_t, 8>(header);
  origin.observation_domain_id = message.domain.id;
  message.sequence = origin.sequence_num;
  const std::uint16_t length = be_at<std::uint16_t, 2>(header);
  if (observer) {
    observer->open("header");
    observer->number("version", 10);
    observer->number("length", length);
    observer->number("export time", be_at<std::uint32_t, 4>(header));
    observer->number("sequence", origin.sequence_num);
    observer->number("observation domain", message.domain.id);
    observer->close();
  }
  // A length that says more than came is counted, and what came is decoded.
  std::size_t trailing = 0;
  if (length < kHeader || length > datagram.payload.size())
    report.fail(DecodeError::bad_length);
  else
    trailing = datagram.payload.size() - length;
  const std::uint32_t sequence = origin.sequence_num;
  walk_sets({kIpfixDialect, message, records_, {exporter, batch, report}}, reader, trailing);

  SequenceStep step;
  step.sequence = sequence;
  step.options_units = report.count(DecodeCount::options_records) - report.recovered_options_records;
  const std::uint32_t flow_records = own_flow_records(report);
  step.units = flow_records + step.options_units;
  step.template_units = report.template_records;
  tell_undecoded(report, std::max<std::size_t>(length, datagram.payload.size()), step);
  step.recovered = report.recovered_records;
  step.recovered_options = report.recovered_options_records;
  step.export_s = be_at<std::uint32_t, 4>(header);
  account({{Protocol::ipfix, message.domain.id, {}}, step, flow_records, message.time.export_ns}, datagram,
          exporter);
}

}  // namespace sluice::decode
