#include "enrich/names_keeper.hpp"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "util/clock.hpp"

namespace sluice::enrich {
namespace {

std::uint64_t now_seconds() { return unix_ns() / kNsPerSecond; }

/// Every mistake that the file has is told; `out` has what could be read.
using ReadFile = void (*)(const std::string& path, NamesFiles& out, const OnMistake& mistake);

template <class Row, std::vector<NamesFault> (*Read)(const std::string&, std::vector<Row>&),
          std::vector<Row> NamesFiles::* Rows>
void read_rows(const std::string& path, NamesFiles& out, const OnMistake& mistake) {
  (out.*Rows).clear();
  if (path.empty()) return;
  for (const NamesFault& fault : Read(path, out.*Rows)) mistake({fault.setting, fault.sentence()});
}

template <auto Held, auto Read>
void read_database_file(const std::string& setting, const std::string& path, NamesFiles& out,
                        const OnMistake& mistake) {
  try {
    out.*Held = path.empty() ? nullptr : Read(setting, path);
  } catch (const SetupError& error) {
    mistake(error);
  }
}

/// The files that there are.
struct FileKind {
  std::string_view name;
  std::string SourceSettings::* path;
  ReadFile read;
};
constexpr std::array<FileKind, 4> kFiles{{
    {"as", &SourceSettings::as_file,
     [](const std::string& path, NamesFiles& out, const OnMistake& mistake) {
       read_database_file<&NamesFiles::ases, &read_ases>("enrich.as.file", path, out, mistake);
     }},
    {"country", &SourceSettings::country_file,
     [](const std::string& path, NamesFiles& out, const OnMistake& mistake) {
       read_database_file<&NamesFiles::countries, &read_database>("enrich.country.file", path, out, mistake);
     }},
    {"networks", &SourceSettings::networks_file,
     &read_rows<NetworkSettings, &read_networks, &NamesFiles::networks>},
    {"interfaces", &SourceSettings::interfaces_file,
     &read_rows<InterfaceSettings, &read_interfaces, &NamesFiles::interfaces>},
}};

}  // namespace

/// What a file is known by again: whoever replaces it or writes to it changes some of this.
struct NamesKeeper::Stamp {
  dev_t device = 0;
  ino_t number = 0;
  off_t size = 0;
  timespec modified{}, changed{};  // `changed` also when somebody gets the right to read it

  static std::optional<Stamp> of(const std::string& path) {
    struct stat status{};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) return std::nullopt;
    return Stamp{status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
  }
  friend bool operator==(const Stamp& a, const Stamp& b) {
    const auto same = [](const timespec& x, const timespec& y) {
      return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
    };
    return a.device == b.device && a.number == b.number && a.size == b.size && same(a.modified, b.modified) &&
           same(a.changed, b.changed);
  }
};

struct NamesKeeper::File {
  NamesSource state;
  std::optional<Stamp> stamp;  // as it was when it was read last, or in vain
  bool looked = false;
};

struct NamesKeeper::Files {
  std::array<File, kFiles.size()> files;
  NamesFiles content;

  /// Reads the file again where it is another than before, or, with `insist`, was wrong. False: it is the
  /// same. Throws SetupError with its first mistake; what there was stays.
  bool read(std::size_t i, const std::string& path, bool insist) {
    File& file = files[i];
    const std::optional<Stamp> stamp = Stamp::of(path);
    const bool wrong = file.state.counts[NamesCount::wrong] != 0;
    if (file.looked && file.state.path == path && file.stamp == stamp && !(insist && wrong)) return false;
    std::optional<SetupError> first;
    NamesFiles fresh = content;
    kFiles[i].read(path, fresh, [&](SetupError error) {
      if (!first) first.emplace(std::move(error));
    });
    file.looked = true;
    file.stamp = stamp;
    if (first) {
      file.state.error = first->why();
      ++file.state.counts[NamesCount::failures];
      file.state.counts[NamesCount::wrong] = 1;
      throw SetupError(*first);
    }
    content = std::move(fresh);
    file.state.path = path;
    if (path.empty()) return true;
    file.state.error.clear();
    ++file.state.counts[NamesCount::reads];
    file.state.counts[NamesCount::wrong] = 0;
    file.state.counts[NamesCount::read_seconds] = now_seconds();
    file.state.counts[NamesCount::modified_seconds] =
        stamp ? static_cast<std::uint64_t>(stamp->modified.tv_sec) : 0;
    return true;
  }
};

NamesKeeper::NamesKeeper(LogFn log) : log_(std::move(log)), files_(std::make_unique<Files>()) {
  for (std::size_t i = 0; i < kFiles.size(); ++i) files_->files[i].state.source = kFiles[i].name;
}

NamesKeeper::~NamesKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void NamesKeeper::take(const SourceSettings& settings) {
  const std::lock_guard lock(mutex_);
  Files next = *files_;
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    try {
      next.read(i, settings.*kFiles[i].path, true);
    } catch (const SetupError&) {
      if (files_->files[i].state.path == settings.*kFiles[i].path) files_->files[i] = next.files[i];
      show();
      throw;
    }
  }
  auto names = names_of(settings, next.content);
  settings_ = settings;
  *files_ = std::move(next);
  publish(std::move(names));
  bool any = false;
  for (const FileKind& kind : kFiles) any |= !(settings.*kind.path).empty();
  if (any && !thread_.joinable()) {
    thread_ = std::thread([this] { watch(); });
    pthread_setname_np(thread_.native_handle(), "names");
  }
  ++settings_taken_;
  wake_.notify_all();
}

