// What the kernel of this machine is set to, and what it says about itself.
#include <sys/timex.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "doctor/checks.hpp"

namespace sluice::doctor {
namespace {

constexpr unsigned kNetAdmin = 12;  // CAP_NET_ADMIN

std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return std::strtoull(text.c_str(), nullptr, 10);
}

/// Whether this process has the capability that lets a buffer be larger than rmem_max.
bool may_exceed(const Machine& machine) {
  std::istringstream status(read_text(machine.root / "proc/self/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:"))
      return (std::strtoull(line.c_str() + 7, nullptr, 16) >> kNetAdmin & 1U) != 0;
  return false;
}

std::uint64_t wanted_buffer(const config::Config& config, const config::Listener& listener) {
  if (listener.transport == config::Transport::tcp) return 0;  // the kernel's to say
  return listener.receive_buffer != 0 ? listener.receive_buffer : config.receive.buffer;
}

std::uint64_t largest_buffer(const config::Config& config) {
  std::uint64_t out = 0;
  for (const auto& listener : config.listeners) out = std::max(out, wanted_buffer(config, listener));
  return out;
}

std::string advice(std::uint64_t wanted) {
  const std::string setting = "net.core.rmem_max=" + std::to_string(wanted);
  return "`sysctl -w " + setting +
         "` and a line in /etc/sysctl.d (of the host, where this is a container), "
         "then a restart of sluice, gives all of it";
}

/// What the sockets of a running collector got. The kernel books twice of what is asked.
Finding running_buffers(const config::Config& config, const Collector& collector) {
  const double got = collector.metrics.sum("sluice_listener_queue_limit_bytes") / 2;
  const double workers = std::max(1.0, collector.metrics.sum("sluice_workers"));
  double wanted = 0;
  for (const auto& listener : config.listeners)
    wanted += static_cast<double>(wanted_buffer(config, listener)) * workers;
  if (got >= wanted * 0.99)
    return {"receive buffers", Status::ok,
            "The running sluice has all the receive buffer that it asked for, " + size_text(got) + "."};
  return {"receive buffers", Status::warning,
          "The running sluice got receive buffers of " + size_text(got) + " where " + size_text(wanted) +
              " were asked for, and bursts will be lost; " + advice(largest_buffer(config)) + "."};
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

Finding check_receive_buffers(const config::Config& config, const Machine& machine,
                              const Collector& collector) {
  if (collector.runs() && collector.metrics.has("sluice_listener_queue_limit_bytes"))
    return running_buffers(config, collector);
  const std::uint64_t wanted = largest_buffer(config);
  const auto most = number_in(machine.root / "proc/sys/net/core/rmem_max");
  if (!most)
    return {"receive buffers", Status::warning,
            "net.core.rmem_max cannot be read here; the log of sluice says at its start whether it got the " +
                size_text(static_cast<double>(wanted)) + " that it asks for."};
  const std::string granted = size_text(static_cast<double>(*most));
  if (*most >= wanted)
    return {"receive buffers", Status::ok,
            "net.core.rmem_max is " + granted + ", enough for the receive buffers of " +
                size_text(static_cast<double>(wanted)) + " that are asked for."};
  if (may_exceed(machine))
    return {"receive buffers", Status::ok,
            "Receive buffers of " + size_text(static_cast<double>(wanted)) +
                " need CAP_NET_ADMIN, which this user has; a sluice without it gets " + granted +
                " (net.core.rmem_max)."};
  return {"receive buffers", Status::warning,
          "The kernel grants receive buffers of " + granted + " where " +
              size_text(static_cast<double>(wanted)) + " are asked for, and bursts will be lost; " +
              advice(wanted) + "."};
}

Findings check_connection_table(const Machine& machine) {
  const auto now = number_in(machine.root / "proc/sys/net/netfilter/nf_conntrack_count");
  const auto most = number_in(machine.root / "proc/sys/net/netfilter/nf_conntrack_max");
  if (!now || !most || *most == 0) return {};
  const double fill = static_cast<double>(*now) / static_cast<double>(*most);
  const std::string state = "The kernel tracks " + counted(static_cast<double>(*now), "connection") + " of " +
                            std::to_string(*most) + " at most";
  if (fill < 0.9) return {{"connection tracking", Status::ok, state + "."}};
  return {{"connection tracking", fill >= 1 ? Status::fail : Status::warning,
           state + (fill >= 1 ? ", and drops datagrams" : ", and will drop datagrams when it is full") +
               "; let the export ports pass untracked (notrack), or raise net.netfilter.nf_conntrack_max."}};
}

Finding check_descriptors(const Collector& collector, std::uint64_t own_limit) {
  const double open = collector.metrics.sum("process_open_fds");
  const double most = collector.metrics.sum("process_max_fds");
  if (collector.runs() && most > 0) {
    const std::string state = "The running sluice has " + counted(open, "file descriptor") + " open of " +
                              std::to_string(static_cast<std::uint64_t>(most));
    if (open / most <= 0.8) return {"open files", Status::ok, state + "."};
    return {"open files", Status::warning, state + "; raise its limit (LimitNOFILE of the unit, ulimit -n)."};
  }
  // Sockets, brokers, clients of the API and files are some dozens; 1024 is what shells give.
  const std::string state = "This user may open " + counted(static_cast<double>(own_limit), "file");
  if (own_limit >= 1024) return {"open files", Status::ok, state + "."};
  return {"open files", Status::warning, state + ", and sluice wants 1024; raise the limit (ulimit -n)."};
}

namespace {

/// What came by IPv6 is counted in a table of its own; 0 where there is no IPv6.
std::uint64_t udp6_drops(const Machine& machine) {
  std::istringstream snmp(read_text(machine.root / "proc/net/snmp6"));
  std::string name, value;
  while (snmp >> name >> value)
    if (name == "Udp6RcvbufErrors") return std::strtoull(value.c_str(), nullptr, 10);
  return 0;
}

}  // namespace

std::optional<std::uint64_t> udp_drops(const Machine& machine) {
  std::istringstream snmp(read_text(machine.root / "proc/net/snmp"));
  std::string names, values;
  while (std::getline(snmp, names) && std::getline(snmp, values)) {
    std::istringstream name_words(names), value_words(values);
    std::string name, value;
    name_words >> name;
    value_words >> value;
    if (name != "Udp:") continue;
    while (name_words >> name && value_words >> value)
      if (name == "RcvbufErrors") return std::strtoull(value.c_str(), nullptr, 10) + udp6_drops(machine);
  }
  return std::nullopt;
}

Findings check_udp_drops(std::optional<std::uint64_t> before, std::optional<std::uint64_t> after) {
  if (!before || !after) return {};
  if (*after <= *before)
    return {
        {"kernel UDP drops", Status::ok, "No program of this machine loses datagrams at its socket now."}};
  return {{"kernel UDP drops", Status::warning,
           "The kernel threw away " + counted(static_cast<double>(*after - *before), "datagram") +
               " while this ran, because some program's receive buffer was full; `ss -uanm` shows whose "
               "(d is the count of drops)."}};
}

ClockState clock_state() {
  timex request{};
  const int state = ::adjtimex(&request);
  return {.known = state >= 0, .synchronised = state != TIME_ERROR && (request.status & STA_UNSYNC) == 0};
}

Finding check_clock(const ClockState& clock) {
  if (!clock.known)
    return {"clock", Status::warning, "The kernel does not say here whether this machine's clock is right."};
  if (clock.synchronised)
    return {"clock", Status::ok, "This machine's clock is synchronised, says the kernel."};
  return {"clock", Status::warning,
          "This machine's clock is not synchronised, says the kernel, and flows are stored by it; run chrony "
          "or systemd-timesyncd."};
}

}  // namespace sluice::doctor
