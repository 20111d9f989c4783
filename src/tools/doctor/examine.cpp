#include "doctor/examine.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "doctor/checks.hpp"
#include "util/clock.hpp"

namespace sluice::doctor {
namespace {

using Clock = std::chrono::steady_clock;

void append(Findings& to, Findings from) { std::move(from.begin(), from.end(), std::back_inserter(to)); }

std::uint64_t own_file_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

bool writes_flows_to_kafka(const config::Config& config) {
  return std::any_of(config.sinks.begin(), config.sinks.end(), [](const auto& named) {
    return named.second.kafka() && named.second.stream == encode::Stream::flows;
  });
}

Store store_of(const config::Config& config, const Options& options) {
  const http::Url server = options.clickhouse.value_or(http::Url{.host = "127.0.0.1"});
  Store out;
  out.where = server.to_string();
  out.named = options.clickhouse.has_value();
  out.ask = [server, login = options.login,
             trust = options.trust](const std::string& sql) -> Result<std::string, query::Problem> {
    std::string answer;
    const auto done = query::ask(
        server, login, {.sql = sql, .format = "TabSeparated"},
        [&](std::string_view /*format*/, std::string_view piece) {
          answer += piece;
          return true;
        },
        trust);
    if (!done) return failure(done.error());
    return answer;
  };
  out.lag = [&config](const std::string& topic,
                      const std::string& group) -> std::optional<Result<std::uint64_t, std::string>> {
    for (const auto& [name, sink] : config.sinks)
      if (sink.kafka() && sink.kafka()->topic == topic) return consumer_lag(name, sink, topic, group);
    return std::nullopt;
  };
  return out;
}

}  // namespace

Findings examine(const config::Config& config, const Options& options) {
  const Machine machine;
  const Collector collector = ask_collector(config, options.trust);
  const auto drops = udp_drops(machine);
  const auto began = Clock::now();

  Findings out = check_collector(collector);
  append(out, check_running_configuration(config, collector, options.trust));
  if (!config.listeners.empty()) out.push_back(check_receive_buffers(config, machine, collector));
  append(out, check_ports(config, machine, collector));
  out.push_back(check_clock(clock_state()));
  append(out, check_directories(config));
  append(out, check_names(collector, static_cast<double>(unix_ns()) / 1e9));
  append(out, check_routers(collector, static_cast<double>(unix_ns()) / 1e9));
  out.push_back(check_descriptors(collector, own_file_limit()));
  append(out, check_connection_table(machine));
  append(out, check_brokers(config));
  append(out, check_databases(config));
  if (options.clickhouse || writes_flows_to_kafka(config))
    append(out, check_clickhouse(config, store_of(config, options), static_cast<double>(unix_ns()) / 1e9));

  // What was lost meanwhile is being lost now.
  std::this_thread::sleep_until(began + options.watch);
  append(out, check_udp_drops(drops, udp_drops(machine)));
  if (collector.runs())
    if (const Collector again = ask_collector(config, options.trust); again.runs()) {
      append(out, check_losses(collector.metrics, again.metrics));
      append(out, check_snmp(config, again.metrics, static_cast<double>(unix_ns()) / 1e9));
    }
  return out;
}

}  // namespace sluice::doctor
