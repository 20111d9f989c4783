#include "app/trial.hpp"

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>

#include "app/http_listeners.hpp"
#include "app/identity.hpp"
#include "app/takeover.hpp"
#include "enrich/names_keeper.hpp"
#include "intake/kafka_conf.hpp"
#include "sink/factory.hpp"
#include "state/keeper.hpp"

namespace sluice::app {
namespace {

void put(Trial& out, SetupError found, int error) {
  (error == EADDRINUSE ? out.taken : out.mistakes).push_back(std::move(found));
}

void try_listeners(const config::Config& config, Trial& out) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const config::Listener& listener = config.listeners[i];
    const auto refusal = listener.transport == config::Transport::tcp
                             ? net::try_out_tcp(endpoint_of(listener))
                             : net::try_out(socket_options(config, listener), worker_count(config));
    if (refusal) put(out, {listener_path(i), refusal->sentence}, refusal->error);
  }
  if (const auto at = bmp_endpoint(config))
    if (const auto refusal = net::try_out_tcp(*at))
      put(out, {"enrich.bmp.listen", refusal->sentence}, refusal->error);
}

/// Nothing where a certificate is wrong, of which try_files() tells.
std::optional<http::Options> whole_options(const config::Config& config, const char* purpose) {
  try {
    return http_options(config, purpose);
  } catch (const SetupError&) {
    return std::nullopt;
  }
}

void try_http(const config::Config& config, const char* purpose, Trial& out) {
  const auto options = whole_options(config, purpose);
  if (!options || options->at.address.empty()) return;
  if (const auto refusal = http::try_out(*options))
    put(out, {std::string(purpose) + ".listen", refusal->sentence}, refusal->error);
}

}  // namespace

unsigned worker_count(const config::Config& config) {
  return config.workers ? config.workers : std::max(1U, std::thread::hardware_concurrency());
}

unsigned writer_count(const config::Config& config, unsigned workers) {
  const bool sessions = std::ranges::any_of(
      config.listeners, [](const config::Listener& one) { return one.transport == config::Transport::tcp; });
  unsigned out = workers + (sessions ? 1 : 0);
  for (const auto& [name, settings] : config.sources) out += settings.readers;
  return out;
}

std::string listener_path(std::size_t index) { return "listeners[" + std::to_string(index) + "]"; }

Endpoint endpoint_of(const config::Listener& listener) {
  return {IpAddress::parse(listener.address).value_or(IpAddress{}), listener.port};
}

std::optional<Endpoint> bmp_endpoint(const config::Config& config) {
  return config.bmp.listen.empty() ? std::nullopt : parse_endpoint(config.bmp.listen);
}

std::optional<http::Identity> identity_of(const config::Listener& listener, std::size_t index) {
  if (listener.certificate_file.empty()) return std::nullopt;
  auto identity =
      http::Identity::from_files(listener.certificate_file, listener.key_file, listener.client_ca_file);
  if (identity) return std::move(*identity);
  const auto of = [&](const std::string& file) {
    return !file.empty() && identity.error().starts_with('"' + file + '"');
  };
  const bool of_certificate = of(listener.certificate_file);
  const char* const key = of_certificate                ? ".tls.certificate_file"
                          : of(listener.client_ca_file) ? ".tls.client_ca_file"
                                                        : ".tls.key_file";
  throw SetupError(listener_path(index) + key, identity.error());
}

net::SocketOptions socket_options(const config::Config& config, const config::Listener& listener) {
  net::SocketOptions options;
  options.address = IpAddress::parse(listener.address).value_or(options.address);
  options.port = listener.port;
  options.receive_buffer = listener.receive_buffer ? listener.receive_buffer : config.receive.buffer;
  options.gro = config.receive.gro;
  return options;
}

namespace {

/// What has a path: as the user that opens and opens it again.
void try_files(const config::Config& config, unsigned writers, const OnMistake& mistake) {
  if (!config.state.file.empty()) {
    try {
      state::try_out(config.state.file);
    } catch (const SetupError& found) {
      mistake(found);
    }
  }
  enrich::try_out(config.enrich, mistake);
  for (const auto& [name, settings] : config.sources) intake::try_out(name, settings, mistake);
  for (const auto& [name, settings] : config.sinks) sink::try_out(name, settings, writers, mistake);
  if (!config.run.takeover.empty())
    if (const auto why = TakeoverListener::try_out(config.run.takeover)) mistake({"run.takeover", *why});
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    try {
      identity_of(config.listeners[i], i);
    } catch (const SetupError& found) {
      mistake(found);
    }
  }
  for (const char* const purpose : {"metrics", "api"}) {
    try {
      http_options(config, purpose);
    } catch (const SetupError& found) {
      mistake(found);
    }
  }
}

void try_reload(const std::string& user, const LoadAgain& load_again, const OnMistake& mistake) {
  for (const config::Error& error : load_again().errors)
    mistake({"user", user + " could not read the configuration at a reload: " + error.to_string()});
}

}  // namespace

Trial try_out(const config::Config& config, Sockets sockets, const LoadAgain& load_again) {
  Trial out;
  const OnMistake mistake = [&](SetupError found) { out.mistakes.push_back(std::move(found)); };
  if (sockets == Sockets::opened) try_listeners(config, out);
  try {
    const Identity identity = Identity::of(config.user);
    const Identity::AsUser files(identity);
    // How many workers the given sockets are for is not known here; one more look is taken when sinks are
    // made.
    const unsigned workers = config.listeners.empty()    ? 0
                             : sockets == Sockets::given ? 1
                                                         : worker_count(config);
    try_files(config, writer_count(config, workers), mistake);
    if (identity.changes() && load_again) try_reload(identity.user(), load_again, mistake);
  } catch (const SetupError& found) {
    mistake(found);
  }
  try_http(config, "metrics", out);
  try_http(config, "api", out);
  return out;
}

}  // namespace sluice::app
