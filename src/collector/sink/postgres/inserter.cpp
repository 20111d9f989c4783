#include "sink/postgres/inserter.hpp"

#include <xxhash.h>

#include <array>
#include <cstdio>
#include <map>
#include <new>

#include "http/tls.hpp"
#include "sink/postgres/partitions.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/tables.hpp"
#include "sink/say.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink {
namespace postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto kTell = 1min;  // how often it is said that numbers are cut
constexpr auto kForget = 1h;  // how often tokens are deleted that nobody will ask for

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

bool may_be_taken_elsewhere(const Trouble& trouble) {
  return trouble.error.reason == FailReason::unreachable ||
         (trouble.error.reason == FailReason::auth && trouble.code.empty());
}

class Inserter final : public BlockWriter {
 public:
  Inserter(std::string sink_name, const PostgresSettings& settings, LogFn log)
      : name_(std::move(sink_name)),
        log_(std::move(log)),
        settings_(settings),
        servers_(servers_in(settings.servers).value_or(std::vector<Server>{})),
        rows_(columns_named(settings.columns)),
        partitions_(settings.table) {}

  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    if (auto gathered = gather(block, rows_); !gathered)
      return failure(
          WriteError{FailReason::damaged, "a block is no row of flows: " + gathered.error(), 0, true});
    const std::string_view data = rows_.finish();
    const std::string token = block_token(block, settings_.table);
    // One that was lost since the last block is made anew at once.
    const std::size_t most = servers_.size() + (session_ ? 1 : 0);
    for (std::size_t tries = 1;; ++tries) {
      const bool fresh = !session_;
      auto stored = try_to_store(token, data, give_up);
      if (stored) break;
      if (tries >= most || !may_be_taken_elsewhere(stored.error()))
        return failure(std::move(stored.error().error));
      if (fresh) current_ = (current_ + 1) % servers_.size();
    }
    tell_cut();
    forget_old(give_up);
    return {};
  }

 private:
  Result<void, Trouble> try_to_store(const std::string& token, std::string_view data, const GiveUp& give_up);
  Result<void, Trouble> store(const std::string& token, std::string_view data, const GiveUp& give_up);
  Result<void, Trouble> connect(const GiveUp& give_up);
  Result<void, Trouble> check_table(const GiveUp& give_up);
  void tell_cut();
  void forget_old(const GiveUp& give_up);

  const std::string name_;
  const LogFn log_;
  const PostgresSettings settings_;
  const std::vector<Server> servers_;
  CopyRows rows_;
  Partitions partitions_;
  std::optional<Session> session_;
  std::size_t current_ = 0;  ///< of servers_
  Clock::time_point forget_at_{}, tell_at_{};
  std::uint64_t cut_ = 0;  ///< numbers that their columns could not hold
};

Result<void, Trouble> Inserter::connect(const GiveUp& give_up) {
  auto session = Session::open(servers_[current_], settings_, give_up);
  if (!session) return failure(session.error());
  session_ = std::move(*session);
  if (auto greeted = session_->ask(greeting(settings_.timeout), give_up); !greeted)
    return failure(greeted.error());
  return check_table(give_up);
}

/// Before any row is sent: a column of another type would have the server refuse rows that are right.
Result<void, Trouble> Inserter::check_table(const GiveUp& give_up) {
  const auto answer = session_->ask(kColumnsOfTable, give_up, {quoted(settings_.table)});
  if (!answer) return failure(answer.error());
  const auto wrong = [&](const std::string& what) {
    return failure(Trouble{{FailReason::other, servers_[current_].text + ": " + what +
                                                   "; `sluice schema postgres` prints the tables"},
                           {}});
  };
  if (answer->rows() == 0) return wrong("there is no table " + settings_.table);
  std::map<std::string_view, std::size_t> places;
  for (std::size_t row = 0; row < answer->rows(); ++row) places.emplace(answer->value(row, 2), row);
  for (const Column& column : rows_.columns()) {
    const auto place = places.find(column.name);
    const TypeFacts& type = facts(column.type);
    if (place == places.end()) return wrong(settings_.table + " has no column " + std::string(column.name));
    if (answer->value(place->second, 3) != std::to_string(type.oid))
      return wrong(settings_.table + '.' + std::string(column.name) + " is of type " +
                   std::string(answer->value(place->second, 4)) + ", not of " + std::string(type.name));
  }
  partitions_.begin(answer->value(0, 0) == "p" ? std::optional<std::string>(answer->value(0, 1))
                                               : std::nullopt);
  return {};
}

