#include "intake/settings.hpp"

#include <algorithm>

#include "setting/text.hpp"
#include "sink/kafka/connection.hpp"

namespace sluice::intake {
namespace {

using S = Settings;

constexpr std::uint64_t kMB = 1ULL << 20;

/// What the promise hangs on that nothing is lost, and what has a setting of its own.
struct Reserved {
  const char* property;
  const char* why;
};
constexpr std::array kReserved{
    Reserved{"group.id", "it takes group for that"},
    Reserved{"auto.offset.reset", "it takes start for that"},
    Reserved{"enable.auto.commit", "offsets are committed when the flows are delivered, never before"},
    Reserved{"auto.commit.enable", "offsets are committed when the flows are delivered, never before"},
    Reserved{"enable.auto.offset.store", "offsets are committed when the flows are delivered, never before"},
};

setting::Codec<std::string> group() {
  return setting::text("text", "1 to 249 printable characters without blanks", [](std::string_view given) {
    return !given.empty() && given.size() <= 249 &&
           std::ranges::all_of(given, [](char c) { return c > ' ' && c <= '~'; });
  });
}

sink::KafkaConnection& connection_of(S& settings) { return settings; }

}  // namespace

setting::Table<Settings> settings_rows() {
  setting::Table<S> t;
  setting::append_rows<S, sink::KafkaConnection>(t, {sink::brokers_row()}, &connection_of, "");
  t.push_back(setting::row<S, &S::topic>("topic", sink::kafka_topic(), "", "Topic that flows are read from")
                  .defaults_to("none, must be given"));
  t.push_back(setting::row<S, &S::group>(
      "group", group(), "",
      "Consumer group; all that read the topic under one name share its partitions and its offsets"));
  t.push_back(setting::row<S, &S::framing>(
      "framing", setting::choice(sink::kFramings), "",
      "How flows lie in a record: batch or single: each with its length in front, as many as there are; "
      "plain: one, without a length"));
  t.push_back(setting::row<S, &S::start>(
      "start", setting::choice(kStarts), "",
      "Where reading begins in partitions of which the group has committed nothing, or nothing that the "
      "topic still has"));
  t.push_back(setting::row<S, &S::readers>(
      "readers", setting::integer<std::uint32_t>(1, 64), "readers",
      "Threads that read, each a member of the group; more than the topic has partitions are idle"));
  t.push_back(setting::row<S, &S::buffer_bytes>("buffer_bytes", setting::size(kMB, 2047 * kMB), "bytes",
                                                "Memory of each reader for what was fetched ahead"));
  setting::append_rows<S, sink::KafkaConnection>(t, sink::security_rows(), &connection_of, "");
  return t;
}

void check(setting::Reading& in, const std::string& path, const Settings& settings) {
  sink::check_connection(in, path, settings);
  for (const Reserved& one : kReserved) {
    if (!settings.properties.contains(one.property)) continue;
    const std::string where = path + ".properties." + one.property;
    in.fault(where, in.origin(where), where + " cannot be set: " + one.why);
  }
}

}  // namespace sluice::intake
