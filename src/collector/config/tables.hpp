#pragma once
// The tables themselves: every setting there is.
#include "config/config.hpp"
#include "setting/section.hpp"

namespace sluice::config {

using namespace setting;
using setting::Layer;  // and no layer or origin of a flow
using setting::Origin;

const Table<Config>& config_table();
const Table<Listener>& listener_table();
const Table<ExporterRule>& exporter_table();
const Table<WebCollector>& web_collector_table();
const Table<snmp::Device>& snmp_device_table();
/// Adds the settings of enrich.snmp.
void add_snmp(Table<Config>& table);
/// Adds the settings of `sluice web`.
void add_web(Table<Config>& table);
/// Adds the section `enrich`; what its lists hold follows.
void add_enrich(Table<Config>& table);
const Table<enrich::NetworkSettings>& network_table();
const Table<enrich::InterfaceSettings>& interface_table();
const Table<enrich::RuleSettings>& rule_table();
/// Adds the settings of BMP.
void add_bmp(Table<Config>& table);
const Table<UserField>& user_field_table();
const Table<PacketSource>& user_packet_table();
const Table<intake::Settings>& source_table();
/// What all sinks have, then what the types have of their own.
const Table<sink::Settings>& sink_table();

// Readers of the settings that hold others; `path` as messages call it.
void read_listeners(Reading& in, const std::string& path, const Value& value, Config& config);
void read_exporters(Reading& in, const std::string& path, const Value& value, Config& config);
void read_user_fields(Reading& in, const std::string& path, const Value& value, Config& config);
void read_sources(Reading& in, const std::string& path, const Value& value, Config& config);
void read_sinks(Reading& in, const std::string& path, const Value& value, Config& config);
void read_prefixes(Reading& in, const std::string& path, const Value& value, std::vector<std::string>& out);
void read_listener_allow(Reading& in, const std::string& path, const Value& value, Listener& listener);
void read_hosts(Reading& in, const std::string& path, const Value& value, std::vector<std::string>& out);
Value write_sources(const Config& config);
Value write_sinks(const Config& config);
Value write_user_fields(const Config& config);

/// Checks that span settings, after all were read.
void check_together(Reading& in, const Config& config);
void check_snmp(Reading& in, const Config& config);
void check_web(Reading& in, const Config& config);
void check_user_fields(Reading& in, const Config& config);
void check_sources(Reading& in, const Config& config);
void check_sinks(Reading& in, const Config& config);

/// Whether a source or a sink may be called so.
bool is_map_name(const std::string& name);

/// Full paths that a lone word at the wrong place could mean, and that variables are compared with.
std::vector<std::string> all_paths();

}  // namespace sluice::config
