// The settings of a sink that writes files: rows, and defaults that depend on others.
#include "sink/file/settings.hpp"

#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/type.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;
using F = FileSettings;

constexpr std::uint64_t kKB = 1ULL << 10;
constexpr std::uint64_t kMB = 1ULL << 20;
constexpr std::uint64_t kTB = 1ULL << 40;

setting::Codec<std::string> directory() {
  return setting::text("path", "the path of a directory",
                       [](std::string_view given) { return !given.empty(); });
}

setting::Codec<std::string> prefix() {
  return setting::text("text", "letters, digits, dots, dashes and underscores, at least one",
                       [](std::string_view given) {
                         return !given.empty() && given.size() <= 128 && setting::made_of(given, "._-");
                       });
}

setting::Table<F> rows() {
  return {
      setting::row<F, &F::path>("path", directory(), "",
                                "Directory that the files are written to; it is made where it is missing"),
      setting::row<F, &F::prefix>("prefix", prefix(), "",
                                  "Beginning of the names: PREFIX-YYYYmmddTHHMMSSZ-N.pb or .jsonl")
          .defaults_to("flows; for stream counters counters"),
      setting::row<F, &F::rotate_every>("rotate_every", setting::whole_seconds(0s, 365 * 24h), "",
                                        "A file is finished when it is this old; 0s: never by age"),
      setting::row<F, &F::rotate_bytes>("rotate_bytes", setting::size(4 * kKB, 16 * kTB, "never by size"),
                                        "bytes", "A file is finished when it has grown to this"),
      setting::row<F, &F::queue_bytes>("queue_bytes", setting::size(kMB, kTB), "bytes",
                                       queue_meaning("they go to the spool, or are shed and counted"))
          .defaults_to(queue_default(F{}.queue_bytes)),
  };
}

void complete(Settings& settings, const Given& given, F& file) {
  if (settings.stream == encode::Stream::counters && !given("prefix")) file.prefix = "counters";
}

void look_at_queue(const Making& making, const F& file, const OnMistake& mistake) {
  holds_two_blocks(making, "queue_bytes", queue_bytes(making, file.queue_bytes, F{}.queue_bytes), mistake);
}

std::unique_ptr<Sink> make(const Making& making, const F& file) {
  look_at_queue(making, file, [](SetupError mistake) { throw SetupError(mistake); });
  auto writer = make_file_writer(making.name, file, making.settings.format, making.log);
  return std::make_unique<QueueSink>(making.name, queue_bytes(making, file.queue_bytes, F{}.queue_bytes),
                                     std::move(writer), making.log, spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const F& file, const OnMistake& mistake) {
  if (auto found = cannot_write(making.name, file)) mistake(std::move(*found));
  look_at_queue(making, file, mistake);
}

}  // namespace

TypeOf<FileSettings> describe(const FileSettings&) {
  TypeOf<FileSettings> type;
  type.name = "file";
  type.rows = rows();
  type.complete = complete;
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
