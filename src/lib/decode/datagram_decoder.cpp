#include "sluice/decode/datagram_decoder.hpp"

#include <new>

#include "decode/give_names.hpp"
#include "decode/ipfix/ipfix_decoder.hpp"
#include "decode/netflow5/netflow5_decoder.hpp"
#include "decode/netflow9/netflow9_decoder.hpp"
#include "decode/sflow/sflow_decoder.hpp"

namespace sluice::decode {
namespace {

bool accepts(Accept accept, Protocol protocol) {
  switch (accept) {
    case Accept::automatic:
      return true;
    case Accept::sflow:
      return protocol == Protocol::sflow5;
    case Accept::ipfix:
      return protocol == Protocol::ipfix;
    // Exporters send IPFIX to the NetFlow port too, and it is told from v9 by its version.
    case Accept::netflow:
      return protocol != Protocol::sflow5;
  }
  return false;
}

void count(const DecodeReport& report, ExporterCounters& counters) {
  counters.counts += report.counts;
  for (std::size_t i = 0; i < report.errors.size(); ++i) counters.errors[i] += report.errors[i];
}

void count_traffic(const Datagram& datagram, Protocol protocol, std::vector<SocketTraffic>& traffic) {
  // Nearly always one entry: an exporter sends one protocol to one port, and one worker takes it.
  for (SocketTraffic& entry : traffic) {
    if (entry.socket != datagram.socket || entry.protocol != protocol) continue;
    ++entry.datagrams;
    return;
  }
  traffic.push_back({datagram.socket, protocol, 1});
}

DecodeReport report_of(const Datagram& datagram, Protocol protocol) {
  DecodeReport report;
  report.protocol = protocol;
  report.add(DecodeCount::datagrams);
  report.add(DecodeCount::bytes, static_cast<std::uint32_t>(datagram.payload.size()));
  return report;
}

}  // namespace

std::vector<std::unique_ptr<Decoder>> standard_decoders() {
  std::vector<std::unique_ptr<Decoder>> out;
  out.push_back(std::make_unique<Netflow9Decoder>());
  out.push_back(std::make_unique<IpfixDecoder>());
  out.push_back(std::make_unique<SflowDecoder>());
  out.push_back(std::make_unique<Netflow5Decoder>());
  return out;
}

DatagramDecoder::DatagramDecoder(ExporterTable& exporters, std::vector<std::unique_ptr<Decoder>> decoders)
    : exporters_(exporters), decoders_(std::move(decoders)) {}

DatagramDecoder::~DatagramDecoder() = default;

Decoder* DatagramDecoder::decoder_of(Bytes payload, Accept accept) const {
  for (const auto& decoder : decoders_)
    if (accepts(accept, decoder->protocol()) && decoder->claims(payload)) return decoder.get();
  return nullptr;
}

// Most exporters are known by their address alone. Those that are told apart by port cost a second look, and
// only a source that is new to this thread has its settings asked for.
std::shared_ptr<Exporter> DatagramDecoder::known_exporter_of(const Datagram& datagram) const {
  for (const std::uint16_t port : {std::uint16_t{0}, datagram.source_port}) {
    const auto known = known_.find({datagram.source, port});
    if (known != known_.end() && !known->second->expired.load(std::memory_order_relaxed))
      return known->second;
  }
  return nullptr;
}

void DatagramDecoder::drop_evicted() {
  evictions_ = exporters_.evictions();
  std::erase_if(known_, [](const auto& entry) { return entry.second->expired.load(); });
}

std::shared_ptr<Exporter> DatagramDecoder::exporter_of(const Datagram& datagram) {
  if (auto known = known_exporter_of(datagram)) return known;
  tidy();
  const ExporterKey key = exporters_.key_of(datagram.source, datagram.source_port);
  auto exporter = exporters_.find_or_add(key, datagram.received_ns);
  if (!exporter && exporters_.evictions() != evictions_) {
    tidy();  // those that went for it were held by this thread alone
    exporter = exporters_.find_or_add(key, datagram.received_ns);
  }
  if (!exporter) return nullptr;
  // This thread's references follow the table: the expired ones go when they are as many as the living.
  if (known_.size() > 2 * exporters_.size() + 64)
    std::erase_if(known_, [](const auto& entry) { return entry.second->expired.load(); });
  known_[key] = exporter;
  return exporter;
}

DecodeReport DatagramDecoder::decode(const Datagram& datagram, FlowBatch& batch, Accept accept,
                                     RawObserver* observer) {
  Decoder* const decoder = decoder_of(datagram.payload, accept);
  const std::size_t flows = batch.size();
  const std::size_t counters = batch.counters() ? batch.counters()->size() : 0;
  try {
    if (decoder) [[likely]]
      return decode_known(datagram, *decoder, batch, observer);
    return noise(datagram);
  } catch (const std::bad_alloc&) {
    batch.truncate(flows);
    if (batch.counters()) batch.counters()->truncate(counters);
    return out_of_memory(datagram, decoder ? decoder->protocol() : Protocol::unknown);
  }
}

/// What no decoder claims. No exporter is made for it; only a known one is charged with it.
DecodeReport DatagramDecoder::noise(const Datagram& datagram) {
  DecodeReport report = report_of(datagram, Protocol::unknown);
  report.fail(datagram.payload.size() < 2 ? DecodeError::truncated_header : DecodeError::unknown_version);
  if (const auto known = known_exporter_of(datagram)) {
    const std::lock_guard lock(known->mutex);
    count(report, known->counters_of(Protocol::unknown));
  }
  return report;
}

DecodeReport DatagramDecoder::out_of_memory(const Datagram& datagram, Protocol protocol) {
  DecodeReport report = report_of(datagram, protocol);
  report.fail(DecodeError::out_of_memory);
  if (const auto known = known_exporter_of(datagram)) {
    const std::lock_guard lock(known->mutex);
    known->held.end_datagram();
    count(report, known->counters_of(protocol));
  }
  exporters_.memory_is_short();
  tidy();
  return report;
}

DecodeReport DatagramDecoder::decode_known(const Datagram& datagram, Decoder& decoder, FlowBatch& batch,
                                           RawObserver* observer) {
  DecodeReport report = report_of(datagram, decoder.protocol());
  const auto exporter = exporter_of(datagram);
  if (!exporter) {
    report.fail(exporters_.size() < exporters_.limits().max_exporters ? DecodeError::state_limit
                                                                      : DecodeError::exporter_limit);
    return report;
  }
  exporter->last_seen_ns.store(datagram.received_ns, std::memory_order_relaxed);
  const std::lock_guard lock(exporter->mutex);
  count_traffic(datagram, report.protocol, exporter->traffic);
  if (exporter->gate.closed_at_times() && !exporter->gate.pass(datagram.received_ns)) {
    report.fail(DecodeError::rate_limit);
    count(report, exporter->counters_of(report.protocol));
    return report;
  }
  const std::size_t first = batch.size();
  decoder.decode(datagram, *exporter, batch, report, observer);
  if (!exporter->names.empty()) give_names(exporter->names, first, batch);
  if (!exporter->proven.load(std::memory_order_relaxed)) [[unlikely]]
    exporter->proven =
        report.count(DecodeCount::flow_records) + report.count(DecodeCount::counter_samples) > 0;
  exporters_.note_changes(*exporter);
  count(report, exporter->counters[static_cast<std::size_t>(report.protocol)]);
  return report;
}

}  // namespace sluice::decode
