// What names cost a flow, source by source, in CPU time: `apply` is the enricher's, `encode` what the message
// of protobuf takes with what was added. The traffic is that of `sluice generate`; `random` has each address
// once. The tables of countries and AS numbers are those of deploy/names, and without them their cases are
// left out.
#include <benchmark/benchmark.h>
#include <time.h>

#include <fstream>

#include "bench/corpus.hpp"
#include "enrich/enricher.hpp"
#include "enrich/names_keeper.hpp"
#include "sluice/encode/rows.hpp"
#include "snmp/kept.hpp"

namespace {

using namespace sluice;

const std::string kTables = SLUICE_SOURCE_DIR "/deploy/names/node_modules/@ip-location-db/";

/// The two files of AS numbers as one; "" where they are not there.
std::string as_file() {
  static const std::string path = [] {
    const auto out = std::filesystem::temp_directory_path() / "sluice-bench-as.csv";
    std::ofstream both(out);
    for (const char* name : {"asn/asn-ipv4.csv", "asn/asn-ipv6.csv"}) {
      std::ifstream in(kTables + name);
      if (!in) return std::string();
      both << in.rdbuf();
    }
    return out.string();
  }();
  return path;
}

std::string country_file() {
  const std::string path = kTables + "iptoasn-country-mmdb/iptoasn-country.mmdb";
  return std::filesystem::exists(path) ? path : "";
}

struct Case {
  std::string name;
  enrich::SourceSettings settings;
  bool random = false;
  bool snmp = false;  ///< the exporter has told names of its interfaces
};

const IpAddress kExporter = IpAddress::v4(0x7f000002);

enrich::SourceSettings both_tables() {
  enrich::SourceSettings out;
  out.as_file = as_file();
  out.country_file = country_file();
  return out;
}

enrich::SourceSettings networks(unsigned count) {
  enrich::SourceSettings out;
  for (unsigned i = 0; i < count; ++i)
    out.networks.push_back({IpAddress::v4(i * (0xffffffffU / count)).to_string() + "/16",
                            {.name = "network", .role = "users", .site = "berlin"}});
  return out;
}

std::vector<Case> cases() {
  std::vector<Case> out{{"none", {}}};
  if (!as_file().empty()) {
    enrich::SourceSettings as, country;
    as.as_file = as_file();
    country.country_file = country_file();
    out.push_back({"as", as});
    out.push_back({"country", country});
    out.push_back({"as_and_country", both_tables()});
    out.push_back({"as_and_country/random", both_tables(), true});
  }
  out.push_back({"networks/10000", networks(10'000)});
  out.push_back({"networks/10000/random", networks(10'000), true});
  enrich::SourceSettings interfaces;
  for (std::uint32_t i = 1; i < 64; ++i)
    interfaces.interfaces.push_back({"0.0.0.0/0", i, {.name = "xe-0/0/0", .boundary = "external"}});
  out.push_back({"interfaces", interfaces});
  out.push_back({"snmp", {}, false, true});
  enrich::SourceSettings rules;
  for (int i = 0; i < 10; ++i)
    rules.rules.push_back(
        {.match = "dst port " + std::to_string(60'000 + i), .set = {{"src_network_tenant", "lab"}}});
  out.push_back({"rules/10", rules});
  return out;
}

/// As after a restart, of a device that answers no more.
void tell_interfaces(snmp::Poller& poller) {
  snmp::Settings settings;
  snmp::Device& device = settings.devices.emplace_back();
  device.prefix = kExporter.to_string();
  device.address = "127.0.0.1";
  device.port = 9;
  device.community = "public";
  std::vector<snmp::Interfaces::Entry> interfaces;
  for (std::uint32_t i = 1; i < 64; ++i)
    interfaces.push_back({i, {"xe-0/0/" + std::to_string(i), "Transit: carrier", 10'000'000'000}});
  const std::string message =
      snmp::to_message(kExporter, {std::make_shared<const snmp::Interfaces>(std::move(interfaces)), 1});
  if (!poller.restore(std::as_bytes(std::span(message)), settings, 1)) std::abort();
  poller.change(settings);
}

/// Of this thread, in nanoseconds. A look at it takes as long as some flows do, so it is taken once for many.
double cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Datagrams that are decoded, then named, then encoded, each for all of them.
constexpr std::size_t kAtOnce = 32;

void make_random(FlowBatch& batch, std::uint64_t& random) {
  for (FlowRecord& flow : batch.flows()) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    flow.set_source(IpAddress::v4(static_cast<std::uint32_t>(random >> 32)));
    flow.set_destination(IpAddress::v4(static_cast<std::uint32_t>(random)));
  }
}

void names(benchmark::State& state, const Case& measured) {
  static const bench::Corpus corpus = bench::generated_corpus(FlowType::netflow9);
  bench::Setup setup(corpus);
  enrich::NamesKeeper keeper([](LogLevel, const std::string&) {});
  keeper.take(measured.settings);
  const auto counters = std::make_shared<enrich::EnrichCounters>();
  snmp::Poller poller([](LogLevel, const std::string&) {});
  if (measured.snmp) tell_interfaces(poller);
  enrich::Enricher enricher({.collector_id = "", .names = keeper.names(), .snmp = &poller}, counters);
  const auto encoder = encode::make_row_encoder({});
  encode::RowBuffer rows;
  std::vector<FlowBatch> batches(kAtOnce);
  std::uint64_t random = 1;
  double apply = 0, encode = 0, flows = 0;
  for (auto _ : state) {
    setup.forget_numbers();
    const double before = apply;
    for (std::size_t i = 0; i < corpus.datagrams.size(); ++i) {
      FlowBatch& batch = batches[i % kAtOnce];
      batch.clear();
      setup.decoder.decode({corpus.datagrams[i], kExporter, 2055, corpus.received_ns}, batch);
      for (FlowRecord& flow : batch.flows()) flow.src_as = flow.dst_as = 0;
      if (measured.random) make_random(batch, random);
      if (i % kAtOnce + 1 < kAtOnce) continue;
      const double begin = cpu_ns();
      for (FlowBatch& one : batches) enricher.apply(one);
      const double middle = cpu_ns();
      rows.clear();
      for (const FlowBatch& one : batches) encoder->encode(one, rows);
      encode += cpu_ns() - middle;
      apply += middle - begin;
      for (const FlowBatch& one : batches) flows += static_cast<double>(one.size());
    }
    state.SetIterationTime((apply - before) / 1e9);
  }
  state.counters["apply_ns/flow"] = apply / flows;
  state.counters["encode_ns/flow"] = encode / flows;
  const auto count = [&](enrich::EnrichCount what) { return static_cast<double>((*counters)[what].get()); };
  const double cached = count(enrich::EnrichCount::addresses_cached);
  const double asked = cached + count(enrich::EnrichCount::addresses_looked_up);
  if (asked > 0) state.counters["cached"] = cached / asked;
  double bytes = 0;
  for (const enrich::NamesSource& one : keeper.sources())
    bytes += static_cast<double>(one.counts[enrich::NamesCount::bytes]);
  state.counters["MB"] = bytes / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Case& one : cases())
    benchmark::RegisterBenchmark(one.name.c_str(), [one](benchmark::State& state) {
      names(state, one);
    })->UseManualTime();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
