// The settings of a sink that writes into PostgreSQL: rows, and what it cannot take.
#include "sink/postgres/settings.hpp"

#include <algorithm>

#include "flow/columns.hpp"
#include "setting/text.hpp"
#include "sink/postgres/columns.hpp"
#include "sink/postgres/inserter.hpp"
#include "sink/postgres/session.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;
using setting::element;
using setting::quote;
using setting::Reading;
using setting::Value;
using P = PostgresSettings;

constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;
constexpr std::size_t kLongestTable = 48;  // of the 63 bytes of a name, with room for a partition's date

setting::Codec<std::string> servers() {
  return setting::text(
      "text",
      "HOST:PORT, or the directory of a Unix socket such as /run/postgresql, with commas between "
      "several",
      [](std::string_view given) { return postgres::servers_in(given).has_value(); });
}

setting::Codec<std::string> table_name() {
  return setting::text(
      "text", "letters, digits and underscores, 1 to 48 of them", [](std::string_view given) {
        return !given.empty() && given.size() <= kLongestTable && setting::made_of(given, "_");
      });
}

setting::Codec<std::string> some_text() {
  return setting::text("text", "text, at least one character",
                       [](std::string_view given) { return !given.empty(); });
}

setting::Codec<std::string> any_text() {
  return setting::text("text", "text", [](std::string_view) { return true; });
}

void read_column(Reading& in, const std::string& path, const Value& item, const std::string& name, P& own) {
  if (postgres::field_of_column(name) == nullptr) {
    std::vector<std::string> names;
    for (const FieldInfo& field : flow_fields()) names.emplace_back(column_name(field));
    const auto meant = setting::nearest(name, names);
    in.fault(path, item.origin,
             path + " names " + quote(name) + ", which is no column of a flow; " +
                 (meant ? "did you mean " + *meant + "?" : "sluice schema fields lists the fields"));
  } else if (std::ranges::find(own.columns, name) != own.columns.end()) {
    in.fault(path, item.origin, path + " names " + quote(name) + " twice; keep one");
  }
  own.columns.push_back(name);
}

void read_columns(Reading& in, const std::string& path, const Value& value, P& own) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of columns such as [time_received, src_addr, bytes]");
  if (!list) return;
  own.columns.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    const auto name = as_text(in, element(path, i), item, "it takes the name of a column such as src_addr");
    if (name) read_column(in, path, item, *name, own);
  }
  if (!own.columns.empty() && !in.failed(path) &&
      std::ranges::find(own.columns, postgres::kTimeColumn) == own.columns.end())
    in.fault(path, value.origin,
             path + " has no time_received, by which the table is parted into days; add it");
}

Value write_columns(const P& own) {
  return setting::list_of(own.columns, [](const std::string& name) { return Value::of(name); });
}

setting::Table<P> rows() {
  setting::Table<P> t{
      setting::row<P, &P::servers>(
          "servers", servers(), "",
          "PostgreSQL as HOST:PORT, or the directory of its Unix socket; of several, the "
          "next is asked where one does not answer or takes no writes"),
      setting::row<P, &P::database>("database", some_text(), "", "Database of the tables"),
      setting::row<P, &P::user>("user", any_text(), "",
                                "User, who owns the tables; empty: named as whoever the process runs as"),
  };
  setting::secret_rows<P, &P::password>(t, "password", "Password for it");
  t.push_back(setting::row<P, &P::table>("table", table_name(), "", "Table that the flows go to"));
  t.push_back(setting::special<P>("columns", "list of columns",
                                  "Columns of the table that are written; empty: those that `sluice schema "
                                  "postgres` prints",
                                  "[]", read_columns, write_columns)
                  .holds<&P::columns>());
  t.push_back(setting::row<P, &P::tls_mode>(
      "tls.mode", setting::word({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}), "",
      "TLS as libpq's sslmode has it: prefer speaks it where the server does, verify-full demands it and "
      "checks "
      "certificate and name"));
  t.push_back(setting::row<P, &P::ca_file>("tls.ca_file", setting::file_path(), "",
                                           "PEM file of the authorities that may vouch for the server"));
  t.push_back(setting::row<P, &P::timeout>("timeout", setting::whole_seconds(1s, 600s), "",
                                           "How long the server may take for a block"));
  t.push_back(setting::row<P, &P::queue_bytes>("queue_bytes", setting::size(kMB, kTB), "bytes",
                                               queue_meaning("they go to the spool, or are shed and counted"))
                  .defaults_to(queue_default(P{}.queue_bytes)));
  return t;
}

void check(Reading& in, const std::string& path, const Settings& settings, const P& own) {
  const auto wants = [&](const char* key, bool right, const char* sentence) {
    const std::string name = path + '.' + key;
    if (!right && !in.failed(name)) in.fault(name, in.origin(name), name + sentence);
  };
  wants("stream", settings.stream == encode::Stream::flows,
        " is counters, for which there is no table; a sink of type postgres takes flows");
  wants("format", settings.format == encode::Format::protobuf,
        " is json; a sink of type postgres makes its rows of protobuf");
  wants("tls.mode", !own.tls_mode.starts_with("verify") || !own.ca_file.empty(),
        " checks the server's certificate and tls.ca_file is empty; name the file of the authorities");
}

void look_at(const Making& making, const P& settings, const OnMistake& mistake) {
  find_postgres_mistakes(making.name, settings, mistake);
  holds_two_blocks(making, "queue_bytes", queue_bytes(making, settings.queue_bytes, P{}.queue_bytes),
                   mistake);
}

std::unique_ptr<Sink> make(const Making& making, const P& settings) {
  look_at(making, settings, [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<QueueSink>(making.name, queue_bytes(making, settings.queue_bytes, P{}.queue_bytes),
                                     make_postgres_writer(making.name, settings, making.log), making.log,
                                     spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const P& settings, const OnMistake& mistake) {
  look_at(making, settings, mistake);
}

}  // namespace

TypeOf<PostgresSettings> describe(const PostgresSettings&) {
  TypeOf<PostgresSettings> type;
  type.name = "postgres";
  type.rows = rows();
  type.block_bytes = 4 * kMB;
  type.flush_interval = 1s;
  type.check = check;
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
