#include <librdkafka/rdkafka.h>
#include <pcap/pcap.h>
#include <spdlog/version.h>

#include <boost/version.hpp>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "sluice/util/version.hpp"

namespace sluice::cli {
namespace {

std::string dotted(int a, int b, int c) {
  return std::to_string(a) + '.' + std::to_string(b) + '.' + std::to_string(c);
}

/// Of "libpcap version 1.10.3 (with TPACKET_V3)" what follows the name.
std::string_view libpcap_version() {
  constexpr std::string_view kName = "libpcap version ";
  const std::string_view text = pcap_lib_version();
  return text.starts_with(kName) ? text.substr(kName.size()) : text;
}

std::string version_text() {
  const Version build = version();
  const auto line = [](std::string_view name, std::string_view value) {
    std::string out(name);
    out.append(12 - name.size(), ' ');
    return out.append(value) + '\n';
  };
  return "sluice " + std::string(build.version) + '\n' + line("commit", build.commit) +
         line("compiler", build.compiler) +
         line("Boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)) +
         line("librdkafka", rd_kafka_version_str()) + line("libpcap", libpcap_version()) +
         line("spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)) +
         line("CLI11", cli11_version());
}

}  // namespace

void add_version(Command app) {
  const Command command = app.add_subcommand("version", "Print the version, the build and its libraries");
  command.action([] { return print("version", version_text()); });
}

}  // namespace sluice::cli
