#include "sink/sql/writer.hpp"

#include <xxhash.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <new>

#include "sink/say.hpp"
#include "util/wire_reader.hpp"

namespace sluice::sink::sql {
namespace {

using namespace std::chrono_literals;

constexpr auto kTell = 1min;  // how often it is said that values are cut
constexpr auto kLook = 10s;   // for a server and its table
constexpr auto kForget = 1h;  // how often tokens are deleted that nobody will ask for

bool may_be_taken_elsewhere(const Trouble& trouble) {
  return trouble.error.reason == FailReason::unreachable ||
         (trouble.error.reason == FailReason::auth && trouble.code.empty());
}

class Writer final : public BlockWriter {
 public:
  Writer(std::vector<Server> servers, std::string table, std::unique_ptr<Database> database, Tell tell)
      : servers_(std::move(servers)),
        table_(std::move(table)),
        database_(std::move(database)),
        tell_(std::move(tell)) {}

  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    if (auto gathered = gather(block, database_->rows()); !gathered)
      return failure(
          WriteError{FailReason::damaged, "a block is no row of flows: " + gathered.error(), 0, true});
    const std::string token = block_token(block, table_);
    // One that was lost since the last block is made anew at once.
    const std::size_t most = servers_.size() + (database_->connected() ? 1 : 0);
    for (std::size_t tries = 1;; ++tries) {
      const bool fresh = !database_->connected();
      auto stored = try_to_store(token, give_up);
      if (stored) break;
      if (tries >= most || !may_be_taken_elsewhere(stored.error()))
        return failure(std::move(stored.error().error));
      if (fresh) current_ = (current_ + 1) % servers_.size();
    }
    tell_cut();
    forget_old(give_up);
    return {};
  }

  std::uint64_t cut_values() const override { return database_->rows().cut(); }

 private:
  Result<void, Trouble> try_to_store(const std::string& token, const GiveUp& give_up);
  void tell_cut();
  void forget_old(const GiveUp& give_up);

  const std::vector<Server> servers_;
  const std::string table_;
  const std::unique_ptr<Database> database_;
  const Tell tell_;
  std::size_t current_ = 0;  ///< of servers_
  Clock::time_point forget_at_{}, tell_at_{};
  std::uint64_t cut_ = 0;  ///< values that their columns could not hold
};

Result<void, Trouble> Writer::try_to_store(const std::string& token, const GiveUp& give_up) {
  try {
    Result<void, Trouble> stored;
    if (!database_->connected()) stored = database_->connect(servers_[current_], give_up);
    if (stored) stored = database_->store(token, give_up);
    if (!stored) database_->disconnect();
    return stored;
  } catch (const std::bad_alloc&) {
    database_->disconnect();
    throw;
  }
}

void Writer::tell_cut() {
  if (database_->rows().cut() == 0) return;
  cut_ += database_->rows().cut();
  if (Clock::now() < tell_at_) return;
  tell_at_ = Clock::now() + kTell;
  tell_("values that their columns cannot hold are stored as the largest that they can: " +
        std::to_string(cut_) + " since the start");
}

/// The block is written, whatever becomes of this.
void Writer::forget_old(const GiveUp& give_up) {
  if (Clock::now() < forget_at_) return;
  forget_at_ = Clock::now() + kForget;
  const auto forgotten = database_->forget_old(give_up);
  if (forgotten) return;
  database_->disconnect();
  if (forgotten.error().error.reason == FailReason::shutdown) return;
  tell_("old rows of " + std::string(kBlocksTable) + " stay: " + forgotten.error().error.sentence);
}

}  // namespace

Tell tell_log(std::string sink_name, LogFn log) {
  return [name = std::move(sink_name), log = std::move(log)](const std::string& sentence) {
    say(log, LogLevel::warning, name, [&] { return sentence; });
  };
}

std::unique_ptr<BlockWriter> make_writer(std::vector<Server> servers, std::string table,
                                         std::unique_ptr<Database> database, Tell tell) {
  return std::make_unique<Writer>(std::move(servers), std::move(table), std::move(database), std::move(tell));
}

std::string look(const std::vector<Server>& servers, Database& database) {
  std::string out;
  for (const Server& server : servers) {
    GiveUp give_up;
    give_up.set(Clock::now() + kLook);
    const auto connected = database.connect(server, give_up);
    database.disconnect();
    if (connected) return {};
    if (out.empty()) out = connected.error().error.sentence;
    if (!may_be_taken_elsewhere(connected.error())) return connected.error().error.sentence;
  }
  return out;
}

Result<void, std::string> gather(const Block& block, Rows& into) {
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

}  // namespace sluice::sink::sql
