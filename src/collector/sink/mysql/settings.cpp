// The settings of a sink that writes into MySQL or MariaDB: rows, and what it cannot take.
#include "sink/mysql/settings.hpp"

#include "sink/mysql/inserter.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/sql/setting_rows.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;
using setting::Reading;
using M = MysqlSettings;

constexpr std::uint64_t kMB = 1ULL << 20;

constexpr Words<MysqlInsert, 2> kInserts{{{"auto", MysqlInsert::automatic}, {"rows", MysqlInsert::rows}}};

const sql::Words kWords{
    "mysql",
    kMysqlPort,
    64,
    "HOST:PORT, or the path of a Unix socket such as /run/mysqld/mysqld.sock, with commas between several",
    "MySQL or MariaDB as HOST:PORT, or the path of its Unix socket; of several, the next is asked where one "
    "does not answer or takes no writes",
    "User, who may write to the tables and alter them; empty: named as whoever the process runs as",
    {"disable", "prefer", "require", "verify-full"},
    "prefer speaks TLS where the server does, require demands it, verify-full checks certificate and name as "
    "well; a Unix socket goes without"};

setting::Table<M> rows() {
  setting::Table<M> t = sql::rows<M>(kWords);
  t.push_back(setting::row<M, &M::insert>(
      "insert", setting::choice(kInserts), "",
      "How rows are sent: auto as arrays where the server takes them (MariaDB), rows always as statements of "
      "up to a hundred rows"));
  return t;
}

void check(Reading& in, const std::string& path, const Settings& settings, const M& own) {
  sql::check(in, path, settings, own, kWords);
}

void look_at(const Making& making, const M& settings, const OnMistake& mistake) {
  find_mysql_mistakes(making.name, settings, mistake);
  holds_two_blocks(making, "queue_bytes", queue_bytes(making, settings.queue_bytes, M{}.queue_bytes),
                   mistake);
}

std::unique_ptr<Sink> make(const Making& making, const M& settings) {
  look_at(making, settings, [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<QueueSink>(making.name, queue_bytes(making, settings.queue_bytes, M{}.queue_bytes),
                                     make_mysql_writer(making.name, settings, making.log, making.user_fields),
                                     making.log, spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const M& settings, const OnMistake& mistake) {
  look_at(making, settings, mistake);
}

}  // namespace

TypeOf<MysqlSettings> describe(const MysqlSettings&) {
  TypeOf<MysqlSettings> type;
  type.name = "mysql";
  type.rows = rows();
  type.block_bytes = 4 * kMB;
  type.flush_interval = 1s;
  type.check = check;
  type.check_fields = [](setting::Reading& in, const std::string& path, std::span<const UserField> fields,
                         const M& own) { sql::check_columns(in, path, fields, own.columns); };
  type.look = [](const Making& making, const M& own) { return look_at_mysql(own, making.user_fields); };
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
