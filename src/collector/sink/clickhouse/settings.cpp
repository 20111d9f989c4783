// The settings of a sink that writes into ClickHouse: rows, and what it cannot take.
#include "sink/clickhouse/settings.hpp"

#include <algorithm>

#include "http/url.hpp"
#include "setting/text.hpp"
#include "sink/clickhouse/inserter.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;
using C = ClickhouseSettings;

constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;
constexpr std::uint64_t kUsualQueue = 256 * kMB;

bool is_url_list(std::string_view given) {
  for (;;) {
    const auto comma = given.find(',');
    if (!http::parse_url(given.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    given.remove_prefix(comma + 1);
  }
}

setting::Codec<std::string> urls() {
  return setting::text("text", "URLs as http://HOST:PORT or https://HOST:PORT, with commas between several",
                       is_url_list);
}

setting::Codec<std::string> database() {
  return setting::text("text", "letters, digits and underscores, at least one", [](std::string_view given) {
    return !given.empty() && given.size() <= 128 && setting::made_of(given, "_");
  });
}

setting::Codec<std::string> any_text() {
  return setting::text("text", "text", [](std::string_view) { return true; });
}

setting::Table<C> rows() {
  setting::Table<C> t{
      setting::row<C, &C::url>("url", urls(), "",
                               "ClickHouse's HTTP interface, or that of sluice store; of several, which are "
                               "replicas of the same tables, the next is asked where one does not answer"),
      setting::row<C, &C::database>("database", database(), "", "Database of the tables"),
      setting::row<C, &C::user>("user", any_text(), "",
                                "User, who needs INSERT on flows_raw; empty: the server's default user"),
  };
  setting::secret_rows<C, &C::password>(t, "password", "Password for it");
  t.push_back(setting::row<C, &C::ca_file>(
      "tls.ca_file", setting::file_path(), "",
      "PEM file of the authorities that may vouch for an https:// server; empty: the system's"));
  t.push_back(setting::row<C, &C::compression>(
      "compression", setting::choice(kPackings), "",
      "Compression of requests; it saves network and costs the collector and the server CPU"));
  t.push_back(setting::row<C, &C::timeout>("timeout", setting::whole_seconds(1s, 600s), "",
                                           "How long the server may take for a block"));
  t.push_back(setting::row<C, &C::queue_bytes>(
      "queue_bytes", setting::size(kMB, kTB, queue_default(kUsualQueue)), "bytes",
      queue_meaning("they go to the spool, or are shed and counted")));
  return t;
}

void check(setting::Reading& in, const std::string& path, const Settings& settings, const C& /*own*/) {
  const auto wants = [&](const char* key, bool right, const char* sentence) {
    const std::string name = path + '.' + key;
    if (!right && !in.failed(name)) in.fault(name, in.origin(name), name + sentence);
  };
  wants("stream", settings.stream == encode::Stream::flows,
        " is counters, for which there are no tables; a sink of type clickhouse takes flows");
  wants("format", settings.format == encode::Format::protobuf,
        " is json; a sink of type clickhouse makes its columns of protobuf");
}

/// Nothing where something is wrong, and `mistake` told.
std::optional<InsertTarget> look_at(const Making& making, const C& settings, const OnMistake& mistake) {
  auto target = insert_target(making.name, settings, mistake);
  if (!holds_two_blocks(making, "queue_bytes", queue_bytes(making, settings.queue_bytes, kUsualQueue),
                        mistake))
    return std::nullopt;
  return target;
}

std::unique_ptr<Sink> make(const Making& making, const C& settings) {
  auto target = look_at(making, settings, [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<QueueSink>(making.name, queue_bytes(making, settings.queue_bytes, kUsualQueue),
                                     make_inserter(std::move(*target), settings, making.user_fields),
                                     making.log, spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const C& settings, const OnMistake& mistake) {
  look_at(making, settings, mistake);
}

}  // namespace

TypeOf<ClickhouseSettings> describe(const ClickhouseSettings&) {
  TypeOf<ClickhouseSettings> type;
  type.name = "clickhouse";
  type.rows = rows();
  type.block_bytes = 4 * kMB;
  type.flush_interval = 1s;
  type.check = check;
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
