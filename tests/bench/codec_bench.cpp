// Decode, encode and both, for each protocol, in CPU time for each flow. What is compared, and with what,
// stands in docs/performance.md; codec.sh runs this beside the yardstick.
#include <benchmark/benchmark.h>

#include <cstring>

#include "bench/corpus.hpp"
#include "net/admission.hpp"
#include "sink/clickhouse/inserter.hpp"
#include "sink/kafka/columns.hpp"
#include "sink/kafka/in_flight.hpp"
#include "sink/mysql/bound_rows.hpp"
#include "sink/postgres/copy_rows.hpp"
#include "sink/sql/writer.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/encode/rows.hpp"

namespace {

using namespace sluice;
using bench::Corpus;
using bench::generated_corpus;
using bench::kReceivedNs;
using bench::Payload;
using bench::per_flow;
using bench::Setup;

/// Far more datagrams than a branch predictor can learn.
constexpr std::size_t kDatagrams = 4096;

Corpus reference_corpus() {
  Corpus corpus;
  corpus.announcements.push_back(bench::reference_template());
  bench::ReferenceDatagrams source(7);
  for (std::size_t i = 0; i < kDatagrams; ++i) corpus.datagrams.push_back(source.next());
  corpus.flows = kDatagrams * bench::kFlows;
  return corpus;
}

const Corpus& corpus_of(FlowType protocol) {
  static const Corpus reference = reference_corpus();
  static const Corpus netflow5 = generated_corpus(FlowType::netflow5);
  static const Corpus netflow9 = generated_corpus(FlowType::netflow9);
  static const Corpus ipfix = generated_corpus(FlowType::ipfix);
  static const Corpus sflow = generated_corpus(FlowType::sflow5);
  switch (protocol) {
    case FlowType::netflow5:
      return netflow5;
    case FlowType::netflow9:
      return netflow9;
    case FlowType::ipfix:
      return ipfix;
    case FlowType::sflow5:
      return sflow;
    case FlowType::unknown:
      break;
  }
  return reference;
}

void decode(benchmark::State& state, FlowType protocol) {
  Setup setup(corpus_of(protocol));
  for (auto _ : state) {
    setup.forget_numbers();
    for (const Payload& payload : setup.corpus.datagrams) {
      setup.decode(payload);
      benchmark::DoNotOptimize(setup.batch.flows().data());
    }
  }
  per_flow(state, setup.corpus);
}

void both(benchmark::State& state, FlowType protocol, encode::FormatSpec spec) {
  Setup setup(corpus_of(protocol));
  const auto encoder = encode::make_row_encoder(spec);
  encode::RowBuffer rows;
  for (auto _ : state) {
    setup.forget_numbers();
    for (const Payload& payload : setup.corpus.datagrams) {
      setup.decode(payload);
      if (rows.size() > 65536) rows.clear();
      encoder->encode(setup.batch, rows);
      benchmark::DoNotOptimize(rows.bytes().data());
    }
  }
  per_flow(state, setup.corpus);
}

/// Encoding alone, of batches that were decoded before.
void encode_only(benchmark::State& state, FlowType protocol) {
  const Corpus& corpus = corpus_of(protocol);
  decode::ExporterTable exporters{{}, {}};
  decode::DatagramDecoder decoder{exporters};
  std::vector<FlowBatch> batches(corpus.datagrams.size());
  FlowBatch unused;
  for (const Payload& payload : corpus.announcements)
    decoder.decode({payload, IpAddress::v4(0x7f000002), 2055, corpus.received_ns}, unused);
  for (std::size_t i = 0; i < batches.size(); ++i)
    decoder.decode({corpus.datagrams[i], IpAddress::v4(0x7f000002), 2055, corpus.received_ns}, batches[i]);
  const auto encoder = encode::make_row_encoder({});
  encode::RowBuffer rows;
  for (auto _ : state)
    for (const FlowBatch& batch : batches) {
      if (rows.size() > 65536) rows.clear();
      encoder->encode(batch, rows);
      benchmark::DoNotOptimize(rows.bytes().data());
    }
  per_flow(state, corpus);
}

/// What sinks that make columns of protobuf rows get.
std::unique_ptr<sink::Block> block_of(FlowType protocol, std::size_t most_bytes = 4U << 20) {
  Setup setup(corpus_of(protocol));
  const auto encoder = encode::make_row_encoder({});
  encode::RowBuffer rows;
  auto made = std::make_unique<sink::Block>();
  sink::Block& block = *made;
  for (const Payload& payload : setup.corpus.datagrams) {
    setup.decode(payload);
    rows.clear();
    encoder->encode(setup.batch, rows);
    if (block.bytes.size() + rows.size() > most_bytes) break;
    const std::size_t before = block.bytes.size();
    block.bytes.resize(before + rows.size());
    std::memcpy(block.bytes.data() + before, rows.bytes().data(), rows.size());
    block.flows += static_cast<std::uint32_t>(rows.rows());
  }
  return made;
}

void per_row(benchmark::State& state, const sink::Block& block) {
  const auto flows = static_cast<double>(block.flows) * static_cast<double>(state.iterations());
  state.counters["ns/flow"] =
      benchmark::Counter(flows / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// What format native of a Kafka sink adds for a flow: records of columns made of a block's protobuf rows.
void native_record(benchmark::State& state, FlowType protocol) {
  const auto block = block_of(protocol, 128U << 10);  // as its block_bytes
  sink::ColumnRecords records(nullptr, nullptr);
  std::size_t bytes = 0;
  for (auto _ : state) {
    sink::InFlight flight;
    const auto record = records.make(flight, block->bytes);
    if (!record) throw std::runtime_error("rows that cannot be read");
    bytes = record->bytes.size();
  }
  state.counters["bytes/flow"] = static_cast<double>(bytes) / block->flows;
  per_row(state, *block);
}

/// What a sink of type clickhouse adds for a flow: its token, and a body of columns made of protobuf rows.
void native(benchmark::State& state, FlowType protocol, sink::Packing packing) {
  const auto made = block_of(protocol);
  const sink::Block& block = *made;
  sink::InsertBody columns(packing);
  std::string body;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sink::insert_token(block));
    if (!columns.make({.first = 0, .rows = block.flows, .bytes = block.bytes}, body))
      throw std::runtime_error("rows that cannot be read");
  }
  state.counters["bytes/flow"] = static_cast<double>(body.size()) / block.flows;
  per_row(state, block);
}

/// What a sink of an SQL database makes of a flow before the server gets it, with the columns of the default.
void sql_rows(benchmark::State& state, FlowType protocol, const std::shared_ptr<sink::sql::Rows>& rows) {
  const auto made = block_of(protocol);
  const sink::Block& block = *made;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sink::sql::block_token(block, "flows"));
    if (!sink::sql::gather(block, *rows)) throw std::runtime_error("rows that cannot be read");
  }
  per_row(state, block);
}

