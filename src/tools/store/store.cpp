#include "store/store.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "http/server.hpp"
#include "store/chdb_engine.hpp"
#include "store/confine.hpp"
#include "store/data_directory.hpp"
#include "store/engine_config.hpp"
#include "store/service.hpp"
#include "store/unfinished_inserts.hpp"

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libchdb.so";
constexpr std::chrono::milliseconds kGrace{3000};
constexpr std::chrono::milliseconds kUntilGone{10'000};  // for what held the directory before

StartError world(std::string sentence) { return {.sentence = std::move(sentence), .mistake = false}; }
StartError mistake(std::string sentence) { return {.sentence = std::move(sentence), .mistake = true}; }

bool loopback(const IpAddress& address) {
  const IpAddress plain = address.unmapped();
  return plain.is_v4() ? plain.bytes[0] == 127 : plain == *IpAddress::parse("::1");
}

fs::path cache_directory() {
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return cache;
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache";
  return {};
}

/// What makes the Kafka consumers of the engine go on at once after a restart: they never leave their group,
/// so that only a static member id spares the next start the wait for the session's end. With one the session
/// may be long, and must be: a consumer whose session ends while the broker restarts goes back to its last
/// commit, and doubles what it wrote since. Without one a short session is the lesser evil.
std::vector<std::string> kafka_settings(const std::string& instance_id) {
  // The pools are as large as the machine's cores by default, and a consumer that waits for records keeps a
  // thread of them.
  std::vector<std::string> out{"background_message_broker_schedule_pool_size=16",
                               "background_schedule_pool_size=16"};
  if (instance_id.empty()) {
    out.insert(out.end(), {"kafka.session_timeout_ms=6000", "kafka.heartbeat_interval_ms=1000",
                           "kafka.max_poll_interval_ms=10000"});
  } else {
    out.insert(out.end(), {"kafka.session_timeout_ms=45000", "kafka.heartbeat_interval_ms=3000",
                           "kafka.max_poll_interval_ms=300000", "kafka.group_instance_id=" + instance_id});
  }
  return out;
}

Result<std::unique_ptr<Engine>, StartError> open_engine(const Options& options,
                                                        const DataDirectory& directory) {
  std::string instance_id = options.kafka_instance_id == "none" ? "" : options.kafka_instance_id;
  if (options.kafka_instance_id.empty()) {
    auto kept = directory.kafka_instance_id();
    if (!kept) return failure(world(kept.error()));
    instance_id = std::move(*kept);
  }
  std::vector<std::string> settings = kafka_settings(instance_id);
  if (!own_config_file(options.engine_settings)) {
    const auto file = write_engine_config(directory.path(), directory.files(),
                                          {.external = options.allow_external,
                                           .longest_statement = options.longest_statement,
                                           .compiles = may_run_what_it_writes()});
    if (!file) return failure(world(file.error()));
    settings.push_back("config-file=" + file->string());
  }
  settings.insert(settings.end(), options.engine_settings.begin(), options.engine_settings.end());
  auto engine =
      open_chdb({.library = options.engine, .data = directory.data(), .settings = std::move(settings)});
  if (!engine) return failure(mistake(engine.error()));
  const auto session = (*engine)->open();
  if (!session) return failure(world(session.error()));
  if (const auto idle = idle_setting(**session, options.engine_settings))
    return failure(mistake("--engine-setting: " + *idle));
  return std::move(*engine);
}

/// Before the engine has threads.
void confine_to(const Options& options, const DataDirectory& directory,
                const std::function<void(std::string_view)>& tell) {
  Confines to{.all = {directory.path()}, .read = system_files()};
  if (const auto own = own_config_file(options.engine_settings)) to.read.emplace_back(*own);
  std::error_code none;
  to.read.push_back(fs::weakly_canonical(options.engine, none).parent_path());
  if (const auto confined = confine(to); !confined)
    tell("statements can read what this user can read, by file() and by names of formats: " +
         confined.error());
}

/// A process that is about to be gone lets go of its lock first, and then of its port.
Result<std::unique_ptr<http::StreamServer>, std::string> listen(const Options& options,
                                                                std::chrono::milliseconds patience,
                                                                const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto server = http::StreamServer::listen(listener({.at = {options.address, options.port},
                                                       .connections = options.http_connections,
                                                       .per_client = options.per_client,
                                                       .hosts = options.hosts,
                                                       .password = !options.password.empty()}));
    if (server || std::chrono::steady_clock::now() >= end || stop.stop_requested()) return server;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string ready_line(const Options& options, const http::StreamServer& server,
                       const DataDirectory& directory, const Engine& engine) {
  const std::string address = options.address.to_string();
  return "ready on http://" + (options.address.is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(server.port()) + ", data in " + directory.path().string() + ", ClickHouse engine " +
         engine.version();
}

}  // namespace

fs::path find_engine() {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  if (const fs::path cache = cache_directory(); !cache.empty())
    for (const auto& entry : fs::directory_iterator(cache / "sluice", error)) {
      const fs::path file = entry.path() / kLibrary;
      std::error_code none;
      const auto time = fs::last_write_time(file, none);
      if (!none && entry.path().filename().string().starts_with("engine-")) found.emplace_back(time, file);
    }
  if (!found.empty()) return std::ranges::max(found).second;
  const fs::path installed = fs::path("/usr/lib/sluice") / kLibrary;
  return fs::exists(installed, error) ? installed : fs::path(kLibrary);
}

Result<void, StartError> serve(const Options& given, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& told,
                               const std::function<void(std::string_view)>& ready) {
  Options options = given;
  options.path = fs::absolute(options.path).lexically_normal();
  // Once and for all: the process that is confined cannot look for it any more.
  options.engine = options.engine.empty() ? find_engine() : fs::absolute(options.engine);
  for (const std::string& setting : options.engine_settings)
    if (const auto wrong = malformed_setting(setting)) return failure(mistake("--engine-setting: " + *wrong));
  if (options.password.empty() && !loopback(options.address))
    return failure(mistake(options.address.to_string() +
                           " is not loopback, so a password is needed: --password-file FILE"));

  bool waited = false;
  const auto waits = [&](std::string_view line) {
    waited = true;
    told(line);
  };
  const auto directory =
      DataDirectory::open(options.path, {.longest = kUntilGone, .stop = stop, .told = waits});
  if (!directory) return failure(world(directory.error()));
  const auto server = listen(options, waited ? kUntilGone : std::chrono::milliseconds(0), stop);
  if (!server) return failure(world(server.error()));
  if (::chdir(directory->files().c_str()) != 0)
    return failure(world("cannot enter " + directory->files().string() + ": " + std::strerror(errno)));
  if (const auto forgotten = forget_unfinished_inserts(directory->data()); !forgotten)
    told(forgotten.error());
  if (!options.allow_external) confine_to(options, *directory, told);
  const auto engine = open_engine(options, *directory);
  if (!engine) return failure(engine.error());

  Service service(**engine,
                  {.credentials = {options.user, options.password},
                   .connections = options.connections,
                   .allow_external = options.allow_external,
                   .counts = [&server] { return (*server)->counts(); }},
                  stop);
  ready(ready_line(options, **server, *directory, **engine));
  (*server)->run([&](http::Exchange& exchange) { service.answer(*coded(exchange)); }, stop, kGrace,
                 [&] { service.cancel_all(); });
  return {};
}

}  // namespace sluice::store
