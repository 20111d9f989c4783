#include "app/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>

#include "util/clock.hpp"

namespace sluice::app {
namespace {

spdlog::level::level_enum spd_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// The inside of a JSON string.
std::string json_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

/// systemd names the journal's stream by device and inode, so that a redirected stderr is not taken for it.
bool writes_to_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat ours{};
  return stream != nullptr && ::fstat(STDERR_FILENO, &ours) == 0 &&
         std::to_string(ours.st_dev) + ":" + std::to_string(ours.st_ino) == stream;
}

/// What the journal files a line under (sd-daemon(3)): `journalctl --priority warning` finds it.
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view priority = of(line.level);
    out.append(priority.data(), priority.data() + priority.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }

 private:
  static std::string_view of(spdlog::level::level_enum level) {
    if (level >= spdlog::level::err) return SD_ERR;
    if (level == spdlog::level::warn) return SD_WARNING;
    return level == spdlog::level::info ? SD_INFO : SD_DEBUG;
  }
};

std::string pattern(bool json, bool journal) {
  const std::string line = json      ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})"
                           : journal ? "%l %v"  // the journal has the time
                                     : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  return journal ? "%*" + line : line;
}

}  // namespace

Logging::Logging(const config::Log& settings)
    : logger_(std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      limiter_(settings.repeat_every) {
  json_ = settings.format == config::LogFormat::json;
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JournalPriority>('*').set_pattern(pattern(json_, writes_to_journal()));
  logger_->set_formatter(std::move(formatter));
  logger_->set_level(spdlog::level::from_str(settings.level));
  logger_->flush_on(spdlog::level::info);
}

Logging::~Logging() = default;

void Logging::change(const config::Log& settings) {
  logger_->set_level(spdlog::level::from_str(settings.level));
  limiter_.set_period(settings.repeat_every);
}

void Logging::write(LogLevel level, const std::string& text) {
  logger_->log(spd_level(level), "{}", json_ ? json_escaped(text) : text);
}

void Logging::limited(LogLevel level, std::string_view key, const std::function<std::string()>& text) {
  const auto muted = limiter_.allow(key, monotonic_ns());
  if (!muted) {
    muted_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  write(level, *muted ? fmt::format("{} ({} more like it were not logged)", text(), *muted) : text());
}

LogFn Logging::callback() {
  return [this](LogLevel level, std::string text) {
    if (level >= LogLevel::warning)
      limited(level, text, [&] { return text; });
    else
      write(level, text);
  };
}

void Logging::flush() { logger_->flush(); }

}  // namespace sluice::app
