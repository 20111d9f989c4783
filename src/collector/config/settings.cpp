#include "config/settings.hpp"

#include "config/tables.hpp"

namespace sluice::config {
namespace {

template <class T>
SettingInfo info(const Row<T>& row, const std::string& prefix) {
  SettingInfo out;
  out.path = prefix + row.key;
  out.only_for = row.only_for;
  out.type = row.type;
  out.default_value = row.default_text;
  if (out.default_value.empty()) out.default_value = row.write(T{}).text;
  if (out.default_value.empty()) out.default_value = "\"\"";
  out.unit = row.unit;
  out.reloads = row.reloads;
  out.meaning = row.meaning;
  return out;
}

template <class T>
void add_all(std::vector<SettingInfo>& out, const Table<T>& table, const std::string& prefix) {
  for (const Row<T>& row : table) out.push_back(info(row, prefix));
}

}  // namespace

std::vector<SettingInfo> settings() {
  std::vector<SettingInfo> out;
  for (const Row<Config>& row : config_table()) {
    out.push_back(info(row, ""));
    if (row.key == "listeners") add_all(out, listener_table(), "listeners[].");
    if (row.key == "exporters") add_all(out, exporter_table(), "exporters[].");
    if (row.key == "enrich.networks") add_all(out, network_table(), "enrich.networks[].");
    if (row.key == "enrich.interfaces") add_all(out, interface_table(), "enrich.interfaces[].");
    if (row.key == "enrich.rules") add_all(out, rule_table(), "enrich.rules[].");
    if (row.key == "fields") {
      add_all(out, user_field_table(), "fields[].");
      add_all(out, user_packet_table(), "fields[].packet[].");
    }
    if (row.key == "enrich.snmp.devices") add_all(out, snmp_device_table(), "enrich.snmp.devices[].");
    if (row.key == "web.collectors") add_all(out, web_collector_table(), "web.collectors[].");
    if (row.key == "sources") add_all(out, source_table(), "sources.NAME.");
    if (row.key == "sinks") add_all(out, sink_table(), "sinks.NAME.");
  }
  return out;
}

}  // namespace sluice::config
