// The running collector, as its /metrics tells.
#include <algorithm>
#include <array>
#include <cmath>

#include "doctor/checks.hpp"

namespace sluice::doctor {
namespace {

constexpr const char* kErrors = "sluice_exporter_decode_errors_total";

/// An exporter of one protocol, with what it did to deserve attention.
struct Row {
  Labels labels;
  double ratio = 0;

  std::string text() const {
    const std::string name = labels.at("name").empty() ? "" : " (" + labels.at("name") + ")";
    return labels.at("exporter") + name + ", " + labels.at("protocol");
  }
};

/// The rows whose `ratio` is above `bound`, the worst first.
template <class RatioOf>
std::vector<Row> rows_above(const Reading& metrics, double bound, RatioOf ratio) {
  std::vector<Row> out;
  for (const Sample& sample : metrics.of("sluice_exporter_datagrams_total"))
    if (const double one = ratio(sample.labels, sample.value); one > bound)
      out.push_back({sample.labels, one});
  std::sort(out.begin(), out.end(), [](const Row& a, const Row& b) { return a.ratio > b.ratio; });
  return out;
}

std::string exporters_text(const std::vector<Row>& rows) {
  return rows.size() == 1
             ? "exporter " + rows.front().text()
             : counted(static_cast<double>(rows.size()), "exporter") + ", the worst " + rows.front().text();
}

Labels plus(Labels labels, const char* name, const char* value) {
  labels[name] = value;
  return labels;
}

void add_kernel(Findings& out, const Reading& before, const Reading& after) {
  const char* const drops = "sluice_listener_kernel_drops_total";
  const double now = after.sum(drops), received = after.sum("sluice_listener_datagrams_total");
  const double recent = now - before.sum(drops);
  constexpr const char* kAdvice =
      "; see the check of receive buffers, and whether the workers are short of CPU.";
  if (recent > 0)
    out.push_back({"kernel drops", Status::fail,
                   "The kernel is throwing datagrams of the running sluice away, " +
                       counted(recent, "datagram") + " while this ran" + kAdvice});
  else if (now > 0.001 * (now + received))
    out.push_back({"kernel drops", Status::warning,
                   "The kernel threw away " + percent(now / (now + received)) +
                       " of the datagrams since sluice started, none while this ran" + kAdvice});
  else
    out.push_back({"kernel drops", Status::ok,
                   std::to_string(static_cast<std::uint64_t>(now)) + " of " +
                       counted(now + received, "datagram") +
                       " were thrown away by the kernel since sluice started."});
}

void add_sinks(Findings& out, const Reading& before, const Reading& after) {
  for (const Sample& sink : after.of("sluice_sink_delivered_flows_total")) {
    const Labels one = {{"sink", sink.labels.at("sink")}};
    const auto lost = [&](const Reading& metrics) {
      return metrics.sum("sluice_sink_shed_flows_total", one) +
             metrics.sum("sluice_sink_failed_flows_total", one);
    };
    const std::string check = "sink " + one.at("sink");
    const double queued = after.sum("sluice_sink_queued_flows", one);
    const std::string state =
        counted(sink.value, "flow") + " delivered, " + counted(queued, "flow") + " queued";
    if (const double recent = lost(after) - lost(before); recent > 0)
      out.push_back({check, Status::fail,
                     counted(recent, "flow") + " lost while this ran; the log of sluice and "
                                               "sluice_sink_failed_flows_total say why, and shed flows are "
                                               "those for which the queue had no room."});
    else if (lost(after) > 0)
      out.push_back({check, Status::warning,
                     counted(lost(after), "flow") + " lost since sluice started, none while this ran (" +
                         state + "); the log of sluice says why."});
    else
      out.push_back({check, Status::ok, state + ", none lost since sluice started."});
  }
}

struct Rule {
  const char* check;
  double bound;
  double (*ratio)(const Reading& metrics, const Labels& labels, double datagrams);
  const char* what;  ///< follows "Of exporter X, "
  const char* advice;
};

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

constexpr std::array kRules = {
    Rule{"network loss", 0.01,
         [](const Reading& metrics, const Labels& labels, double datagrams) {
           const double lost =
               metrics.sum("sluice_exporter_lost_datagrams", plus(labels, "where", "network"));
           return share(lost, lost + datagrams);
         },
         "of the datagrams did not arrive, by their sequence numbers",
         "look at the links and firewalls on the way, and at this machine's card (ethtool -S)"},
    Rule{"templates", 0.001,
         [](const Reading& metrics, const Labels& labels, double datagrams) {
           return share(metrics.sum("sluice_exporter_held_expired_datagrams_total", labels) +
                            metrics.sum("sluice_exporter_held_refused_datagrams_total", labels),
                        datagrams);
         },
         "of the datagrams had data whose template did not come",
         "have the device send templates every minute"},
    Rule{"decoding", 0.01,
         [](const Reading& metrics, const Labels& labels, double datagrams) {
           double harmless = 0;
           for (const char* reason : {"missing_template", "unknown_set", "unknown_sample"})
             harmless += metrics.sum(kErrors, plus(labels, "reason", reason));
           return share(metrics.sum(kErrors, labels) - harmless, datagrams);
         },
         "as many decode errors as datagrams",
         "docs/metrics.md says what each reason means (sluice_exporter_decode_errors_total)"},
    Rule{"sampling rates", 0.1,
         [](const Reading& metrics, const Labels& labels, double /*datagrams*/) {
           return share(metrics.sum("sluice_exporter_rates_unknown_total", labels),
                        metrics.sum("sluice_exporter_flows_total", labels));
         },
         "of the flows have no sampling rate and count as unsampled",
         "set exporters[].sampling_rate_default for it, 1 where it does not sample"},
};

void add_exporters(Findings& out, const Reading& metrics) {
  for (const Rule& rule : kRules) {
    const auto rows = rows_above(metrics, rule.bound, [&](const Labels& labels, double datagrams) {
      return rule.ratio(metrics, labels, datagrams);
    });
    if (rows.empty()) continue;
    out.push_back({rule.check, Status::warning,
                   percent(rows.front().ratio) + ' ' + rule.what + " (" + exporters_text(rows) +
                       ", since sluice started); " + rule.advice + "."});
  }
  const auto clocks = rows_above(metrics, 10, [&](const Labels& labels, double /*datagrams*/) {
    return std::abs(metrics.sum("sluice_exporter_clock_difference_seconds", labels));
  });
  if (!clocks.empty())
    out.push_back({"exporters' clocks", Status::warning,
                   "The clock of " + exporters_text(clocks) + " differs from this machine's by " +
                       counted(clocks.front().ratio, "second") + "; set it (NTP)."});
}

void add_limits(Findings& out, const Reading& metrics) {
  if (const double refused = metrics.sum("sluice_exporters_refused_total"); refused > 0)
    out.push_back({"exporters", Status::fail,
                   counted(refused, "datagram") +
                       " of new exporters refused since sluice started, because its table "
                       "is full; raise decode.max_exporters or decode.state_bytes, or keep strangers off the "
                       "ports."});
  if (const double errors = metrics.sum("sluice_state_write_errors_total"); errors > 0)
    out.push_back(
        {"state file", Status::warning,
         "It could not be written, " + counted(errors, "time") + " since sluice started; the log says why."});
}

}  // namespace

http::Url server_of(const Endpoint& endpoint) {
  std::string host = endpoint.address.to_string();
  if (endpoint.address.all_zero()) host = endpoint.address.is_v4() ? "127.0.0.1" : "::1";
  return {.host = host, .port = std::to_string(endpoint.port)};
}

Collector ask_collector(const config::Config& config, const http::Trust& trust) {
  Collector out;
  const auto endpoint = parse_endpoint(config.metrics.listen);
  if (!endpoint) {
    out.presence = Collector::Presence::off;
    return out;
  }
  http::Url server = server_of(*endpoint);
  server.tls = !config.metrics.certificate_file.empty();
  out.where = server.to_string();
  const auto body = query::get(server, "/metrics", config.metrics.token, trust);
  if (!body) {
    const query::Problem& problem = body.error();
    out.presence = problem.kind == query::Problem::Kind::unreachable ? Collector::Presence::nobody
                   : problem.kind == query::Problem::Kind::untrusted ? Collector::Presence::untrusted
                   : problem.code == 403                             ? Collector::Presence::refused
                                                                     : Collector::Presence::stranger;
    return out;
  }
  out.metrics = Reading::parse(*body);
  out.presence =
      out.metrics.has("sluice_build_info") ? Collector::Presence::sluice : Collector::Presence::stranger;
  return out;
}

Findings check_collector(const Collector& collector) {
  const std::string unseen = "; its losses and limits were not looked at.";
  switch (collector.presence) {
    case Collector::Presence::off:
      return {{"collector", Status::warning,
               "metrics.listen is empty, so that a running sluice cannot be asked" + unseen}};
    case Collector::Presence::nobody:
      return {
          {"collector", Status::warning,
           "No sluice answers at " + collector.where + ", so none runs with this configuration" + unseen}};
    case Collector::Presence::refused:
      return {{"collector", Status::warning,
               "metrics.allow does not let this machine ask " + collector.where + unseen}};
    case Collector::Presence::untrusted:
      return {{"collector", Status::warning,
               "The certificate of " + collector.where +
                   " is not made out to that address, or signed by nobody who is trusted here (--ca-file)" +
                   unseen}};
    case Collector::Presence::stranger:
      return {{"collector", Status::fail,
               "What answers at " + collector.where +
                   " (metrics.listen) is no sluice; set another port, or end that."}};
    case Collector::Presence::sluice:
      break;
  }
  const auto& info = collector.metrics.of("sluice_build_info").front().labels;
  const auto version = info.find("version");
  const std::string name =
      "sluice " + (version == info.end() ? "" : version->second + ' ') + "at " + collector.where;
  if (collector.metrics.sum("sluice_ready") == 0)
    return {{"collector", Status::fail, name + " is not ready; " + collector.where + "/readyz says why."}};
  const double exporters = collector.metrics.sum("sluice_exporters");
  if (exporters == 0)
    return {
        {"collector", Status::warning,
         name +
             " runs, but no exporter has sent it anything; look at the devices' export configuration and at "
             "firewalls."}};
  return {{"collector", Status::ok, name + " runs and knows " + counted(exporters, "exporter") + "."}};
}

Findings check_losses(const Reading& before, const Reading& after) {
  Findings out;
  add_kernel(out, before, after);
  add_sinks(out, before, after);
  add_limits(out, after);
  const auto problems = out.size();
  add_exporters(out, after);
  if (out.size() == problems)
    out.push_back({"exporters", Status::ok,
                   "No exporter stands out: losses on the network, templates, decoding, "
                   "sampling rates and clocks are as they should be."});
  return out;
}

}  // namespace sluice::doctor
