#include "importer/files.hpp"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "nfdump/archive.hpp"
#include "util/clock.hpp"

namespace sluice::importer {
namespace {

namespace fs = std::filesystem;

int number(std::string_view digits) {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::optional<std::uint64_t> time_of_first_flow(const std::string& path) {
  auto archive = nfdump::Archive::open(path);
  FlowBatch batch;
  if (!archive || !archive->next(batch, 1)) return std::nullopt;
  const std::uint64_t received = batch.origin_of(batch.flows().front()).time_received_ns;
  return received == 0 ? std::nullopt : std::optional(received);
}

class Search {
 public:
  Result<void, std::string> add(const std::string& named) {
    std::error_code error;
    const fs::path path = fs::absolute(named, error).lexically_normal();
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return failure(named + ": there is no such file or directory");
    if (fs::is_directory(status)) return search(path, named);
    if (!nfdump::is_archive(path.string()))
      return failure(named + ": is no file of nfdump, or cannot be read");
    add_file(path);
    return {};
  }

  Found take() {
    auto& files = found_.files;
    std::ranges::sort(files, [](const ArchiveFile& a, const ArchiveFile& b) {
      return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.path < b.path;
    });
    const auto twice = std::ranges::unique(files, {}, &ArchiveFile::path);
    files.erase(twice.begin(), twice.end());
    return std::move(found_);
  }

 private:
  Result<void, std::string> search(const fs::path& directory, const std::string& named) {
    std::error_code error;
    fs::recursive_directory_iterator at(directory, error);
    if (error) return failure(named + ": cannot be read: " + error.message());
    for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
      const fs::directory_entry& entry = *at;
      if (entry.is_directory(error)) {
        look_inside(at);
        continue;
      }
      if (!entry.is_regular_file(error)) continue;
      if (entry.path().filename().string().find(".current") != std::string::npos)
        found_.being_written.push_back(entry.path().string());
      else if (nfdump::is_archive(entry.path().string()))
        add_file(entry.path());
      else
        ++found_.others;
    }
    if (error) return failure(named + ": cannot be searched: " + error.message());
    return {};
  }

  /// A directory that may not be read costs itself alone.
  void look_inside(fs::recursive_directory_iterator& at) {
    std::error_code error;
    const fs::directory_iterator tried(at->path(), error);
    if (!error || at->is_symlink()) return;
    found_.unreadable.push_back(at->path().string() + ": cannot be searched: " + error.message());
    at.disable_recursion_pending();
  }

  void add_file(const fs::path& path) {
    std::error_code error;
    ArchiveFile file;
    file.path = path.string();
    const std::uintmax_t size = fs::file_size(path, error);
    file.size = error ? 0 : size;
    const auto named = time_of_name(path.filename().string());
    file.time_ns = named ? named : time_of_first_flow(file.path);
    found_.files.push_back(std::move(file));
  }

  Found found_;
};

}  // namespace

std::optional<std::uint64_t> time_of_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view rest = name.substr(dot + 1);
  std::optional<int> zone_seconds;
  constexpr std::size_t kZone = 5;
  if (rest.size() > kZone && (rest[rest.size() - kZone] == '+' || rest[rest.size() - kZone] == '-')) {
    const std::string_view zone = rest.substr(rest.size() - kZone);
    if (!all_digits(zone.substr(1))) return std::nullopt;
    zone_seconds = (number(zone.substr(1, 2)) * 60 + number(zone.substr(3, 2))) * 60;
    if (zone[0] == '-') zone_seconds = -*zone_seconds;
    rest.remove_suffix(kZone);
  }
  constexpr std::size_t kMinutes = 12, kSeconds = 14;
  if ((rest.size() != kMinutes && rest.size() != kSeconds) || !all_digits(rest)) return std::nullopt;
  std::tm parts{};
  parts.tm_year = number(rest.substr(0, 4)) - 1900;
  parts.tm_mon = number(rest.substr(4, 2)) - 1;
  parts.tm_mday = number(rest.substr(6, 2));
  parts.tm_hour = number(rest.substr(8, 2));
  parts.tm_min = number(rest.substr(10, 2));
  if (rest.size() == kSeconds) parts.tm_sec = number(rest.substr(12, 2));
  // Nanoseconds since 1970 are too many for their type from 2554 on.
  const bool can_be = parts.tm_year >= 70 && parts.tm_year < 500 && parts.tm_mon >= 0 && parts.tm_mon < 12 &&
                      parts.tm_mday >= 1 && parts.tm_mday <= 31 && parts.tm_hour < 24 && parts.tm_min < 60 &&
                      parts.tm_sec < 61;
  if (!can_be) return std::nullopt;
  parts.tm_isdst = -1;
  const std::time_t seconds = zone_seconds ? timegm(&parts) - *zone_seconds : std::mktime(&parts);
  if (seconds < 0) return std::nullopt;
  return static_cast<std::uint64_t>(seconds) * kNsPerSecond;
}

Result<Found, std::string> find_archives(const std::vector<std::string>& paths) {
  Search search;
  for (const std::string& path : paths)
    if (const auto added = search.add(path); !added) return failure(added.error());
  return search.take();
}

}  // namespace sluice::importer