/// The worst known of colliding keys: 4,096 domains whose templates share a bucket wherever a number's hash
/// is the number, since their keys are equal modulo the buckets of a map of 4,096; and a datagram of as many
/// sets as fit into 1,400 bytes, each looked up.
void collisions(benchmark::State& state) {
  constexpr std::uint32_t kBuckets = 5087;
  decode::ExporterTable exporters{{}, {}};
  decode::DatagramDecoder decoder{exporters};
  FlowBatch batch;
  const auto send = [&](Payload payload) {
    payload[2] = static_cast<std::byte>(payload.size() >> 8);
    payload[3] = static_cast<std::byte>(payload.size());
    batch.clear();
    decoder.decode({payload, IpAddress::v4(0x7f000002), 2055, kReceivedNs}, batch);
  };
  const auto append = [](Payload& to, std::initializer_list<std::uint16_t> words) {
    for (const std::uint16_t word : words) {
      to.push_back(static_cast<std::byte>(word >> 8));
      to.push_back(static_cast<std::byte>(word));
    }
  };
  const auto message = [&](std::uint32_t domain) {
    Payload out;
    append(out, {10, 0, bench::kSeconds >> 16, bench::kSeconds & 0xffff, 0, 0,
                 static_cast<std::uint16_t>(domain >> 16), static_cast<std::uint16_t>(domain)});
    return out;
  };
  for (std::uint32_t i = 0; i < 4096; ++i) {
    Payload payload = message(i * kBuckets);
    append(payload, {2, 12, 256, 1, 1, 4});
    send(payload);
  }
  Payload worst = message(0);
  while (worst.size() + 4 <= 1400) append(worst, {256, 4});
  for (auto _ : state) send(worst);
}

/// What a datagram costs that may not be sent: looked up among a thousand prefixes, and counted by its own,
/// with more of these than are kept.
void refused(benchmark::State& state) {
  std::vector<IpPrefix> prefixes;
  for (std::uint32_t i = 0; i < 1000; ++i) prefixes.push_back({IpAddress::v4(0xc6000000 + (i << 10)), 24});
  const net::AllowedSources allowed{false, {net::AddressSet(prefixes)}};
  net::RefusedSources counts;
  std::uint32_t source = 1;
  for (auto _ : state) {
    source = source * 1664525U + 1013904223U;
    const IpAddress address = IpAddress::v4(0x0a000000 + (source >> 8) % (10000U << 8));
    if (!allowed.allow(address)) counts.count(address);
  }
}

void add(const std::string& name, FlowType protocol) {
  benchmark::RegisterBenchmark((name + "/decode").c_str(), decode, protocol);
  benchmark::RegisterBenchmark((name + "/encode").c_str(), encode_only, protocol);
  benchmark::RegisterBenchmark((name + "/both").c_str(), both, protocol, encode::FormatSpec{});
  benchmark::RegisterBenchmark((name + "/native").c_str(), native, protocol, sink::Packing::none);
  benchmark::RegisterBenchmark((name + "/native-record").c_str(), native_record, protocol);
  benchmark::RegisterBenchmark((name + "/native-lz4").c_str(), native, protocol, sink::Packing::lz4);
  benchmark::RegisterBenchmark((name + "/native-zstd").c_str(), native, protocol, sink::Packing::zstd);
  benchmark::RegisterBenchmark((name + "/postgres").c_str(), sql_rows, protocol,
                               std::make_shared<sink::postgres::CopyRows>(sink::postgres::columns_named({})));
  benchmark::RegisterBenchmark((name + "/mysql").c_str(), sql_rows, protocol,
                               std::make_shared<sink::mysql::BoundRows>(sink::mysql::columns_named({})));
}

}  // namespace

int main(int argc, char** argv) {
  add("netflow9-reference", FlowType::unknown);
  add("netflow5", FlowType::netflow5);
  add("netflow9", FlowType::netflow9);
  add("ipfix", FlowType::ipfix);
  add("sflow", FlowType::sflow5);
  encode::FormatSpec json;
  json.format = encode::Format::json;
  benchmark::RegisterBenchmark("netflow9-reference/both-json", both, FlowType::unknown, json);
  benchmark::RegisterBenchmark("collisions/datagram", collisions);
  benchmark::RegisterBenchmark("refused/datagram", refused);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
