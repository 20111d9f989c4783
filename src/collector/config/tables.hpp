#pragma once
// The tables themselves: every setting there is.
#include "config/config.hpp"
#include "config/table.hpp"

namespace sluice::config {

const Table<Config>& config_table();
const Table<Listener>& listener_table();
const Table<ExporterRule>& exporter_table();
const Table<UserField>& user_field_table();
const Table<PacketSource>& user_packet_table();
const Table<Sink>& sink_table();

SinkTypes sink_types(SinkType type);
/// kafka, file, stdout.
const Codec<SinkType>& sink_type_codec();

// Readers of the settings that hold others; `path` as messages call it.
void read_listeners(Reading& in, const std::string& path, const Value& value, Config& config);
void read_exporters(Reading& in, const std::string& path, const Value& value, Config& config);
void read_user_fields(Reading& in, const std::string& path, const Value& value, Config& config);
void read_sinks(Reading& in, const std::string& path, const Value& value, Config& config);
void read_partition_by(Reading& in, const std::string& path, const Value& value, Sink& sink);
void read_properties(Reading& in, const std::string& path, const Value& value, Sink& sink);
void read_allow(Reading& in, const std::string& path, const Value& value, Config& config);
Value write_properties(const Sink& sink);
Value write_user_fields(const Config& config);

/// Checks that span settings, after all were read.
void check_together(Reading& in, const Config& config);
void check_user_fields(Reading& in, const Config& config);
/// Name of a sink in messages: "kafka" for the shorthand, else "sinks.NAME".
std::string sink_path(bool shorthand, const std::string& name);

}  // namespace sluice::config
