#pragma once
// What is set of a source: where flows come from that somebody has put into messages already. Plain values;
// read once at start. Kafka is the one type there is.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "setting/reading.hpp"
#include "setting/row.hpp"
#include "sink/kafka/settings.hpp"

namespace sluice::intake {

inline constexpr std::array<std::string_view, 1> kTypes{"kafka"};

/// Where a group begins that has not committed anything yet.
enum class Start : std::uint8_t { earliest, latest };
inline constexpr Words<Start, 2> kStarts{{{"earliest", Start::earliest}, {"latest", Start::latest}}};

struct Settings : sink::KafkaConnection {
  std::string topic;                             ///< must be given
  std::string group = "sluice";                  ///< readers of one group share the topic's partitions
  sink::Framing framing = sink::Framing::batch;  ///< single is read as batch is
  Start start = Start::earliest;
  std::uint32_t readers = 1;                 ///< threads, each a member of the group
  std::uint64_t buffer_bytes = 64ULL << 20;  ///< fetched ahead, of each reader
  friend bool operator==(const Settings&, const Settings&) = default;
};

/// But for `type`, which is kafka.
setting::Table<Settings> settings_rows();
/// Rules between them; `path` is the source's in messages.
void check(setting::Reading& in, const std::string& path, const Settings& settings);

}  // namespace sluice::intake