std::shared_ptr<const Names> NamesKeeper::names_of(const SourceSettings& settings,
                                                   const NamesFiles& content) {
  const bool exporter_counts =
      std::ranges::find(settings.as_from, AsSource::exporter) != settings.as_from.end();
  const bool none = content.ases == nullptr && content.countries == nullptr && content.networks.empty() &&
                    content.interfaces.empty() && settings.networks.empty() && settings.interfaces.empty() &&
                    settings.rules.empty() && exporter_counts;
  return none ? nullptr : make_names(settings, content);
}

/// With the lock.
void NamesKeeper::publish(std::shared_ptr<const Names> names) {
  const NamesFiles& content = files_->content;
  const auto database = [](const auto& from, NamesSource& state) {
    state.counts[NamesCount::bytes] = from ? from->bytes() : 0;
    state.counts[NamesCount::built_seconds] = from ? from->built_seconds() : 0;
  };
  database(content.ases, files_->files[0].state);
  database(content.countries, files_->files[1].state);
  auto& networks = files_->files[2].state.counts;
  networks[NamesCount::entries] = names ? names->networks.size() : 0;
  networks[NamesCount::bytes] = names ? names->networks.bytes() : 0;
  files_->files[3].state.counts[NamesCount::entries] = names ? names->interfaces.size() : 0;
  names_->replace(std::move(names));
  unpublished_ = false;
  show();
}

void NamesKeeper::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    // Without a period the next settings wake it.
    const std::uint64_t taken = settings_taken_;
    const auto every =
        settings_.check_every.count() > 0 ? settings_.check_every : std::chrono::hours(24 * 365);
    const bool woken = wake_.wait_for(lock, every, [&] { return stop_ || settings_taken_ != taken; });
    if (woken || settings_.check_every.count() == 0) continue;
    try {
      look();
    } catch (const std::bad_alloc&) {  // the next look may find memory again
    }
  }
}

/// With the lock, which nobody waits for but a reload: a long table takes half a second.
void NamesKeeper::look() {
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    const std::string& path = settings_.*kFiles[i].path;
    if (path.empty()) continue;
    try {
      if (!files_->read(i, path, false)) continue;
      unpublished_ = true;
      log_(LogLevel::info, "names: " + path + " has changed and was read");
    } catch (const SetupError& error) {
      log_(LogLevel::error, "names: " + std::string(error.what()) + "; what was there before stays in force");
    }
  }
  if (unpublished_) return publish(names_of(settings_, files_->content));
  show();
}

/// With the lock.
void NamesKeeper::show() {
  std::vector<NamesSource> out;
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    const NamesSource& state = files_->files[i].state;
    if (!(settings_.*kFiles[i].path).empty() || state.counts[NamesCount::entries] > 0) out.push_back(state);
  }
  shown_.with([&](auto& shown) { shown = std::move(out); });
}

void try_out(const SourceSettings& settings, const OnMistake& mistake) {
  NamesFiles files;
  for (const FileKind& kind : kFiles)
    if (!(settings.*kind.path).empty()) kind.read(settings.*kind.path, files, mistake);
}

}  // namespace sluice::enrich
