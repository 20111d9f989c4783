#include "app/logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <time.h>

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

std::uint64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000U + static_cast<std::uint64_t>(t.tv_nsec);
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

}  // namespace

Logging::Logging(const config::Log& settings)
    : logger_(std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      limiter_(settings.repeat_every) {
  json_ = settings.format == config::LogFormat::json;
  if (json_)
    logger_->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})",
                         spdlog::pattern_time_type::utc);
  else
    logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger_->set_level(spdlog::level::from_str(settings.level));
  logger_->flush_on(spdlog::level::info);
}

Logging::~Logging() = default;

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
