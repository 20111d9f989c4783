#pragma once
// What the engine is told as a whole: a file of its own in the data directory, and the settings of the
// command line.
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "store/engine.hpp"
#include "store/engine_users.hpp"

namespace sluice::store {

/// The engine's configuration: settings of statements that nobody gives, such as those by which Kafka tables
/// write, and what clients' statements may reach. They are in effect in a file alone, not on the command
/// line. `file` is where the text will stand, `files` where CSV files and format schemas are.
std::string engine_config(const std::filesystem::path& file, const std::filesystem::path& files,
                          const Boundaries& boundaries);

/// Writes PATH/engine.xml as a whole or not at all, and gives its name. The error is a sentence.
Result<std::filesystem::path, std::string> write_engine_config(const std::filesystem::path& path,
                                                               const std::filesystem::path& files,
                                                               const Boundaries& boundaries);

/// What is wrong with NAME=VALUE before the engine is asked; a sentence without its beginning.
std::optional<std::string> malformed_setting(const std::string& setting);

/// The file of somebody's own among them, which takes the place of engine.xml.
std::optional<std::string> own_config_file(std::span<const std::string> settings);

/// The first of the settings that has no effect on the engine, which runs with them: a sentence that says so.
std::optional<std::string> idle_setting(Session& session, std::span<const std::string> settings);

}  // namespace sluice::store
