#pragma once
// Whether a collector can be made of a configuration: what is found only when sockets are opened, sinks and
// HTTP servers made, files written. `sluice check` tells it, and so does `sluice run` before it makes
// anything, so that both say the same. What may be asked of a daemon that runs, of a full disk or of a broker
// that is away is no mistake.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "flow/endpoint.hpp"
#include "http/tls.hpp"
#include "net/tcp_listener.hpp"
#include "net/udp_socket.hpp"
#include "util/setup_error.hpp"

namespace sluice::app {

struct Trial {
  std::vector<SetupError> mistakes;  ///< it cannot be made
  /// Ports that somebody has now, who may be the collector that this configuration is for. Listeners that are
  /// in each other's way are told by config::load(), so it is not they.
  std::vector<SetupError> taken;
};

using LoadAgain = std::function<config::LoadResult()>;

/// Where the listeners' sockets are from: those that somebody gives (a socket unit, the collector that ran
/// before) are there already, and this process may be unable to open them.
enum class Sockets : std::uint8_t { opened, given };

/// What has a path is tried as `user`, if root asks. `load_again` reads the configuration as a reload would,
/// which that user must be able to do; empty: nobody will.
///
/// Leaves nothing behind, neither files nor directories, connects to nobody, and takes nothing from a daemon
/// that runs. Main thread.
Trial try_out(const config::Config& config, Sockets sockets = Sockets::opened,
              const LoadAgain& load_again = {});

/// Workers that there will be.
unsigned worker_count(const config::Config& config);
/// Who hands blocks to sinks: so many workers of the sockets, that of sessions, and the readers of sources.
unsigned writer_count(const config::Config& config, unsigned workers);
/// "listeners[0]", as mistakes of a listener call it.
std::string listener_path(std::size_t index);
Endpoint endpoint_of(const config::Listener& listener);
/// Where BMP sessions are taken; nothing: nowhere.
std::optional<Endpoint> bmp_endpoint(const config::Config& config);
/// Reads the files of its certificate; nothing where it has none. Throws SetupError.
std::optional<http::Identity> identity_of(const config::Listener& listener, std::size_t index);
net::SocketOptions socket_options(const config::Config& config, const config::Listener& listener);

}  // namespace sluice::app
