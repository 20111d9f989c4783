#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "api/handlers.hpp"
#include "unit/http/client.hpp"
#include "unit/metrics/full_snapshot.hpp"

namespace sluice::api {
namespace test = http::test;
namespace {

using metrics::test::full_snapshot;
using nlohmann::json;
using test::RunningServer;

/// `pinned`, with what the table has beyond it: a counter that is new needs no line here.
template <class Table, class Enum>
json with(json pinned, const Table& table, const Counts<Enum>& counts) {
  for (const auto& info : table)
    if (!pinned.contains(info.key)) pinned[info.key] = counts[info.count];
  return pinned;
}

TEST(ApiHandler, StatusTellsWhatRunsAndHowItGoes) {
  const RunningServer server(make_api_handler(full_snapshot));
  const auto answer = get(server, "/api/v1/status");
  EXPECT_EQ(answer.result_int(), 200U);
  EXPECT_EQ(answer["Content-Type"], "application/json");
  const json body = json::parse(answer.body());
  EXPECT_EQ(body["version"], "1.2.3");
  EXPECT_EQ(body["commit"], "abcdef0");
  EXPECT_EQ(body["workers"], 2);
  EXPECT_EQ(body["steering"], "source_address");
  EXPECT_EQ(body["ready"], true);
  EXPECT_EQ(body["start_time_seconds"], 1700000000);
  EXPECT_GT(body["uptime_seconds"], 0);
  EXPECT_EQ(body["log_muted"], 601);
  const metrics::Snapshot shown = full_snapshot();
  EXPECT_EQ(body["state"], with({{"writes", 701},
                                 {"write_errors", 702},
                                 {"bytes", 703},
                                 {"unwritten_changes", 704},
                                 {"set_aside", 705},
                                 {"last_write_seconds", 1700000200.5},
                                 {"restored", {{"templates", 706}, {"rates", 707}, {"names", 708}}},
                                 {"unrefreshed", {{"templates", 709}, {"rates", 710}, {"names", 711}}},
                                 {"restored_exporters", 712},
                                 {"refused", 713}},
                                state::kStateCounts, shown.state.counts));
  EXPECT_EQ(body["exporters"], json({{"known", 401}, {"refused", 402}, {"expired", 403}}));
  EXPECT_EQ(body["protocols"],
            json::array({with({{"protocol", "netflow9"},
                               {"datagrams", 201},
                               {"bytes", 202},
                               {"flow_records", 203},
                               {"flows", 204},
                               {"options_records", 205},
                               {"counter_samples", 206},
                               {"discard_samples", 207},
                               {"templates", 208},
                               {"withdrawals", 209},
                               {"times_replaced", 210},
                               {"starts_replaced", 211},
                               {"rates_unknown", 212},
                               {"held", with({{"datagrams", 221},
                                              {"bytes", 222},
                                              {"decoded_datagrams", 223},
                                              {"decoded_bytes", 224},
                                              {"expired_datagrams", 225},
                                              {"expired_bytes", 226},
                                              {"refused_datagrams", 227},
                                              {"refused_bytes", 228}},
                                             decode::kHeldCounts, shown.protocols[0].held)},
                               {"errors", {{"missing_template", 213}, {"bad_set", 214}}}},
                              decode::kDecodeCounts, shown.protocols[0].counts)}));
}

json pinned_ledger() {
  return {{"numbered", "datagrams"},
          {"sequence",
           {{"in_order", 311},
            {"passed_over", 312},
            {"late", 313},
            {"repeated", 322},
            {"unknown", 323},
            {"recovered", 324},
            {"restarts", 314},
            {"untracked_datagrams", 315}}},
          {"datagrams",
           {{"received", 301},
            {"lost", 416},
            {"lost_is_estimated", false},
            {"lost_in_kernel", 317},
            {"lost_on_network", 99}}},
          {"records", {{"received", 608}, {"lost", 318}, {"lost_is_estimated", true}, {"unknown", 323}}},
          {"samples", {{"passed_over", 319}, {"late", 320}, {"dropped_by_exporter", 321}}},
          {"flows", {{"made", 304}, {"second_of_a_record", 1}}},
          {"clock_difference_seconds", -1.5}};
}

json pinned_exporter() {
  return {{"address", "192.0.2.1"},
          {"name", "edge-1"},
          {"protocol", "netflow9"},
          {"datagrams", 301},
          {"bytes", 302},
          {"flow_records", 303},
          {"flows", 304},
          {"options_records", 305},
          {"counter_samples", 306},
          {"times_replaced", 307},
          {"rates_unknown", 308},
          {"templates", 309},
          {"restored_templates", 330},
          {"sampling_rate", 1000},
          {"last_seen_seconds", 1700000100.5},
          {"held",
           {{"datagrams", 351},
            {"bytes", 352},
            {"decoded_datagrams", 353},
            {"decoded_bytes", 354},
            {"expired_datagrams", 355},
            {"expired_bytes", 356},
            {"refused_datagrams", 357},
            {"refused_bytes", 358}}},
          {"errors", {{"missing_template", 310}}}};
}

/// As `pinned_exporter()`, with what the tables have beyond it.
json whole_exporter(const metrics::ExporterRow& shown) {
  json out = with(pinned_exporter(), metrics::kExporterGauges, shown.gauges);
  for (const auto& info : decode::kDecodeCounts)
    if (info.of_exporter == info.count && !out.contains(info.key)) out[info.key] = shown.counts[info.count];
  out["held"] = with(out["held"], decode::kHeldCounts, shown.held);
  json& ledger = out["ledger"] = pinned_ledger();
  ledger["sequence"] = with(ledger["sequence"], metrics::kSequenceFates, shown.sequence);
  for (const auto& info : metrics::kLedgerCounts)
    if (!ledger[info.section].contains(info.key)) ledger[info.section][info.key] = shown.ledger[info.count];
  return out;
}

TEST(ApiHandler, Exporters) {
  const RunningServer server(make_api_handler(full_snapshot));
  EXPECT_EQ(json::parse(get(server, "/api/v1/exporters").body()),
            json({{"known", 401},
                  {"refused", 402},
                  {"expired", 403},
                  {"exporters", json::array({whole_exporter(full_snapshot().exporters[0])})},
                  {"sinks", json::array({{{"exporter", "192.0.2.1"},
                                          {"sink", "kafka"},
                                          {"left_out", 331},
                                          {"delivered", 332},
                                          {"failed", 333},
                                          {"shed", 334},
                                          {"queued", 335},
                                          {"left", 336},
                                          {"resumed", 337},
                                          {"filtered", 338}}})}}));
}

TEST(ApiHandler, ListenersAndSinks) {
  const RunningServer server(make_api_handler(full_snapshot));
  const metrics::Snapshot shown = full_snapshot();
  const json body = json::parse(get(server, "/api/v1/listeners").body());
  EXPECT_EQ(body["refused"], json::array({{{"prefix", "198.51.100.0/24"}, {"datagrams", 451}},
                                          {{"prefix", "other"}, {"datagrams", 452}}}));
  const json& listeners = body["listeners"];
  ASSERT_EQ(listeners.size(), 2U);
  EXPECT_EQ(listeners[0], with({{"address", "[::]:2055"},
                                {"protocol", "auto"},
                                {"datagrams", 101},
                                {"bytes", 102},
                                {"truncated", 103},
                                {"kernel_drops", 104},
                                {"queue_bytes", 105},
                                {"queue_limit_bytes", 106},
                                {"queue_fill_max", 0.25},
                                {"kernel_drops_unshared", 107}},
                               worker::kListenerCounts, shown.listeners[0].counts));
  EXPECT_EQ(body["sessions"], json::array({with({{"address", "[::]:4739"},
                                                 {"transport", "tls"},
                                                 {"ended", {{"by_exporter", 124}, {"slow", 125}}},
                                                 {"sessions", 121},
                                                 {"messages", 122},
                                                 {"open_sessions", 123}},
                                                worker::kSessionCounts, shown.sessions[0].counts)}));
  EXPECT_EQ(json::parse(get(server, "/api/v1/sinks").body())["sinks"],
            json::array({with({{"sink", "kafka"},
                               {"type", "kafka"},
                               {"delivered_flows", 501},
                               {"delivered_bytes", 502},
                               {"delivered_blocks", 503},
                               {"queued_flows", 504},
                               {"queued_bytes", 505},
                               {"shed_flows", 506},
                               {"errors", 507},
                               {"failed_flows", {{"MSG_TIMED_OUT", 508}}}},
                              sink::kSinkCounts, shown.sinks[0].counts)}));
}

TEST(ApiHandler, CountersKeepAll64Bits) {
  const RunningServer server(make_api_handler([] {
    metrics::Snapshot snapshot = full_snapshot();
    snapshot.listeners[0].counts[worker::ListenerCount::bytes] = 18446744073709551615U;
    return snapshot;
  }));
  const json body = json::parse(get(server, "/api/v1/listeners").body());
  EXPECT_EQ(body["listeners"][0]["bytes"].get<std::uint64_t>(), 18446744073709551615U);
}

TEST(ApiHandler, NamesThatAreNoUtf8DoNotFailTheAnswer) {
  const RunningServer server(make_api_handler([] {
    metrics::Snapshot snapshot = full_snapshot();
    snapshot.exporters[0].name = "edge\xff\"";
    return snapshot;
  }));
  const json body = json::parse(get(server, "/api/v1/exporters").body());
  EXPECT_EQ(body["exporters"][0]["name"], "edge\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace sluice::api
