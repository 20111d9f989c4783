#pragma once
// The ClickHouse engine in this process, behind ClickHouse's HTTP interface: opens a data directory, answers
// until told to stop, closes it. The engine is a shared library that is loaded when a store opens.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/result.hpp"

namespace sluice::store {

struct Options {
  /// PATH/data is the engine's; PATH/files becomes the working directory of the process, since that is where
  /// the engine looks for format schemas, CSV files and whatever else a statement names without a path.
  std::filesystem::path path;
  std::filesystem::path engine;     ///< libchdb.so; empty: the places of find_engine()
  IpAddress address;                ///< where HTTP is answered
  std::uint16_t port = 8123;        ///< 0: the kernel chooses
  std::string user = "default";     ///< the only user there is
  std::string password;             ///< empty: none is asked for
  unsigned connections = 8;         ///< statements that run at once; more wait
  unsigned http_connections = 256;  ///< one more ends the one that has waited for its client for the longest
  unsigned per_client = 128;        ///< the same for those of one address
  std::vector<std::string> hosts;   ///< names that it may be asked by, besides the machine's own
  bool allow_external = false;      ///< statements may reach files, other servers and programs
  std::chrono::seconds longest_statement{300};  ///< unless its request says otherwise; 0: any time
  /// The group.instance.id of the engine's Kafka consumers. Empty: one of this directory's own, kept in
  /// PATH/kafka-instance-id; "none": no static membership.
  std::string kafka_instance_id;
  std::vector<std::string> engine_settings;  ///< NAME=VALUE of the engine as a whole
};

/// Something that the user can put right: the engine is not there, the directory or the port is taken.
struct StartError {
  std::string sentence;
  bool mistake = false;  ///< the command line is wrong, rather than the world
};

/// Serves until `stop` is requested, then ends what runs, closes the data directory and returns. `told` gets
/// lines for the operator; `ready` is called once, when requests are answered, with another. Changes the
/// working directory of the process, so paths in `options` are made absolute first; to be called once in a
/// process.
Result<void, StartError> serve(const Options& options, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& told,
                               const std::function<void(std::string_view)>& ready);

/// The newest engine in the user's cache (where deploy/local/engine.sh puts it), then /usr/lib/sluice, then
/// the bare name for the loader's own path.
std::filesystem::path find_engine();

}  // namespace sluice::store