/// A connection on which anything went wrong may be within a transaction, and ends.
Result<void, Trouble> Inserter::try_to_store(const std::string& token, std::string_view data,
                                             const GiveUp& give_up) {
  try {
    auto stored = store(token, data, give_up);
    if (!stored) session_.reset();
    return stored;
  } catch (const std::bad_alloc&) {
    session_.reset();
    throw;
  }
}

Result<void, Trouble> Inserter::store(const std::string& token, std::string_view data,
                                      const GiveUp& give_up) {
  if (!session_)
    if (auto connected = connect(give_up); !connected) return connected;
  const auto told = [&](const std::string& sentence) {
    say(log_, LogLevel::warning, name_, [&] { return sentence; });
  };
  if (auto made = partitions_.make(*session_, rows_.days(), give_up, told); !made) return made;
  if (auto begun = session_->ask("BEGIN", give_up); !begun) return failure(begun.error());
  // Waits for another transaction that has the token, and sees what became of it.
  const auto taken =
      session_->ask("INSERT INTO " + quoted(kBlocksTable) + " (token) VALUES ($1) ON CONFLICT DO NOTHING",
                    give_up, {token});
  if (!taken) return failure(taken.error());
  const bool there = taken->written() == "0";
  if (!there)
    if (auto copied = session_->copy(copy_statement(settings_.table, rows_.columns()), data, give_up);
        !copied)
      return failure(copied.error());
  const auto ended = session_->ask("COMMIT", give_up);
  if (!ended) return failure(ended.error());
  if (ended->tag() != "COMMIT")
    return failure(Trouble{{FailReason::other, servers_[current_].text +
                                                   " has not kept the flows: " + std::string(ended->tag())},
                           {}});
  return {};
}

void Inserter::tell_cut() {
  if (rows_.cut() == 0) return;
  cut_ += rows_.cut();
  if (Clock::now() < tell_at_) return;
  tell_at_ = Clock::now() + kTell;
  say(log_, LogLevel::warning, name_, [&] {
    return "numbers that their columns cannot hold are stored as the largest that they can: " +
           std::to_string(cut_) + " since the start";
  });
}

/// The block is written, whatever becomes of this.
void Inserter::forget_old(const GiveUp& give_up) {
  if (Clock::now() < forget_at_) return;
  forget_at_ = Clock::now() + kForget;
  const auto forgotten = session_->ask(
      "DELETE FROM " + quoted(kBlocksTable) + " WHERE written < now() - interval '7 days'", give_up);
  if (forgotten) return;
  session_.reset();
  if (forgotten.error().error.reason == FailReason::shutdown) return;
  say(log_, LogLevel::warning, name_, [&] {
    return "old rows of " + std::string(kBlocksTable) + " stay: " + forgotten.error().error.sentence;
  });
}

}  // namespace

Result<void, std::string> gather(const Block& block, CopyRows& into) {
  into.begin();
  wire::Reader reader(block.bytes);
  while (!reader.at_end()) {
    const Bytes message = reader.delimited();
    if (!reader.ok()) return failure(std::string(reader.error()));
    if (auto added = into.add(message); !added) return added;
  }
  if (into.rows() == 0) return failure(std::string("it is empty"));
  return {};
}

std::string block_token(const Block& block, const std::string& table) {
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(block.bytes.data(), block.bytes.size(), XXH3_64bits(table.data(), table.size()));
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

}  // namespace postgres

void find_postgres_mistakes(const std::string& sink_name, const PostgresSettings& settings,
                            const OnMistake& mistake) {
  if (settings.ca_file.empty()) return;
  if (auto trust = http::Trust::from_file(settings.ca_file); !trust)
    mistake({"sinks." + sink_name + ".tls.ca_file", trust.error()});
}

std::unique_ptr<BlockWriter> make_postgres_writer(std::string sink_name, const PostgresSettings& settings,
                                                  LogFn log) {
  return std::make_unique<postgres::Inserter>(std::move(sink_name), settings, std::move(log));
}

}  // namespace sluice::sink
