#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <set>
#include <sstream>
#include <system_error>

#include "doctor/checks.hpp"
#include "flow/endpoint.hpp"
#include "net/udp_socket.hpp"

namespace sluice::doctor {
namespace {

namespace fs = std::filesystem;

/// Inodes of the sockets on a local port in proc/net/udp and the like; of TCP only of those that listen.
void add_inodes(const fs::path& table, std::uint16_t port, bool listening, std::set<std::string>& out) {
  std::array<char, 8> hex{};
  std::snprintf(hex.data(), hex.size(), ":%04X", port);
  std::istringstream lines(read_text(table));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::array<std::string, 10> word;
    for (std::string& one : word) words >> one;
    if (word[1].ends_with(hex.data()) && (!listening || word[3] == "0A"))
      out.insert("socket:[" + word[9] + "]");
  }
}

bool has_one_of(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    if (sockets.contains(fs::read_symlink(entry.path(), gone).string())) return true;
  }
  return false;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string by_whom(const Machine& machine, const std::string& table, std::uint16_t port) {
  const std::string holder = holder_of(machine, table, port);
  return holder.empty() ? "another program (as root, this check names it)" : holder;
}

/// The running collector says itself which sockets are its own.
bool is_collectors(const Collector& collector, std::uint16_t port) {
  const std::string end = ':' + std::to_string(port);
  const auto& own = collector.metrics.of("sluice_listener_datagrams_total");
  return std::any_of(own.begin(), own.end(), [&](const Sample& sample) {
    const auto label = sample.labels.find("listener");
    return label != sample.labels.end() && label->second.ends_with(end);
  });
}

/// metrics.allow keeps it from being asked: what holds the ports is most likely the collector itself. Who it
/// is can often not be seen, since a service in a user namespace hides its files from all but root.
bool may_be_collectors(const Collector& collector, const std::string& holder) {
  return collector.presence == Collector::Presence::refused &&
         (holder.empty() || holder.starts_with("sluice "));
}
constexpr const char* kSeemsToBeCollectors =
    "It is in use, as it seems by the running sluice, which metrics.allow does not let this machine ask.";

Finding check_udp(const config::Listener& listener, const Machine& machine, const Collector& collector) {
  const std::string check = "UDP port " + std::to_string(listener.port);
  if (collector.runs() && is_collectors(collector, listener.port))
    return {check, Status::ok, "The running sluice has it."};
  const auto address = IpAddress::parse(listener.address);
  if (!address) return {check, Status::fail, listener.address + " is no address."};
  const auto socket = net::UdpSocket::open(
      {.address = *address, .port = listener.port, .receive_buffer = 0, .reuse_port = false, .gro = false});
  if (socket) return {check, Status::ok, "It is free."};
  const std::string holder = holder_of(machine, "udp", listener.port);
  if (socket.error().find("in use") != std::string::npos && may_be_collectors(collector, holder))
    return {check, Status::ok, kSeemsToBeCollectors};
  return {check, Status::fail, socket.error() + (holder.empty() ? "" : "; it is held by " + holder) + "."};
}

/// Why one may not listen there.
boost::system::error_code listen_error(const Endpoint& endpoint) {
  using boost::asio::ip::tcp;
  boost::system::error_code error;
  boost::asio::io_context io;
  tcp::acceptor acceptor(io);
  const tcp::endpoint where(boost::asio::ip::make_address(endpoint.address.to_string()), endpoint.port);
  acceptor.open(where.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(where, error);
  if (!error) acceptor.listen(1, error);
  return error;
}

Findings check_tcp(const std::string& setting, const std::string& listen, const Machine& machine,
                   const Collector& collector) {
  const auto endpoint = parse_endpoint(listen);
  if (!endpoint) return {};
  const std::string check = setting + ' ' + listen;
  const auto error = listen_error(*endpoint);
  if (!error) return {{check, Status::ok, "It is free."}};
  if (error != boost::asio::error::address_in_use)
    return {{check, Status::fail, "It cannot be listened on: " + error.message() + "; set another address."}};
  if (collector.runs()) return {{check, Status::ok, "The running sluice has it."}};
  if (may_be_collectors(collector, holder_of(machine, "tcp", endpoint->port)))
    return {{check, Status::ok, kSeemsToBeCollectors}};
  return {{check, Status::fail,
           "It is held by " + by_whom(machine, "tcp", endpoint->port) + "; set another port, or end that."}};
}

}  // namespace

std::string holder_of(const Machine& machine, const std::string& table, std::uint16_t port) {
  std::set<std::string> sockets;
  for (const char* family : {"", "6"})
    add_inodes(machine.root / "proc/net" / (table + family), port, table == "tcp", sockets);
  if (sockets.empty()) return "";
  std::error_code error;
  for (const auto& process : fs::directory_iterator(machine.root / "proc", error)) {
    const std::string id = process.path().filename().string();
    if (is_number(id) && has_one_of(process.path(), sockets))
      return read_text(process.path() / "comm") + " (process " + id + ")";
  }
  return "";
}

Findings check_ports(const config::Config& config, const Machine& machine, const Collector& collector) {
  Findings out;
  for (const auto& listener : config.listeners) {
    if (listener.transport == config::Transport::udp) {
      out.push_back(check_udp(listener, machine, collector));
      continue;
    }
    const auto address = IpAddress::parse(listener.address);
    const std::string listen = Endpoint{address.value_or(IpAddress{}), listener.port}.to_string();
    for (auto&& finding : check_tcp("TCP", listen, machine, collector)) out.push_back(std::move(finding));
  }
  for (auto&& finding : check_tcp("enrich.bmp.listen", config.bmp.listen, machine, collector))
    out.push_back(std::move(finding));
  for (auto&& finding : check_tcp("metrics.listen", config.metrics.listen, machine, collector))
    out.push_back(std::move(finding));
  for (auto&& finding : check_tcp("api.listen", config.api.listen, machine, collector))
    out.push_back(std::move(finding));
  return out;
}

}  // namespace sluice::doctor
