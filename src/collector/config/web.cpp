// The settings of `sluice web`.
#include "config/tables.hpp"
#include "flow/endpoint.hpp"
#include "setting/text.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMB = 1ULL << 20;

Codec<std::string> listen() {
  return text("ADDRESS:PORT", "an address and a port such as \"127.0.0.1:8082\" or \"[::1]:8082\"",
              [](std::string_view given) { return parse_endpoint(given).has_value(); });
}

Codec<std::string> url(const std::string& example) {
  return text("URL", "a URL such as " + example, [](std::string_view given) {
    return given.starts_with("http://") || given.starts_with("https://");
  });
}

Codec<std::string> short_text() {
  return text("text", "up to 255 bytes without control characters",
              [](std::string_view given) { return given.size() <= 255; });
}

template <auto Member, class V>
Row<Config> of_web(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<Config, &Config::web, Member>(key, std::move(codec), unit, meaning);
}

bool read_collector(Reading& in, const std::string& path, const Value& value, WebCollector& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind != Value::Kind::map) {
    in.fault(path, value.origin,
             path + " is " + described(value) + "; it takes a map such as {url: \"http://127.0.0.1:8081\"}");
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, web_collector_table(), path, value, out);
  if (value.find("url") == nullptr)
    in.fault(path, value.origin, path + " has no url; add one, such as url: http://127.0.0.1:8081");
  return in.findings().size() == before;
}

void read_collectors(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of maps such as [{url: \"http://127.0.0.1:8081\"}]");
  if (!list) return;
  config.web.collectors.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i)
    read_collector(in, element(path, i), list->items[i], config.web.collectors.emplace_back());
}

void read_hosts(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list = as_list(in, path, value, "it takes a list of names such as [flows.example.net]");
  if (!list) return;
  config.web.hosts.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i)
    if (const auto name =
            as_text(in, element(path, i), list->items[i], "it takes a name such as flows.example.net"))
      config.web.hosts.push_back(*name);
}

Row<Config> hosts_row() {
  auto out = special<Config>("web.hosts", "list of names",
                             "Names beside localhost and its addresses that browsers may ask it by; requests "
                             "for others are refused",
                             "[]", read_hosts, [](const Config& config) {
                               return list_of(config.web.hosts,
                                              [](const std::string& name) { return Value::of(name); });
                             });
  out.same = [](const Config& a, const Config& b) { return a.web.hosts == b.web.hosts; };
  out.copy = [](const Config& from, Config& to) { to.web.hosts = from.web.hosts; };
  return out;
}

Row<Config> collectors_row() {
  auto out = special<Config>(
      "web.collectors", "list", "APIs of the collectors whose losses it tells beside the flows", "[]",
      read_collectors, [](const Config& config) {
        return list_of(config.web.collectors,
                       [](const WebCollector& one) { return write_section(web_collector_table(), one); });
      });
  out.same = [](const Config& a, const Config& b) { return a.web.collectors == b.web.collectors; };
  out.copy = [](const Config& from, Config& to) { to.web.collectors = from.web.collectors; };
  return out;
}

void add_store(Table<Config>& t) {
  using W = Web;
  t.push_back(of_web<&W::clickhouse_url>("web.clickhouse.url", url("http://127.0.0.1:8123"), "",
                                         "Where the flows are: ClickHouse's HTTP interface or sluice store"));
  t.push_back(of_web<&W::clickhouse_user>("web.clickhouse.user", short_text(), "",
                                          "Who asks there; empty: the server's default user"));
  t.push_back(of_web<&W::clickhouse_password_file>("web.clickhouse.password_file", file_path(), "",
                                                   "File whose first line is that user's password"));
  t.push_back(of_web<&W::clickhouse_database>("web.clickhouse.database", short_text(), "",
                                              "Database with the tables of the flows"));
  t.push_back(of_web<&W::clickhouse_ca_file>(
      "web.clickhouse.ca_file", file_path(), "",
      "PEM file of whom to believe that it is that server; empty: the system's authorities"));
}

void add_limits(Table<Config>& t) {
  using W = Web;
  t.push_back(of_web<&W::query_time>("web.query.time", whole_seconds(1s, 1h), "",
                                     "Longest that one statement may take"));
  t.push_back(of_web<&W::query_memory>("web.query.memory", size(16 * kMB, 1024 * 1024 * kMB), "bytes",
                                       "Most memory that one statement may take in the store"));
  t.push_back(of_web<&W::query_rows>("web.query.rows", integer<std::uint32_t>(10, 1'000'000), "rows",
                                     "Most rows of one answer on the screen"));
  t.push_back(of_web<&W::query_export_rows>(
      "web.query.export_rows", integer<std::uint64_t>(10, 1'000'000'000), "rows", "Most rows of one export"));
  t.push_back(of_web<&W::query_at_once>("web.query.at_once", integer<std::uint32_t>(1, 1000), "statements",
                                        "Statements that run at once; more wait. Keep it below the "
                                        "connections of the store, as progress needs some"));
  t.push_back(of_web<&W::query_ask_above>(
      "web.query.ask_above", integer<std::uint64_t>(0, 1'000'000'000'000), "rows",
      "A question that would read more rows is answered only where somebody confirms that it may"));
}

}  // namespace

const Table<WebCollector>& web_collector_table() {
  static const Table<WebCollector> table{
      row<WebCollector, &WebCollector::url>("url", url("http://127.0.0.1:8081"), "",
                                            "Where its API listens (api.listen)")
          .defaults_to("none, must be given"),
      row<WebCollector, &WebCollector::token_file>("token_file", file_path(), "",
                                                   "File with the token that it wants (api.token)"),
  };
  return table;
}

void add_web(Table<Config>& t) {
  using W = Web;
  t.push_back(
      of_web<&W::listen>("web.listen", listen(), "",
                         "Where `sluice web` serves its page; off loopback web.token_file is demanded"));
  t.push_back(of_web<&W::token_file>("web.token_file", file_path(), "",
                                     "File with the token that readers must give; empty: none"));
  t.push_back(hosts_row());
  t.push_back(
      of_web<&W::tls_certificate_file>("web.tls.certificate_file", file_path(), "",
                                       "PEM file with its certificate and those above; empty: plain HTTP"));
  t.push_back(
      of_web<&W::tls_key_file>("web.tls.key_file", file_path(), "", "PEM file with the certificate's key"));
  add_store(t);
  t.push_back(collectors_row());
  add_limits(t);
}

void check_web(Reading& in, const Config& config) {
  const Web& web = config.web;
  const auto at = parse_endpoint(web.listen);
  if (at && !at->loopback() && web.token_file.empty() && !in.failed("web.token_file"))
    in.fault("web.listen", in.origin("web.listen"),
             "web.listen " + web.listen +
                 " is reachable from other machines; set web.token_file or listen on 127.0.0.1");
  if (web.tls_certificate_file.empty() != web.tls_key_file.empty()) {
    const std::string given = web.tls_key_file.empty() ? "web.tls.certificate_file" : "web.tls.key_file";
    const std::string missing = web.tls_key_file.empty() ? "web.tls.key_file" : "web.tls.certificate_file";
    in.fault(given, in.origin(given), given + " is given and " + missing + " is not; give both or none");
  }
}

}  // namespace sluice::config
