// The section `enrich`: where names come from.
#include <algorithm>
#include <utility>

#include "config/tables.hpp"
#include "enrich/names.hpp"
#include "enrich/rules.hpp"
#include "setting/text.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using enrich::InterfaceSettings;
using enrich::NetworkSettings;
using enrich::RuleSettings;
using enrich::SourceSettings;

/// Of an attribute; as long as those of files may be.
Codec<std::string> attribute_text() {
  return text("text", "up to 255 bytes without control characters",
              [](std::string_view given) { return given.size() <= enrich::kLongestText; });
}

Codec<std::string> prefix_text() {
  return text("prefix", "a prefix or an address such as 192.0.2.0/24 or 2001:db8::1",
              [](std::string_view given) { return IpPrefix::parse(given).has_value(); });
}

Codec<std::string> any_text() {
  return text("text", "text", [](std::string_view) { return true; });
}

template <std::size_t I>
std::string& network_text(NetworkSettings& one) {
  return one.facts.*enrich::kNetworkAttributes[I].member;
}
template <std::size_t I>
std::string& interface_text(InterfaceSettings& one) {
  return one.facts.*enrich::kInterfaceAttributes[I].member;
}

template <std::size_t... I>
void add_attributes(Table<NetworkSettings>& t, std::index_sequence<I...>) {
  (t.push_back(row_at<NetworkSettings, std::string>(
       &network_text<I>, std::string(enrich::kNetworkAttributes[I].key), attribute_text(), "",
       std::string(enrich::kNetworkAttributes[I].meaning))),
   ...);
}
template <std::size_t... I>
void add_attributes(Table<InterfaceSettings>& t, std::index_sequence<I...>) {
  (t.push_back(row_at<InterfaceSettings, std::string>(
       &interface_text<I>, std::string(enrich::kInterfaceAttributes[I].key), attribute_text(), "",
       std::string(enrich::kInterfaceAttributes[I].meaning))),
   ...);
}

Table<NetworkSettings> make_network_table() {
  using N = NetworkSettings;
  Table<N> t{
      row<N, &N::prefix>("prefix", prefix_text(), "", "Addresses of the network; the longest prefix counts")
          .defaults_to("none, must be given")};
  add_attributes(t, std::make_index_sequence<enrich::kNetworkAttributes.size()>());
  t.push_back(row<N, &N::facts, &enrich::NetworkFacts::as>("asn", integer<std::uint32_t>(0, 0xffffffff), "",
                                                           "Its AS number; 0: not said here"));
  return t;
}

