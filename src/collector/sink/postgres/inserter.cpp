#include "sink/postgres/inserter.hpp"

#include <map>
#include <optional>

#include "http/tls.hpp"
#include "sink/postgres/copy_rows.hpp"
#include "sink/postgres/partitions.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/tables.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink {
namespace postgres {
namespace {

/// Beside what nobody but the server can undo when this process or its host is gone: its locks go with it.
std::string greeting(std::chrono::seconds timeout) {
  const std::string ms = std::to_string(std::chrono::milliseconds(timeout).count());
  return "SELECT set_config('statement_timeout', '" + ms +
         "', false), set_config('idle_in_transaction_session_timeout', '" + ms +
         "', false), set_config('tcp_keepalives_idle', '30', false), "
         "set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', "
         "false), "
         // A block counts as delivered when it is on the server's disk.
         "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
         "ELSE current_setting('synchronous_commit') END, false)";
}

constexpr const char* kColumnsOfTable =
    "SELECT c.relkind, quote_ident(n.nspname), a.attname, a.atttypid::bigint, format_type(a.atttypid, "
    "a.atttypmod) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.oid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped";

class Postgres final : public sql::Database {
 public:
  Postgres(const PostgresSettings& settings, sql::Tell tell, UserFieldsPtr user_fields)
      : tell_(std::move(tell)),
        settings_(settings),
        user_fields_(std::move(user_fields)),
        rows_(columns_named(settings.columns, user_fields_.get())),
        partitions_(settings.table) {}

  sql::Rows& rows() override { return rows_; }
  bool connected() const override { return session_.has_value(); }
  Result<void, Trouble> connect(const Server& server, const GiveUp& give_up) override;
  void disconnect() override { session_.reset(); }
  Result<void, Trouble> store(const std::string& token, const GiveUp& give_up) override;
  Result<void, Trouble> forget_old(const GiveUp& give_up) override;

 private:
  Result<void, Trouble> check_table(const GiveUp& give_up);
  Trouble wrong(const std::string& what) const { return {{FailReason::other, server_ + what}, {}}; }

  const sql::Tell tell_;
  const PostgresSettings settings_;
  const UserFieldsPtr user_fields_;  ///< may be null
  CopyRows rows_;
  Partitions partitions_;
  std::optional<Session> session_;
  std::string server_;  ///< as messages call it
};

Result<void, Trouble> Postgres::connect(const Server& server, const GiveUp& give_up) {
  auto session = Session::open(server, settings_, give_up);
  if (!session) return failure(session.error());
  server_ = server.text;
  session_ = std::move(*session);
  if (auto greeted = session_->ask(greeting(settings_.timeout), give_up); !greeted)
    return failure(greeted.error());
  return check_table(give_up);
}

/// Before any row is sent: a column of another type would have the server refuse rows that are right.
Result<void, Trouble> Postgres::check_table(const GiveUp& give_up) {
  const auto answer = session_->ask(kColumnsOfTable, give_up, {quoted(settings_.table)});
  if (!answer) return failure(answer.error());
  const auto wrong_table = [&](const std::string& what) {
    return failure(wrong(": " + what + "; `sluice schema postgres` prints the tables"));
  };
  if (answer->rows() == 0) return wrong_table("there is no table " + settings_.table);
  std::map<std::string_view, std::size_t> places;
  for (std::size_t row = 0; row < answer->rows(); ++row) places.emplace(answer->value(row, 2), row);
  for (const Column& column : rows_.columns()) {
    const auto place = places.find(column.name);
    const TypeFacts& type = facts(column.type);
    if (place == places.end())
      return wrong_table(settings_.table + " has no column " + std::string(column.name));
    if (answer->value(place->second, 3) != std::to_string(type.oid))
      return wrong_table(settings_.table + '.' + std::string(column.name) + " is of type " +
                         std::string(answer->value(place->second, 4)) + ", not of " + std::string(type.name));
  }
  partitions_.begin(answer->value(0, 0) == "p" ? std::optional<std::string>(answer->value(0, 1))
                                               : std::nullopt);
  return {};
}

Result<void, Trouble> Postgres::store(const std::string& token, const GiveUp& give_up) {
  const std::string_view data = rows_.finish();
  if (auto made = partitions_.make(*session_, rows_.days(), give_up, tell_); !made) return made;
  if (auto begun = session_->ask("BEGIN", give_up); !begun) return failure(begun.error());
  // Waits for another transaction that has the token, and sees what became of it.
  const auto taken = session_->ask(
      "INSERT INTO " + quoted(sql::kBlocksTable) + " (token) VALUES ($1) ON CONFLICT DO NOTHING", give_up,
      {token});
  if (!taken) return failure(taken.error());
  const bool there = taken->written() == "0";
  if (!there)
    if (auto copied = session_->copy(copy_statement(settings_.table, rows_.columns()), data, give_up);
        !copied)
      return failure(copied.error());
  const auto ended = session_->ask("COMMIT", give_up);
  if (!ended) return failure(ended.error());
  if (ended->tag() != "COMMIT")
    return failure(wrong(" has not kept the flows: " + std::string(ended->tag())));
  return {};
}

Result<void, Trouble> Postgres::forget_old(const GiveUp& give_up) {
  const auto forgotten = session_->ask(
      "DELETE FROM " + quoted(sql::kBlocksTable) + " WHERE written < now() - interval '7 days'", give_up);
  if (!forgotten) return failure(forgotten.error());
  return {};
}

}  // namespace
}  // namespace postgres

void find_postgres_mistakes(const std::string& sink_name, const PostgresSettings& settings,
                            const OnMistake& mistake) {
  if (settings.ca_file.empty()) return;
  if (auto trust = http::Trust::from_file(settings.ca_file); !trust)
    mistake({"sinks." + sink_name + ".tls.ca_file", trust.error()});
}

std::string look_at_postgres(const PostgresSettings& settings, UserFieldsPtr user_fields) {
  postgres::Postgres database(settings, [](const std::string& /*sentence*/) {}, std::move(user_fields));
  return sql::look(sql::servers_in(settings.servers, kPostgresPort).value_or(std::vector<sql::Server>{}),
                   database);
}

std::unique_ptr<BlockWriter> make_postgres_writer(std::string sink_name, const PostgresSettings& settings,
                                                  LogFn log, UserFieldsPtr user_fields) {
  sql::Tell tell = sql::tell_log(std::move(sink_name), std::move(log));
  return sql::make_writer(
      sql::servers_in(settings.servers, kPostgresPort).value_or(std::vector<sql::Server>{}), settings.table,
      std::make_unique<postgres::Postgres>(settings, tell, std::move(user_fields)), tell);
}

}  // namespace sluice::sink
