#include "decode/netflow9/netflow9_decoder.hpp"

#include "decode/origin.hpp"
#include "decode/sequence_step.hpp"
#include "decode/template/sets.hpp"

namespace sluice::decode {

bool Netflow9Decoder::claims(Bytes payload) const {
  return payload.size() >= 2 && load_be<std::uint16_t>(payload.data()) == 9;
}

void Netflow9Decoder::decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch,
                             DecodeReport& report, RawObserver* observer) {
  ByteReader reader(datagram.payload);
  const auto header = reader.window<20>();  // RFC 3954 section 5.1
  if (!reader.ok()) return report.fail(DecodeError::truncated_header);
  Message message;
  message.domain = {Protocol::netflow9, be_at<std::uint32_t, 16>(header)};
  message.time.sys_uptime_ms = be_at<std::uint32_t, 4>(header);
  message.time.export_ns = be_at<std::uint32_t, 8>(header) * kNsPerSecond;
  message.time.has_uptime = true;
  message.received_ns = datagram.received_ns;
  message.observer = observer;
  message.decapsulate = exporter.decapsulate(datagram);

  Origin& origin = start_origin(datagram, exporter, FlowType::netflow9, batch);
  origin.sequence_num = be_at<std::uint32_t, 12>(header);
  origin.observation_domain_id = message.domain.id;
  message.sequence = origin.sequence_num;
  if (observer) {
    observer->open("header");
    observer->number("version", 9);
    observer->number("count", be_at<std::uint16_t, 2>(header));
    observer->number("sysUptime", message.time.sys_uptime_ms);
    observer->number("unix seconds", be_at<std::uint32_t, 8>(header));
    observer->number("sequence", origin.sequence_num);
    observer->number("source id", message.domain.id);
    observer->close();
  }
  // The header's count is not used: some exporters count sets, some records, some leave templates out.
  const std::uint32_t sequence = origin.sequence_num;
  walk_sets({kNetflow9Dialect, message, records_, {exporter, batch, report}}, reader);

  SequenceStep step;
  step.sequence = sequence;
  step.has_uptime = true;
  step.uptime_ms = message.time.sys_uptime_ms;
  account(
      {{Protocol::netflow9, message.domain.id, {}}, step, own_flow_records(report), message.time.export_ns},
      datagram, exporter);
}

}  // namespace sluice::decode