Table<InterfaceSettings> make_interface_table() {
  using I = InterfaceSettings;
  Table<I> t{
      row<I, &I::exporter>("exporter", prefix_text(), "",
                           "Exporters whose interface it is; the longest prefix counts")
          .defaults_to("none, must be given"),
      row<I, &I::index>("index", integer<std::uint32_t>(1, 0xffffffff), "ifIndex", "Number of the interface")
          .defaults_to("none, must be given")};
  add_attributes(t, std::make_index_sequence<enrich::kInterfaceAttributes.size()>());
  t.push_back(row<I, &I::facts, &enrich::InterfaceFacts::speed>(
      "speed", integer<std::uint64_t>(0, 1'000'000'000'000'000), "bits/s", "Its speed; 0: not said here"));
  return t;
}

/// A map of what a rule sets.
void read_set(Reading& in, const std::string& path, const Value& value, RuleSettings& rule) {
  in.note(path, value);
  const auto map = as_map(in, path, value, "it takes a map such as {boundary: external, provider: '\\1'}");
  if (!map) return;
  rule.set.clear();
  for (std::size_t i = 0; i < map->items.size(); ++i) {
    const std::string at = path + "." + map->keys[i];
    if (const auto given = as_text(in, at, map->items[i], "it takes a text"))
      rule.set.push_back({map->keys[i], *given});
  }
}

Value write_set(const RuleSettings& rule) {
  Value out = Value::map();
  for (const enrich::Assignment& one : rule.set) out.set(one.field, Value::of(one.value));
  return out;
}

Table<RuleSettings> make_rule_table() {
  using R = RuleSettings;
  Table<R> t{
      row<R, &R::exporter>(
          "exporter",
          text("prefix, or empty", "a prefix or an address such as 192.0.2.0/24, or nothing",
               [](std::string_view given) { return given.empty() || IpPrefix::parse(given).has_value(); }),
          "", "Exporters that the rule is about; empty: all"),
      row<R, &R::match>("match", any_text(), "",
                        "Filter (docs/filter.md) of the flows that it is about; empty: all"),
      row<R, &R::interface>(
          "interface", any_text(), "",
          "Regular expression of RE2, in any case of letters: the rule is about interfaces whose "
          "description, or else name, has it; then it has no match"),
      special<R>(
          "set", "map",
          "What the flow, or what the interface, gets: field and text; of interfaces \\1 to \\9 are what the "
          "expression's brackets held",
          "{}", read_set, write_set)
          .holds<&R::set>(),
      row<R, &R::drop>("drop", boolean(), "", "true: no sink gets the flow; it is counted as filtered"),
  };
  return t;
}

/// A list of maps, each read by the table; `needed` are keys that it must have, with an example of each.
template <class One>
void read_list(Reading& in, const std::string& path, const Value& value, const Table<One>& table,
               const std::vector<std::pair<const char*, const char*>>& needed, const char* such_as,
               std::vector<One>& out) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, std::string("it takes a list of maps such as [") + such_as + "]");
  if (!list) return;
  out.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string at = element(path, i);
    One& one = out.emplace_back();
    const auto map = as_map(in, at, list->items[i], std::string("it takes a map such as ") + such_as);
    if (!map) continue;
    read_section(in, table, at, *map, one);
    for (const auto& [key, example] : needed)
      if (map->find(key) == nullptr)
        in.fault(at, list->items[i].origin,
                 at + " has no " + key + "; add one, such as " + key + ": " + example);
  }
}

void read_networks(Reading& in, const std::string& path, const Value& value, Config& config) {
  read_list(in, path, value, network_table(), {{"prefix", "192.0.2.0/24"}},
            "{prefix: 192.0.2.0/24, name: campus, site: berlin}", config.enrich.networks);
}

void read_interfaces(Reading& in, const std::string& path, const Value& value, Config& config) {
  read_list(in, path, value, interface_table(), {{"exporter", "198.51.100.1"}, {"index", "12"}},
            "{exporter: 198.51.100.1, index: 12, name: xe-0/0/0, boundary: external}",
            config.enrich.interfaces);
  for (std::size_t i = 0; i < config.enrich.interfaces.size(); ++i) {
    const std::string at = element(path, i) + ".boundary";
    const std::string& boundary = config.enrich.interfaces[i].facts.boundary;
    if (!boundary.empty() && boundary != "external" && boundary != "internal" && !in.failed(at))
      in.fault(at, in.origin(at), at + " is " + quote(boundary) + "; it takes external or internal");
  }
}

void read_rules(Reading& in, const std::string& path, const Value& value, Config& config) {
  read_list(in, path, value, rule_table(), {},
            "{interface: '^transit: (\\S+)', set: {boundary: external, provider: '\\1'}}",
            config.enrich.rules);
  for (std::size_t i = 0; i < config.enrich.rules.size(); ++i) {
    const std::string at = element(path, i);
    for (const enrich::RuleFault& fault : enrich::faults_of(config.enrich.rules[i])) {
      const std::string setting = fault.setting.empty() ? at : at + "." + fault.setting;
      if (in.failed(setting)) continue;
      in.fault(setting, in.origin(setting), setting + " " + fault.text);
    }
  }
}

void read_as_from(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list = as_list(in, path, value, "it takes a list such as [exporter, networks, database]");
  if (!list) return;
  auto& out = config.enrich.as_from;
  out.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string at = element(path, i);
    enrich::AsSource source{};
    std::vector<Word<enrich::AsSource>> words;
    for (const auto& [word, value_of] : enrich::kAsSources) words.push_back({word, value_of});
    if (!read_text(in, at, list->items[i], choice(std::move(words)), source)) continue;
    if (std::ranges::find(out, source) != out.end())
      in.fault(at, list->items[i].origin, at + " stands in " + path + " twice; name each source once");
    out.push_back(source);
  }
}

