#include "store/engine_config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigFile = "config-file";
/// Settings of librdkafka, which the engine looks up when a Kafka table starts.
constexpr std::string_view kKafka = "kafka.";

std::string name_of(const std::string& setting) { return setting.substr(0, setting.find('=')); }

/// Known to the server, and taken: some are known and stay at nought all the same, as the embedded engine has
/// no queue of statements. Pools show what they have when they are used first.
constexpr std::string_view kTaken =
    "SELECT max(changed AND (value != '0' OR {value:String} = '0' OR type = 'Bool' OR startsWith(name, "
    "'background_'))) "
    "FROM system.server_settings WHERE name = {name:String}";

/// Whether the answer begins with "1".
bool says_one(Session& session, std::string_view sql, const std::string& name,
              const std::string& value = "") {
  const auto answer = session.run(sql, "TabSeparatedRaw", {{"name", name}, {"value", value}});
  return answer && answer->bytes.starts_with('1');
}

std::string because(const std::string& file) { return "cannot write " + file + ": " + std::strerror(errno); }

}  // namespace

std::string engine_config(const fs::path& file, const fs::path& files, const Boundaries& boundaries) {
  // A topic that is read from its beginning may bring more days, which are partitions, than one block may
  // have: the consumer would stand still for good. Views of rollups group what they insert: to look for rows
  // of one key again would only cost time. Background work runs with the profile `default`.
  std::string background =
      element("throw_on_max_partitions_per_insert_block", "0") + element("optimize_on_insert", "0");
  // Else the statement that would be compiled fails.
  if (!boundaries.compiles)
    for (const char* const what : {"expressions", "aggregate_expressions", "sort_description"})
      background += element(std::string("compile_") + what, "0");
  return "<!-- Written by sluice store at each start; changes do not stay. -->\n" +
         element("clickhouse",
                 element("users_config", escaped(file.string())) + element("default_profile", "default") +
                     element("user_files_path", escaped(files.string() + "/")) +
                     // How apply.sh learns of the user.
                     element("macros", element("sluice_dictionary_user", kFilesUser)) +
                     element("profiles", element("default", background) + profile_of_clients(boundaries)) +
                     element("quotas", element("default", "")) + element("users", users(boundaries)));
}

Result<fs::path, std::string> write_engine_config(const fs::path& path, const fs::path& files,
                                                  const Boundaries& boundaries) {
  const fs::path file = path / "engine.xml";
  const fs::path next = path / "engine.xml.new";
  std::ofstream out(next, std::ios::binary | std::ios::trunc);
  out << engine_config(file, files, boundaries);
  out.close();
  if (!out) return failure(because(next.string()));
  if (::rename(next.c_str(), file.c_str()) != 0) return failure(because(file.string()));
  return file;
}

std::optional<std::string> malformed_setting(const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals != std::string::npos && equals != 0) return std::nullopt;
  return "\"" + setting + "\" is not NAME=VALUE, such as max_server_memory_usage=4000000000";
}

std::optional<std::string> own_config_file(std::span<const std::string> settings) {
  const auto found = std::ranges::find(settings, kConfigFile, name_of);
  if (found == settings.end()) return std::nullopt;
  return found->substr(std::min(found->size(), kConfigFile.size() + 1));
}

std::optional<std::string> idle_setting(Session& session, std::span<const std::string> settings) {
  for (const std::string& setting : settings) {
    const std::string name = name_of(setting);
    if (name == kConfigFile || name.starts_with(kKafka)) continue;
    if (says_one(session, kTaken, name, setting.substr(std::min(setting.size(), name.size() + 1)))) continue;
    if (says_one(session, "SELECT count() FROM system.settings WHERE name = {name:String}", name))
      return name +
             " is a setting of statements and has no effect on the engine; give it to the statement "
             "(SETTINGS " +
             setting + ") or to the request (?" + setting + ")";
    if (says_one(session, "SELECT count() FROM system.merge_tree_settings WHERE name = {name:String}", name))
      return name +
             " is a setting of tables and has no effect on the engine; give it to the table (ALTER TABLE ... "
             "MODIFY SETTING " +
             setting + ")";
    return name +
           " has no effect: it is none of the engine's server settings, or one that a server alone has";
  }
  return std::nullopt;
}

}  // namespace sluice::store
