// The settings of a sink that writes into PostgreSQL: rows, and what it cannot take.
#include "sink/postgres/settings.hpp"

#include "sink/postgres/inserter.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/sql/setting_rows.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;
using setting::Reading;
using P = PostgresSettings;

constexpr std::uint64_t kMB = 1ULL << 20;

const sql::Words kWords{
    "postgres",
    kPostgresPort,
    48,  // of the 63 bytes of a name, with room for a partition's date
    "HOST:PORT, or the directory of a Unix socket such as /run/postgresql, with commas between several",
    "PostgreSQL as HOST:PORT, or the directory of its Unix socket; of several, the next is asked where one "
    "does not answer or takes no writes",
    "User, who owns the tables; empty: named as whoever the process runs as",
    {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "TLS as libpq's sslmode has it: prefer speaks it where the server does, verify-full demands it and "
    "checks "
    "certificate and name"};

void check(Reading& in, const std::string& path, const Settings& settings, const P& own) {
  sql::check(in, path, settings, own, kWords);
}

void look_at(const Making& making, const P& settings, const OnMistake& mistake) {
  find_postgres_mistakes(making.name, settings, mistake);
  holds_two_blocks(making, "queue_bytes", queue_bytes(making, settings.queue_bytes, P{}.queue_bytes),
                   mistake);
}

std::unique_ptr<Sink> make(const Making& making, const P& settings) {
  look_at(making, settings, [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<QueueSink>(
      making.name, queue_bytes(making, settings.queue_bytes, P{}.queue_bytes),
      make_postgres_writer(making.name, settings, making.log, making.user_fields), making.log,
      spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const P& settings, const OnMistake& mistake) {
  look_at(making, settings, mistake);
}

}  // namespace

TypeOf<PostgresSettings> describe(const PostgresSettings&) {
  TypeOf<PostgresSettings> type;
  type.name = "postgres";
  type.rows = sql::rows<P>(kWords);
  type.block_bytes = 4 * kMB;
  type.flush_interval = 1s;
  type.check = check;
  type.check_fields = [](setting::Reading& in, const std::string& path, std::span<const UserField> fields,
                         const P& own) { sql::check_columns(in, path, fields, own.columns); };
  type.look = [](const Making& making, const P& own) { return look_at_postgres(own, making.user_fields); };
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