template <class One>
Table<One> reloading(Table<One> table) {
  for (Row<One>& row : table) row.reloads = true;
  return table;
}

template <auto Member>
Row<Config> list_row(const char* key, const char* meaning, const char* by_default,
                     void (*read)(Reading&, const std::string&, const Value&, Config&),
                     std::function<Value(const Config&)> write) {
  Row<Config> out = special<Config>(key, "list", meaning, by_default, read, std::move(write));
  out.same = [](const Config& a, const Config& b) { return a.enrich.*Member == b.enrich.*Member; };
  out.copy = [](const Config& from, Config& to) { to.enrich.*Member = from.enrich.*Member; };
  out.reloads = true;
  return out;
}

template <auto Member, class V>
Row<Config> of_enrich(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<Config, &Config::enrich, Member>(key, std::move(codec), unit, meaning).at_reload();
}

}  // namespace

const Table<NetworkSettings>& network_table() {
  static const Table<NetworkSettings> table = reloading(make_network_table());
  return table;
}

const Table<InterfaceSettings>& interface_table() {
  static const Table<InterfaceSettings> table = reloading(make_interface_table());
  return table;
}

const Table<RuleSettings>& rule_table() {
  static const Table<RuleSettings> table = reloading(make_rule_table());
  return table;
}

void add_enrich(Table<Config>& t) {
  using S = SourceSettings;
  t.push_back(of_enrich<&S::as_file>(
      "enrich.as.file", file_path(), "",
      "Database of AS numbers: in MaxMind's format (mmdb), or, where the name ends in .csv, lines of first "
      "address, last address, number, name; empty: none"));
  t.push_back(list_row<&S::as_from>(
      "enrich.as.from",
      "Who says the AS numbers of a flow, the first that knows one: exporter, networks, database",
      "[exporter, networks, database]", read_as_from, [](const Config& config) {
        return list_of(config.enrich.as_from, [](enrich::AsSource one) {
          return Value::of(std::string(word_of(enrich::kAsSources, one)));
        });
      }));
  t.push_back(of_enrich<&S::country_file>("enrich.country.file", file_path(), "",
                                          "Database of countries in MaxMind's format (mmdb); empty: none"));
  t.push_back(list_row<&S::networks>(
      "enrich.networks",
      "Networks by prefix; of two entries of one prefix the later one counts, and these before the "
      "file's",
      "[]", read_networks, [](const Config& config) {
        return list_of(config.enrich.networks,
                       [](const NetworkSettings& one) { return write_section(network_table(), one); });
      }));
  t.push_back(of_enrich<&S::networks_file>("enrich.networks_file", file_path(), "",
                                           "The same as CSV: a first line of column names, prefix and any of "
                                           "name, role, site, region, tenant, asn"));
  t.push_back(list_row<&S::interfaces>(
      "enrich.interfaces",
      "What is known of interfaces by exporter and ifIndex, before what the exporter says; these "
      "before the file's",
      "[]", read_interfaces, [](const Config& config) {
        return list_of(config.enrich.interfaces,
                       [](const InterfaceSettings& one) { return write_section(interface_table(), one); });
      }));
  t.push_back(of_enrich<&S::interfaces_file>("enrich.interfaces_file", file_path(), "",
                                             "The same as CSV: exporter, index and any of name, description, "
                                             "boundary, connectivity, provider, speed"));
  t.push_back(list_row<&S::rules>(
      "enrich.rules",
      "What more is known of interfaces and flows, in order: the first rule that sets something counts", "[]",
      read_rules, [](const Config& config) {
        return list_of(config.enrich.rules,
                       [](const RuleSettings& one) { return write_section(rule_table(), one); });
      }));
  t.push_back(of_enrich<&S::check_every>(
      "enrich.check_every", whole_seconds(0s, 24h), "",
      "How often files of names are looked at for changes; 0s: at a reload alone"));
  t.push_back(of_enrich<&S::cached_addresses>(
      "enrich.cached_addresses", integer<std::uint32_t>(1, 1U << 24), "addresses",
      "Addresses of which each thread keeps what was found, 32 bytes each; rounded up to a power of two"));
}

}  // namespace sluice::config
