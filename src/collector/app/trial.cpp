#include "app/trial.hpp"

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <algorithm>
#include <cerrno>
#include <thread>

#include "api/handlers.hpp"
#include "app/takeover.hpp"
#include "flow/endpoint.hpp"
#include "sink/factory.hpp"
#include "state/keeper.hpp"

namespace sluice::app {
namespace {

void put(Trial& out, SetupError found, int error) {
  (error == EADDRINUSE ? out.taken : out.mistakes).push_back(std::move(found));
}

void try_listeners(const config::Config& config, Trial& out) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    if (const auto refusal = net::try_out(socket_options(config, config.listeners[i]), worker_count(config)))
      put(out, {listener_path(i), refusal->sentence}, refusal->error);
}

void try_http(const std::string& where, const char* purpose, Trial& out) {
  const auto endpoint = parse_endpoint(where);
  if (!endpoint) return;
  if (const auto refusal = http::try_out(api::listener(*endpoint, purpose)))
    put(out, {std::string(purpose) + ".listen", refusal->sentence}, refusal->error);
}

}  // namespace

unsigned worker_count(const config::Config& config) {
  return config.workers ? config.workers : std::max(1U, std::thread::hardware_concurrency());
}

std::string listener_path(std::size_t index) { return "listeners[" + std::to_string(index) + "]"; }

net::SocketOptions socket_options(const config::Config& config, const config::Listener& listener) {
  net::SocketOptions options;
  options.address = IpAddress::parse(listener.address).value_or(options.address);
  options.port = listener.port;
  options.receive_buffer = listener.receive_buffer ? listener.receive_buffer : config.receive.buffer;
  options.gro = config.receive.gro;
  return options;
}

Trial try_out(const config::Config& config, Sockets sockets) {
  Trial out;
  const OnMistake mistake = [&](SetupError found) { out.mistakes.push_back(std::move(found)); };
  if (sockets == Sockets::opened) try_listeners(config, out);
  if (!config.state.file.empty()) {
    try {
      state::try_out(config.state.file);
    } catch (const SetupError& found) {
      mistake(found);
    }
  }
  for (const auto& [name, settings] : config.sinks) sink::try_out(name, settings, mistake);
  if (!config.run.takeover.empty())
    if (const auto why = TakeoverListener::try_out(config.run.takeover)) mistake({"run.takeover", *why});
  try_http(config.metrics.listen, "metrics", out);
  try_http(config.api.listen, "api", out);
  return out;
}

}  // namespace sluice::app
