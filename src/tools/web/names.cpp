#include "web/names.hpp"

#include <algorithm>

namespace sluice::web {
namespace {

/// A dictionary that has names for a dimension's values; {x} stands for the value.
struct Source {
  std::string_view ends_with;
  std::string_view sql;
  std::string_view type;
};
constexpr Source kSources[] = {
    {"_as", "dictGetOrDefault('sluice.asns', 'name', x, '')", "UInt64"},
    {"sampler_address", "dictGetOrDefault('sluice.exporters', 'name', tuple(x), '')", "IPv6"},
    {"_port",
     "dictGetOrDefault('sluice.ports', 'name', tuple(toUInt64(6), x), dictGetOrDefault('sluice.ports', "
     "'name', tuple(toUInt64(17), x), ''))",
     "UInt64"},
    {"_addr", "dictGetOrDefault('sluice.networks', 'name', tuple(x), '')", "IPv6"},
};

const Source* source_of(const Dimension& dimension) {
  if (dimension.prefix) return nullptr;
  const std::string column = dimension.column();
  const auto* found =
      std::ranges::find_if(kSources, [&](const Source& one) { return column.ends_with(one.ends_with); });
  return found == std::end(kSources) ? nullptr : found;
}

std::string array_of(const std::vector<Key>& keys, std::size_t at, bool text) {
  std::string out;
  for (const Key& key : keys) {
    const std::string value = bound_text(key[at]);  // a number, or an address: no quote is in it
    out += (out.empty() ? "[" : ", ") + (text ? "'" + value + "'" : value);
  }
  return out + "]";
}

void put_names(const Store& store, const Statement& statement, std::size_t at,
               std::vector<std::vector<json>>& cells) {
  const auto rows = store.rows(statement);
  if (!rows || rows->size() != cells.size()) return;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if ((*rows)[i].size() == 1 && (*rows)[i][0].is_string() &&
        !(*rows)[i][0].get_ref<const std::string&>().empty())
      cells[i][at]["name"] = (*rows)[i][0];
}

/// Interfaces have names only together with their exporter.
std::optional<std::size_t> exporter_among(const std::vector<Dimension>& by) {
  for (std::size_t i = 0; i < by.size(); ++i)
    if (by[i].text == "sampler_address") return i;
  return std::nullopt;
}

}  // namespace

std::vector<std::vector<json>> named_cells(const Store& store, const std::vector<Dimension>& by,
                                           const std::vector<Key>& keys) {
  std::vector<std::vector<json>> cells;
  for (const Key& key : keys) {
    auto& row = cells.emplace_back();
    for (std::size_t d = 0; d < by.size(); ++d) row.push_back(cell_of(by[d], key[d]));
  }
  if (keys.empty()) return cells;
  const auto exporter = exporter_among(by);
  for (std::size_t d = 0; d < by.size(); ++d) {
    const std::string column = by[d].column();
    if ((column == "in_if" || column == "out_if") && exporter) {
      put_names(store,
                {.sql = "SELECT dictGetOrDefault('sluice.interfaces', 'name', (x.1, x.2), '') FROM (SELECT "
                        "arrayJoin(arrayZip({e:Array(IPv6)}, {i:Array(UInt64)})) AS x)",
                 .parameters = {{"e", array_of(keys, *exporter, true)}, {"i", array_of(keys, d, false)}}},
                d, cells);
    } else if (const Source* source = source_of(by[d])) {
      put_names(store,
                {.sql = "SELECT " + std::string(source->sql) + " FROM (SELECT arrayJoin({x:Array(" +
                        std::string(source->type) + ")}) AS x)",
                 .parameters = {{"x", array_of(keys, d, source->type == "IPv6")}}},
                d, cells);
    }
  }
  return cells;
}

}  // namespace sluice::web
