#include "web/tables.hpp"

#include <algorithm>
#include <map>

#include "filter/quantity.hpp"
#include "flow/columns.hpp"
#include "query/choose_table.hpp"
#include "web/engine.hpp"

namespace sluice::web {
namespace {

using std::chrono::sys_seconds;

constexpr std::chrono::seconds kSizesLive{60}, kNamesLive{30}, kAway{2};

std::optional<sys_seconds> time_of(const json& value) {
  if (!value.is_number() || value.get<std::int64_t>() <= 0) return std::nullopt;
  return sys_seconds(std::chrono::seconds(value.get<std::int64_t>()));
}

json time_json(const std::optional<sys_seconds>& time) {
  return time ? json(time->time_since_epoch().count()) : json();
}

/// Of each table that has rows: from its partitions alone, without reading any.
std::string ends_sql(const TableSizes& sizes) {
  std::string out;
  for (const auto& [name, size] : sizes) {
    if (size.rows == 0) continue;
    const std::string time = find_rollup(name) ? "time" : "time_received";
    out += (out.empty() ? "SELECT '" : " UNION ALL SELECT '") + name + "' AS t, toUnixTimestamp(min(" + time +
           ")), toUnixTimestamp(max(" + time + ")) FROM " + name;
  }
  return out;
}

void add_ends(const Store& store, TableSizes& sizes) {
  const std::string sql = ends_sql(sizes);
  if (sql.empty()) return;
  const auto rows = store.rows({.sql = sql, .parameters = {}});
  if (!rows) return;
  for (const json& row : *rows) {
    TableSize& size = sizes[row[0].get<std::string>()];
    size.oldest = time_of(row[1]);
    size.newest = time_of(row[2]);
  }
}

void add_own_parts(const Store& store, TableSizes& sizes) {
  const auto rows = store.rows(
      {.sql = "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = "
              "currentDatabase() GROUP BY table",
       .parameters = {}});
  if (!rows) return;
  for (const json& row : *rows) {
    const auto found = sizes.find(row[0].get<std::string>());
    if (found == sizes.end()) continue;
    found->second.rows = row[1].get<std::uint64_t>();
    found->second.bytes = row[2].get<std::uint64_t>();
  }
}

/// How many shards each cluster has.
std::map<std::string, std::uint64_t> shards(const Store& store) {
  std::map<std::string, std::uint64_t> out;
  const auto rows =
      store.rows({.sql = "SELECT cluster, uniqExact(shard_num) FROM system.clusters GROUP BY cluster",
                  .parameters = {}});
  if (rows)
    for (const json& row : *rows) out[row[0].get<std::string>()] = row[1].get<std::uint64_t>();
  return out;
}

/// Tables of a cluster have no rows themselves. What this node has stands for every shard: flows are spread
/// evenly.
void add_parts_behind(const Store& store, const std::map<std::string, Behind, std::less<>>& distributed,
                      TableSizes& sizes) {
  // Two statements, since the second needs a right that a user may well lack.
  const auto tables =
      store.rows({.sql = "SELECT database, name, engine_full FROM system.tables WHERE database != "
                         "currentDatabase() AND endsWith(engine, 'MergeTree')",
                  .parameters = {}});
  const auto parts =
      store.rows({.sql = "SELECT database, table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE "
                         "active AND database != currentDatabase() GROUP BY database, table",
                  .parameters = {}});
  const auto of_cluster = parts ? shards(store) : std::map<std::string, std::uint64_t>();
  for (const auto& [name, other] : distributed) {
    const auto row_of = [&](const auto& rows) -> const json* {
      if (!rows) return nullptr;
      const auto found = std::ranges::find_if(
          *rows, [&](const json& row) { return row[0] == other.database && row[1] == other.table; });
      return found == rows->end() ? nullptr : &*found;
    };
    TableSize& size = sizes[name];
    if (const json* table = row_of(tables)) size.kept = kept_by((*table)[2].get<std::string>());
    if (const json* part = row_of(parts)) {
      const auto shards_of = of_cluster.find(other.cluster);
      const std::uint64_t times = shards_of == of_cluster.end() ? 1 : shards_of->second;
      size.rows = times * (*part)[2].get<std::uint64_t>();
      size.bytes = times * (*part)[3].get<std::uint64_t>();
    }
  }
}

TableSizes ask_sizes(const Store& store) {
  TableSizes out;
  const auto engines =
      store.rows({.sql = "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()",
                  .parameters = {}});
  if (!engines) return out;
  std::map<std::string, Behind, std::less<>> distributed;
  for (const json& row : *engines) {
    const std::string name = row[0].get<std::string>(), engine = row[1].get<std::string>();
    if (find_rollup(name) == nullptr && name != kRawTable) continue;
    out[name].kept = kept_by(engine);
    if (auto other = behind(engine)) distributed.emplace(name, std::move(*other));
  }
  add_own_parts(store, out);
  if (!distributed.empty()) add_parts_behind(store, distributed, out);
  add_ends(store, out);
  return out;
}

json ask_names(const Store& store) {
  json out{
      {"ok", false}, {"exporters", json::array()}, {"interfaces", json::array()}, {"ases", json::array()}};
  const auto version = store.rows({.sql = "SELECT version()", .parameters = {}});
  if (!version) {
    out["store"] = {{"ok", false}, {"text", version.error().text}};
    return out;
  }
  out["ok"] = true;
  out["store"] = {{"ok", true}, {"version", version->front()[0]}};
  const Dimension exporter = *find_dimension("sampler_address");
  const auto text = [&](const json& address) { return cell_of(exporter, address)["value"]; };
  // Those that have a name, and those of the last day that have none.
  const auto exporters = store.rows({.sql = "SELECT a, max(n) FROM (SELECT sampler_address AS a, "
                                            "argMax(name, last_seen) AS n FROM exporter_names GROUP "
                                            "BY a UNION ALL SELECT DISTINCT sampler_address AS a, '' AS n "
                                            "FROM interfaces_1h WHERE time > now() - 86400) "
                                            "GROUP BY a ORDER BY a LIMIT 10000",
                                     .parameters = {}});
  if (exporters)
    for (const json& row : *exporters)
      out["exporters"].push_back({{"address", text(row[0])}, {"name", row[1]}});
  const auto interfaces = store.rows(
      {.sql =
           "SELECT sampler_address, if_index, argMax(name, last_seen), argMax(description, last_seen) FROM "
           "interface_names GROUP BY sampler_address, if_index ORDER BY sampler_address, if_index LIMIT "
           "20000",
       .parameters = {}});
  if (interfaces)
    for (const json& row : *interfaces)
      out["interfaces"].push_back(
          {{"exporter", text(row[0])}, {"index", row[1]}, {"name", row[2]}, {"description", row[3]}});
  // Of the last day's, as far as they have names.
  const auto ases = store.rows(
      {.sql = "SELECT a, dictGetOrDefault('sluice.asns', 'name', toUInt64(a), '') AS n FROM (SELECT "
              "arrayJoin([src_as, dst_as]) AS a, sum(bytes_corrected) AS b FROM ases_1h WHERE time > "
              "now() - 86400 GROUP BY a ORDER BY b DESC LIMIT 1000) WHERE n != ''",
       .parameters = {}});
  if (ases)
    for (const json& row : *ases) out["ases"].push_back({{"number", row[0]}, {"name", row[1]}});
  return out;
}

json tables_with(std::string_view column) {
  json out = json::array();
  for (const Rollup& rollup : rollups())
    if (has_column(rollup, column)) out.push_back(rollup.name);
  out.push_back(kRawTable);
  return out;
}

json field_json(const filter::Quantity& quantity) {
  const bool dimension = groups(quantity);
  const bool single = quantity.field == nullptr || quantity.name != column_name(*quantity.field);
  json out{{"name", quantity.name},
           {"kind", kind_name(quantity)},
           {"unit", quantity.unit},
           {"meaning", quantity.field ? quantity.field->meaning : "Of a flow, as nfdump has it"},
           {"dimension", dimension},
           {"prefixes", dimension && quantity.kind == filter::Kind::address},
           {"column", lists(quantity)},
           {"filter", true},
           {"tables", single ? json::array({kRawTable}) : tables_with(quantity.name)}};
  if (const auto* back = filter::reversed(quantity); back != &quantity) out["reverse"] = back->name;
  return out;
}

}  // namespace

Tables::Tables(const Store& store)
    : sizes_([&store] {
        TableSizes out = ask_sizes(store);
        return Refreshed<TableSizes>::Made{out, out.empty() ? kAway : kSizesLive};
      }),
      names_([&store] {
        json out = ask_names(store);
        return Refreshed<json>::Made{out, out.value("ok", false) ? kNamesLive : kAway};
      }) {}

json fields_json() {
  json out = json::array();
  for (const filter::Quantity& quantity : filter::quantities()) out.push_back(field_json(quantity));
  const auto service = std::ranges::find(alias_columns(), kServicePort, &AliasColumn::name);
  out.push_back({{"name", kServicePort},
                 {"kind", "number"},
                 {"unit", ""},
                 {"meaning", service->meaning},
                 {"dimension", true},
                 {"prefixes", false},
                 {"column", false},
                 {"filter", false},
                 {"tables", tables_with(kServicePort)}});
  return out;
}

json tables_json(const TableSizes& sizes) {
  json out = json::array();
  const auto add = [&](std::string_view name, std::int64_t step) {
    static const TableSize kNone;
    const auto found = sizes.find(name);
    const TableSize& size = found == sizes.end() ? kNone : found->second;
    const std::chrono::seconds kept = kept_for(sizes, name);
    out.push_back({{"name", name},
                   {"step", step},
                   {"days", kept >= query::kForGood ? json() : json(kept / std::chrono::days(1))},
                   {"oldest", time_json(size.oldest)},
                   {"newest", time_json(size.newest)},
                   {"rows", size.rows},
                   {"bytes", size.bytes}});
  };
  for (const Rollup& rollup : rollups()) add(rollup.name, rollup.step.length.count());
  add(kRawTable, 0);
  return out;
}

}  // namespace sluice::web
