// The collector's sockets: taken from who had them before, opened where nobody had, kept for who comes next.
#include "app/collector.hpp"
#include "app/trial.hpp"

namespace sluice::app {
namespace {

std::string sockets(std::size_t n) { return std::to_string(n) + (n == 1 ? " socket" : " sockets"); }

}  // namespace

unsigned Collector::workers_for(const config::Config& config, const net::GivenSockets& given) {
  if (config.listeners.empty()) return 0;
  const auto per_listener = given.per_listener();
  if (!per_listener) throw SetupError("listeners", per_listener.error());
  if (*per_listener) return **per_listener;
  return worker_count(config);
}

void Collector::open_listeners(SocketSource source) {
  const bool of_a_unit = source.given.per_listener().value_or(std::nullopt).has_value();
  if (of_a_unit && config_.workers != 0 && config_.workers != worker_count_)
    log_.write(LogLevel::warning, "workers is " + std::to_string(config_.workers) +
                                      ", but the socket unit gives " + sockets(worker_count_) +
                                      " for each listener: so many workers run");
  std::vector<std::vector<net::UdpSocket>> begun;
  for (const config::Listener& settings : config_.listeners)
    begun.push_back(settings.transport == config::Transport::udp
                        ? source.given.take(socket_options(config_, settings), worker_count_)
                        : std::vector<net::UdpSocket>{});
  close_unwanted(source);
  bool steered = true;
  for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
    if (config_.listeners[i].transport == config::Transport::tcp)
      open_tcp(i);
    else
      open_udp(i, std::move(begun[i]), source, of_a_unit, steered);
  }
  open_bmp();
  if (worker_count_ > 1) steering_ = steered && config_.receive.steering ? "source_address" : "kernel_hash";
}

void Collector::open_udp(std::size_t i, std::vector<net::UdpSocket> begun, const SocketSource& source,
                         bool of_a_unit, bool& steered) {
  const config::Listener& settings = config_.listeners[i];
  const std::size_t taken = begun.size();
  const net::SocketOptions options = socket_options(config_, settings);
  auto group = net::open_group(options, worker_count_, std::move(begun));
  if (!group) throw SetupError(listener_path(i), group.error());
  listeners_.push_back({settings, std::move(*group)});
  const auto& opened = listeners_.back().sockets;
  for (const std::string& warning : opened.front().warnings())
    log_.limited(LogLevel::warning, warning, [&] { return warning; });
  steered &= steer(opened.front(), taken > 0);
  std::string told = "listening on UDP " + opened.front().local_name();
  if (taken > 0) told += "; " + sockets(taken) + " taken over with what waits there";
  log_.write(LogLevel::info, told);
  // A port that the kernel chose is another one the next time, and a socket unit keeps its own.
  if (source.store != nullptr && settings.port != 0 && (taken == 0 || !of_a_unit))
    for (auto w = static_cast<unsigned>(taken); w < opened.size(); ++w)
      source.store->keep(opened[w].fd(), net::kept_name(options.address, options.port, w));
}

void Collector::open_tcp(std::size_t i) {
  const config::Listener& settings = config_.listeners[i];
  auto listener = net::TcpListener::open(endpoint_of(settings));
  if (!listener) throw SetupError(listener_path(i), listener.error().sentence);
  log_.write(LogLevel::info, "listening on TCP " + listener->local_name() +
                                 (settings.certificate_file.empty() ? "" : ", for TLS"));
  worker::SessionInlet inlet{.listener = std::move(*listener), .identity = identity_of(settings, i)};
  inlet.inlet = i;
  inlet.number = static_cast<std::uint16_t>(i * worker_count_);  // of no UDP socket: nothing is dropped there
  inlet.decapsulate = settings.decapsulate;
  tcp_.push_back(std::move(inlet));
  listeners_.push_back({settings, {}});
}

void Collector::open_bmp() {
  const auto at = bmp_endpoint(config_);
  if (!at) return;
  auto listener = net::TcpListener::open(*at);
  if (!listener) throw SetupError("enrich.bmp.listen", listener.error().sentence);
  log_.write(LogLevel::info, "listening on TCP " + listener->local_name() + ", for BMP");
  bmp::Settings settings;
  settings.keep = config_.bmp.keep;
  settings.limits = config_.bmp.limits;
  for (const std::string& prefix : config_.bmp.allow)
    if (const auto one = IpPrefix::parse(prefix)) settings.allow.push_back(*one);
  for (const std::string& router : config_.bmp.defaults)
    if (const auto one = IpAddress::parse(router)) settings.defaults.push_back(*one);
  routes_ = std::make_unique<bmp::Routes>();
  station_ = std::make_unique<bmp::Station>(
      std::move(settings), std::move(*listener), *routes_,
      [this](bool warning, const std::string& kind, const std::string& line) {
        log_.limited(warning ? LogLevel::warning : LogLevel::info, kind, [&] { return line; });
      });
}

/// Whether all is as configured.
bool Collector::steer(const net::UdpSocket& first, bool taken) {
  if (worker_count_ < 2) return true;
  if (!config_.receive.steering) {
    if (taken) net::detach_steering(first);
    return true;
  }
  const auto attached = net::attach_steering(first, worker_count_);
  if (!attached) log_.write(LogLevel::warning, attached.error());
  return attached.has_value();
}

/// Sockets that the configuration has no listener or no worker for.
void Collector::close_unwanted(SocketSource& source) {
  if (source.given.empty()) return;
  for (const net::ClosedSocket& closed : source.given.close_rest()) {
    log_.write(closed.datagrams > 0 ? LogLevel::warning : LogLevel::info,
               "a socket that was kept is closed, as the configuration has no place for it: " + closed.what +
                   ", with " + std::to_string(closed.datagrams) + " datagrams that waited in it");
    if (source.store != nullptr && net::is_kept_name(closed.name)) source.store->forget(closed.name);
  }
  // An address may be listened on in another way only when the old socket is closed everywhere.
  if (source.store != nullptr) source.store->settle();
}

std::vector<std::pair<std::string, int>> Collector::release_sockets() {
  end_workers(worker::Waiting::is_left);
  std::vector<std::pair<std::string, int>> out;
  for (const Listener& listener : listeners_)
    for (unsigned w = 0; w < listener.sockets.size(); ++w) {
      const net::UdpSocket& socket = listener.sockets[w];
      out.emplace_back(net::kept_name(socket.local_address(), socket.local_port(), w), socket.fd());
    }
  return out;
}

}  // namespace sluice::app
