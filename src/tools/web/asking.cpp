#include "web/asking.hpp"

#include <condition_variable>
#include <future>
#include <mutex>

namespace sluice::web {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kUntilTold{300}, kBetween{250}, kLook{50};
constexpr milliseconds kLongestQueue{20'000};
constexpr std::size_t kLargestAnswer = 256U << 20;  ///< bytes of rows

ApiError cancelled() {
  return {.status = 503, .code = "cancelled", .text = "the question was stopped", .more = json::object()};
}

class Turn {
 public:
  explicit Turn(Running& running) : running_(running) {}
  ~Turn() { running_.give_back(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Running& running_;
};

/// Hands pieces from the thread that reads them to the one that writes them, one at a time, so that the
/// latter can look for other things between them.
class Handover {
 public:
  /// The reader's. Waits until the piece was taken; false: no more is wanted.
  bool give(std::string_view piece) {
    std::unique_lock lock(mutex_);
    piece_ = piece;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !piece_ || closed_; });
    piece_.reset();
    return !closed_;
  }
  /// The reader's: that was all.
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  /// The writer's. The next piece goes to `take` if it comes within `wait`; false from there is close().
  void take(milliseconds wait, const std::function<bool(std::string_view)>& take) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return piece_ || ended_; });
    if (!piece_ || closed_) return;
    closed_ = !take(*piece_);
    piece_.reset();
    changed_.notify_all();
  }
  /// The writer's: no more is wanted.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string_view> piece_;
  bool closed_ = false, ended_ = false;
};

}  // namespace

milliseconds Asking::taken() const {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun_);
}

bool Asking::is_to_end() { return place_.is_to_end() || exchange_.client_gone(); }

void Asking::tell(const Progress& now) {
  if (!progress_) return;
  exchange_.write(line({{"progress",
                         {{"rows", cost_.rows + now.rows},
                          {"of", cost_.rows + std::max(now.of, now.rows)},
                          {"seconds", static_cast<double>(taken().count()) / 1000}}}}));
}

Or<void> Asking::wait_for_turn() {
  const auto end = steady_clock::now() + kLongestQueue;
  while (!running_.take_turn(kBetween)) {
    if (is_to_end()) return failure(cancelled());
    if (steady_clock::now() > end)
      return failure(
          ApiError{.status = 503,
                   .code = "busy",
                   .text = "other questions are being answered; try again (web.query.at_once is how many)",
                   .more = json::object()});
    tell({});
  }
  return {};
}

Or<std::vector<json>> Asking::rows(const Statement& statement) {
  statements_.push_back(statement);
  if (auto turn = wait_for_turn(); !turn) return failure(turn.error());
  const Turn turn(running_);
  const std::string mark = "web-" + random_text(12);
  std::string text;
  bool too_much = false;
  auto answer = std::async(std::launch::async, [&] {
    return store_.ask(statement, mark, "JSONCompactEachRow", false,
                      [&](std::string_view, std::string_view piece) {
                        too_much = text.size() + piece.size() > kLargestAnswer;
                        if (!too_much) text += piece;
                        return !too_much;
                      });
  });
  auto next = steady_clock::now() + kUntilTold;
  bool stopped = false;
  // A closed connection is looked for often, the store is asked seldom.
  while (answer.wait_for(kLook) != std::future_status::ready) {
    const bool end = is_to_end();
    if (!end && steady_clock::now() < next) continue;
    next = steady_clock::now() + kBetween;
    if (end)
      stopped = true, store_.stop(mark);  // again each time: it may not have begun before
    else if (const auto now = store_.progress(mark))
      tell(*now);
  }
  auto cost = answer.get();
  if (stopped) return failure(cancelled());
  if (!cost) return failure(cost.error());
  if (too_much)
    return failure(ApiError{.status = 503,
                            .code = "memory_limit",
                            .text = "the answer is larger than 256 MiB",
                            .more = json::object()});
  cost_.rows += cost->rows;
  cost_.bytes += cost->bytes;
  return rows_of(text);
}

Or<void> Asking::pass(const Statement& statement, const std::string& format,
                      const std::function<bool(std::string_view)>& take) {
  statements_.push_back(statement);
  if (auto turn = wait_for_turn(); !turn) return failure(turn.error());
  const Turn turn(running_);
  const std::string mark = "web-" + random_text(12);
  Handover pieces;
  auto answer = std::async(std::launch::async, [&] {
    auto cost = store_.ask(statement, mark, format, true,
                           [&](std::string_view, std::string_view piece) { return pieces.give(piece); });
    pieces.end();
    return cost;
  });
  // Until the first piece there is nothing to write, which would tell that the browser has gone.
  auto next = steady_clock::now();
  while (answer.wait_for(milliseconds(0)) != std::future_status::ready) {
    pieces.take(kLook, [&](std::string_view piece) { return !place_.is_to_end() && take(piece); });
    if (!pieces.closed() && is_to_end()) pieces.close();
    if (!pieces.closed() || steady_clock::now() < next) continue;
    store_.stop(mark);  // again from time to time: it may not have begun before
    next = steady_clock::now() + kBetween;
  }
  const auto cost = answer.get();
  const bool stopped = pieces.closed();
  if (stopped) return failure(cancelled());
  if (!cost) return failure(cost.error());
  cost_.rows += cost->rows;
  cost_.bytes += cost->bytes;
  return {};
}

}  // namespace sluice::web
