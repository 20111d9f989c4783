#include <time.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "api/handlers.hpp"

namespace sluice::api {
namespace {

using http::Handler;
using http::Request;
using http::Response;
using nlohmann::json;

/// A key for each row of the table.
template <class Table, class Enum>
void put_counts(const Table& table, const Counts<Enum>& counts, json& to) {
  for (const auto& info : table) to[info.key] = counts[info.count];
}

template <class Table, class Enum>
json counts_of(const Table& table, const Counts<Enum>& counts) {
  json out = json::object();
  put_counts(table, counts, out);
  return out;
}

json to_json(const metrics::ListenerRow& r) {
  json out{{"address", r.address}, {"protocol", r.protocol}, {"queue_fill_max", r.queue_fill_max}};
  put_counts(worker::kListenerCounts, r.counts, out);
  return out;
}

json to_json(const metrics::SessionsRow& r) {
  json out{{"address", r.address}, {"transport", r.transport}, {"ended", r.ended}};
  put_counts(worker::kSessionCounts, r.counts, out);
  return out;
}

json to_json(const metrics::ProtocolRow& r) {
  json out{{"protocol", r.protocol}, {"held", counts_of(decode::kHeldCounts, r.held)}, {"errors", r.errors}};
  put_counts(decode::kDecodeCounts, r.counts, out);
  return out;
}

/// Where everything that the exporter says it sent has gone.
json ledger(const metrics::ExporterRow& r) {
  using Count = decode::DecodeCount;
  const bool records = r.records_numbered();
  const std::uint64_t flows = r.counts[Count::flows], flow_records = r.counts[Count::flow_records];
  json out{{"numbered", r.numbered},
           {"sequence", counts_of(metrics::kSequenceFates, r.sequence)},
           {"datagrams",
            {{"received", r.counts[Count::datagrams]},
             {"lost", r.lost_datagrams},
             {"lost_is_estimated", records},
             {"lost_in_kernel", r.lost_in_kernel},
             {"lost_on_network", r.lost_on_network()}}},
           {"records",
            {{"received", flow_records + r.counts[Count::options_records]},
             {"lost", r.lost_records},
             {"lost_is_estimated", !records},
             {"unknown", r.sequence[metrics::SequenceFate::unknown]}}},
           {"flows", {{"made", flows}, {"second_of_a_record", flows - std::min(flows, flow_records)}}},
           {"clock_difference_seconds", r.has_clock ? json(r.clock_difference_seconds) : json()}};
  for (const auto& info : metrics::kLedgerCounts) out[info.section][info.key] = r.ledger[info.count];
  return out;
}

json to_json(const metrics::ExporterRow& r) {
  json out{{"address", r.address},
           {"name", r.name},
           {"protocol", r.protocol},
           {"last_seen_seconds", r.last_seen_seconds},
           {"held", counts_of(decode::kHeldCounts, r.held)},
           {"errors", r.errors},
           {"ledger", r.numbered.empty() ? json() : ledger(r)}};
  for (const auto& info : decode::kDecodeCounts)
    if (info.of_exporter == info.count) out[info.key] = r.counts[info.count];
  put_counts(metrics::kExporterGauges, r.gauges, out);
  return out;
}

json to_json(const metrics::ExporterSinkRow& r) {
  json out{{"exporter", r.address}, {"sink", r.sink}};
  for (const sink::BookColumn& column : sink::kBookColumns) out[column.name] = r.book.*column.value;
  return out;
}

json to_json(const metrics::RefusedRow& r) { return {{"prefix", r.prefix}, {"datagrams", r.datagrams}}; }

json to_json(const metrics::SourceRow& r) {
  json out{{"source", r.source}, {"type", r.type}, {"bad_messages", r.bad}};
  put_counts(intake::kSourceCounts, r.counts, out);
  return out;
}

json to_json(const metrics::SourcePartitionRow& r) {
  json out{{"source", r.source}, {"partition", r.partition}};
  put_counts(intake::kPartitionCounts, r.counts, out);
  return out;
}

json to_json(const metrics::SinkRow& r) {
  json out{{"sink", r.sink}, {"type", r.type}, {"failed_flows", r.failed_flows}};
  put_counts(sink::kSinkCounts, r.counts, out);
  return out;
}

json to_json(const metrics::SnmpRow& r) {
  json out{{"device", r.device}, {"standing", r.standing}, {"last_answer_seconds", r.last_answer_seconds}};
  put_counts(snmp::kDeviceCounts, r.counts, out);
  return out;
}

template <class Row>
json rows(const std::vector<Row>& from) {
  json out = json::array();
  for (const Row& row : from) out.push_back(to_json(row));
  return out;
}

json collector_counts(const metrics::Snapshot& s, metrics::JsonPlace place) {
  json out = json::object();
  for (const auto& info : metrics::kCollectorCounts)
    if (info.place == place) out[info.key] = s.counts[info.count];
  return out;
}

json exporter_counts(const metrics::Snapshot& s) {
  return collector_counts(s, metrics::JsonPlace::exporters);
}

json by_kind(const Counts<state::StateKind>& counts) {
  json out = json::object();
  for (std::size_t i = 0; i < state::kStateKinds.size(); ++i) out[state::kStateKinds[i]] = counts.values[i];
  return out;
}

json state_of(const metrics::StateFile& s) {
  if (!s.kept) return nullptr;
  json out{{"last_write_seconds", s.last_write_seconds},
           {"restored", by_kind(s.restored)},
           {"unrefreshed", by_kind(s.unrefreshed)}};
  put_counts(state::kStateCounts, s.counts, out);
  return out;
}

json names(const metrics::Snapshot& s) {
  json sources = json::array();
  for (const enrich::NamesSource& one : s.names) {
    json row{{"source", one.source}, {"path", one.path}, {"error", one.error}};
    put_counts(enrich::kNamesCounts, one.counts, row);
    sources.push_back(std::move(row));
  }
  json out{{"sources", std::move(sources)}};
  put_counts(enrich::kEnrichCounts, s.enrich, out);
  return out;
}

json status(const metrics::Snapshot& s) {
  const auto now = static_cast<double>(::time(nullptr));
  json out{{"version", s.version},
           {"commit", s.commit},
           {"compiler", s.compiler},
           {"start_time_seconds", s.start_time_seconds},
           {"uptime_seconds", std::max(0.0, now - s.start_time_seconds)},
           {"workers", s.workers},
           {"steering", s.steering},
           {"ready", s.ready},
           {"not_ready_because", s.not_ready_because},
           {"exporters", exporter_counts(s)},
           {"state", state_of(s.state)},
           {"names", names(s)},
           {"protocols", rows(s.protocols)}};
  out.update(collector_counts(s, metrics::JsonPlace::status));
  return out;
}

json exporters(const metrics::Snapshot& s) {
  json out = exporter_counts(s);
  out["exporters"] = rows(s.exporters);
  out["sinks"] = rows(s.exporter_sinks);
  return out;
}

json listeners(const metrics::Snapshot& s) {
  return {{"listeners", rows(s.listeners)}, {"sessions", rows(s.sessions)}, {"refused", rows(s.refused)}};
}
json sources(const metrics::Snapshot& s) {
  return {{"sources", rows(s.sources)}, {"partitions", rows(s.source_partitions)}};
}
json snmp_of(const metrics::Snapshot& s) {
  json out{{"on", s.snmp.on}, {"asked", rows(s.snmp.devices)}};
  put_counts(snmp::kPollerCounts, s.snmp.counts, out);
  return out;
}
json sinks(const metrics::Snapshot& s) { return {{"sinks", rows(s.sinks)}}; }

// A name that is no UTF-8 is shown with replacement characters instead of failing the whole answer.
Response answer(unsigned status, const json& body) {
  return {.status = status,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
          .headers = {}};
}

Handler show(const metrics::SnapshotSource& source, json (*of)(const metrics::Snapshot&)) {
  return [source, of](const Request&) -> Response { return answer(200, of(source())); };
}

Response show_config(const Configuration& configuration) {
  json settings = json::object();
  for (const auto& [path, value] : configuration.settings()) settings[path] = value;
  return answer(200, {{"settings", settings}});
}

Response reload(const Configuration& configuration) {
  const Configuration::Reloaded done = configuration.reload();
  if (!done.errors.empty())
    return answer(422, {{"error", "the configuration in force stays: " + done.errors.front()},
                        {"errors", done.errors}});
  return answer(200, {{"reloaded", done.reloaded}, {"needs_restart", done.needs_restart}});
}

/// One method for each path: what changes something is asked for by POST.
Response only(std::string_view method, const Request& request, const std::function<Response()>& then) {
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (method == "POST" ? request.method == "POST" : read) return then();
  Response refused = http::error_response(405, "only " + std::string(method) + " is answered here");
  refused.headers.emplace_back("Allow", method == "POST" ? "POST" : "GET, HEAD");
  return refused;
}

}  // namespace

http::Handler make_api_handler(metrics::SnapshotSource source, Configuration configuration) {
  std::map<std::string, Handler, std::less<>> paths{
      {"/api/v1/status", show(source, status)},       {"/api/v1/exporters", show(source, exporters)},
      {"/api/v1/listeners", show(source, listeners)}, {"/api/v1/sources", show(source, sources)},
      {"/api/v1/snmp", show(source, snmp_of)},        {"/api/v1/sinks", show(source, sinks)}};
  if (configuration.settings)
    paths["/api/v1/config"] = [configuration](const Request&) { return show_config(configuration); };
  for (auto& [path, handler] : paths)
    handler = [show_it = std::move(handler)](const Request& request) {
      return only("GET", request, [&] { return show_it(request); });
    };
  if (configuration.reload)
    paths["/api/v1/reload"] = [configuration](const Request& request) {
      return only("POST", request, [&] {
        // A page in a browser on this machine may send a POST, but knows no token.
        if (!configuration.may_reload)
          return http::error_response(403, "nobody may reload here: set api.token");
        return reload(configuration);
      });
    };
  return http::by_path(std::move(paths));
}

}  // namespace sluice::api
