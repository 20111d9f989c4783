// The datagram's header and the loop over its samples: sFlow version 5, section 5, sample_datagram_v5.
#include "decode/sflow/sflow_decoder.hpp"
#include "decode/origin.hpp"

#include "decode/sequence_step.hpp"
#include "decode/sflow/counter_samples.hpp"
#include "decode/sflow/flow_sample.hpp"

namespace sluice::decode {
namespace sflow {
namespace {

constexpr std::uint32_t kVersion = 5;

enum SampleFormat : std::uint32_t {
  kFlowSample = 1,
  kCounterSample = 2,
  kExpandedFlowSample = 3,
  kExpandedCounterSample = 4,
  kDiscardedPacket = 5
};

struct Header {
  std::uint32_t version = 0;
  IpAddress agent;
  std::uint32_t sub_agent = 0;  ///< each of an agent's numbers its datagrams by itself
  std::uint32_t sequence = 0;
  std::uint32_t uptime_ms = 0;  ///< since the agent started
  std::uint32_t samples = 0;
};

Header read_header(XdrReader& in) {
  const Shown shown(in.observer(), "header");
  Header out;
  out.version = in.u32("version");
  out.agent = in.address("agent_address_type", "agent_address");
  out.sub_agent = in.u32("sub_agent_id");
  out.sequence = in.u32("sequence_number");
  out.uptime_ms = in.u32("uptime_ms");
  out.samples = in.u32("samples");
  return out;
}

enum class Outcome : std::uint8_t { good, bad, unknown };

Outcome read_sample(DataFormat format, XdrReader& in, const SampleContext& context) {
  const auto outcome = [](bool good) { return good ? Outcome::good : Outcome::bad; };
  switch (format.standard()) {
    case kFlowSample:
      return outcome(read_flow_sample(false, in, context));
    case kCounterSample:
      return outcome(read_counter_sample(false, in, context));
    case kExpandedFlowSample:
      return outcome(read_flow_sample(true, in, context));
    case kExpandedCounterSample:
      return outcome(read_counter_sample(true, in, context));
    case kDiscardedPacket:
      return outcome(read_discard_sample(in, context));
    default:
      in.opaque("data", in.remaining());
      return Outcome::unknown;
  }
}

// The sample count bounds the loop together with the bytes that are left; bytes behind the last sample are
// padding. Of a sample that reaches past the datagram's end the records that are there are still read.
void read_samples(XdrReader& in, std::uint32_t count, const SampleContext& context) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (in.remaining() < 8) {  // fewer samples than promised: one fault, however many are missing
      context.report.fail(DecodeError::bad_sample);
      return;
    }
    const Shown shown(in.observer(), "sample");
    const DataFormat format = data_format(in.u32("data_format"));
    const std::uint32_t length = in.u32("length");
    const bool fits = length <= in.remaining();
    XdrReader sample(in.take_up_to(length), in.observer());
    const Outcome outcome = read_sample(format, sample, context);
    if (!fits || outcome == Outcome::bad)
      context.report.fail(DecodeError::bad_sample);
    else if (outcome == Outcome::unknown)
      context.report.fail(DecodeError::unknown_sample);
  }
}

}  // namespace
}  // namespace sflow

bool SflowDecoder::claims(Bytes payload) const {
  ByteReader in(payload);
  return in.be<std::uint32_t>() == sflow::kVersion;
}

void SflowDecoder::decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch,
                          DecodeReport& report, RawObserver* observer) {
  report.protocol = Protocol::sflow5;
  sflow::XdrReader in(datagram.payload, observer);
  const sflow::Header header = sflow::read_header(in);
  if (header.version != sflow::kVersion && datagram.payload.size() >= sizeof header.version)
    return report.fail(DecodeError::unknown_version);
  if (!in.ok()) return report.fail(DecodeError::truncated_header);

  Origin& origin = start_origin(datagram, exporter, FlowType::sflow5, batch);
  origin.sequence_num = header.sequence;
  origin.sampler_address = header.agent;

  records_.read_as({exporter.decapsulate(datagram), exporter.settings.sflow_ip_bytes});
  SequenceStep step;
  step.sequence = header.sequence;
  step.has_uptime = true;
  step.uptime_ms = header.uptime_ms;
  const SequenceVerdict verdict =
      account({{Protocol::sflow5, header.sub_agent, header.agent}, step, 0, 0}, datagram, exporter);
  sflow::read_samples(
      in, header.samples,
      {datagram.received_ns, exporter, batch, report, records_, header.sub_agent, header.uptime_ms, verdict});
  exporter.counters_of(Protocol::sflow5).sequence.average_in(report.count(DecodeCount::flow_records));
}

}  // namespace sluice::decode
