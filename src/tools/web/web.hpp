#pragma once
// The page's server: `sluice web`.
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "config/load.hpp"
#include "sluice/util/result.hpp"

namespace sluice::web {

/// Why it cannot begin; a mistake is one of the configuration's.
struct StartError {
  std::string sentence;
  bool mistake = true;
};

/// Serves until `stop` is requested. `page`: its files are read from there; empty: those of the program.
/// `ready` is told once, in words, when it listens. Blocks; of one thread.
Result<void, StartError> serve(const config::Config& config, const config::Places& places,
                               const std::filesystem::path& page, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& ready);

}  // namespace sluice::web
