#pragma once
// What is set of a sink: what all have, and what its type has of its own. Here is the list of types: one more
// is a folder beside this file with a settings struct and describe() (type.hpp), included and named below.
// Everything else (reading and printing of configuration, making, labels) is made from this list.
#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

#include "filter/expression.hpp"
#include "sink/clickhouse/settings.hpp"
#include "sink/file/settings.hpp"
#include "sink/kafka/settings.hpp"
#include "sink/mysql/settings.hpp"
#include "sink/postgres/settings.hpp"
#include "sink/spec.hpp"
#include "sink/spool/settings.hpp"
#include "sink/stdout/settings.hpp"

namespace sluice::sink {

/// One of them, in the order in which messages list their names.
using OwnSettings = std::variant<KafkaSettings, ClickhouseSettings, PostgresSettings, MysqlSettings,
                                 FileSettings, StdoutSettings>;

struct Settings {
  encode::Stream stream = encode::Stream::flows;
  filter::Expression wanted{};                       ///< `filter`: which flows it gets
  encode::Format format = encode::Format::protobuf;  ///< TypeOf::format where none is given
  bool native = false;  ///< type kafka: of rows in protobuf, records are columns (kafka/columns.hpp)
  encode::JsonFields json_fields = encode::JsonFields::sluice;
  bool kflow_drop_ipv6 = false;
  std::uint64_t block_bytes = 64 << 10;           ///< a block is sent when it has grown to about this
  std::chrono::milliseconds flush_interval{200};  ///< or when its first flow is this old
  SpoolSettings spool;
  OwnSettings own = StdoutSettings{};

  /// Null where the sink is of another type.
  const KafkaSettings* kafka() const { return std::get_if<KafkaSettings>(&own); }
  const FileSettings* file() const { return std::get_if<FileSettings>(&own); }
  friend bool operator==(const Settings&, const Settings&) = default;
};

/// "kafka", as settings and the label `type` of metrics name it.
std::string_view type_name(const Settings& settings);

StreamSpec stream_spec(const Settings& settings);

}  // namespace sluice::sink
