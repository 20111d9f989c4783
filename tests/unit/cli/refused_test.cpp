// What `sluice run` refuses, `sluice check` refuses too, in the same words, with file and line. Each row is
// one configuration that cannot work; settings that name a path, an address or a property of somebody else's
// are held to have one.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "config/tables.hpp"
#include "flow/endpoint.hpp"
#include "process.hpp"
#include "util/unique_fd.hpp"

namespace sluice::cli::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Refused {
  const char* name;
  const char* setting;  ///< as the message begins
  /// The file. The line of the setting is marked by "#!", DIR is a folder with: `file`, `garbage` (no PEM),
  /// `empty`, a link `nowhere` that leads nowhere.
  const char* yaml;
  const char* sentence;  ///< part of it
};

const Refused kRefused[] = {
    {"UnknownProperty", "kafka.properties.no.such.property",
     "kafka:\n  properties:\n    linger.ms: 5\n    no.such.property: 5  #!\n",
     "has no property of this name"},
    {"PropertyOfASinkByName", "sinks.out.properties.lingr.ms",
     "sinks:\n  out:\n    type: kafka\n    properties: {lingr.ms: 5}  #!\n", "has no property of this name"},
    {"ValueOfAProperty", "kafka.properties.linger.ms", "kafka:\n  properties:\n    linger.ms: soon  #!\n",
     "librdkafka refuses the value"},
    {"PropertyThatIsNoText", "kafka.properties.dr_msg_cb", "kafka:\n  properties:\n    dr_msg_cb: x  #!\n",
     "librdkafka"},
    {"PropertiesThatDoNotGoTogether", "kafka.properties.acks",
     "kafka:\n  properties:\n    enable.idempotence: true\n    acks: 1  #!\n", "`acks` must be set to `all`"},
    {"FileInAProperty", "kafka.properties.ssl.ca.location",
     "kafka:\n  tls: {enabled: true}\n  properties:\n    ssl.ca.location: DIR/none  #!\n",
     "ssl.ca.location failed"},
    {"NoCaFile", "kafka.tls.ca_file", "kafka:\n  tls:\n    enabled: true\n    ca_file: DIR/none  #!\n",
     "No such file or directory"},
    {"CaFileThatIsNoPem", "kafka.tls.ca_file",
     "kafka:\n  tls:\n    enabled: true\n    ca_file: DIR/garbage  #!\n", "ssl.ca.location failed"},
    {"CaFileOfASinkByName", "sinks.out.tls.ca_file",
     "sinks:\n  out:\n    type: kafka\n    tls:\n      enabled: true\n      ca_file: DIR/none  #!\n",
     "DIR/none"},
    {"NoCertificate", "kafka.tls.certificate_file",
     "kafka:\n  tls:\n    enabled: true\n    key_file: DIR/garbage\n    certificate_file: DIR/none  #!\n",
     "No such file or directory"},
    {"CertificateThatIsNoPem", "kafka.tls.certificate_file",
     "kafka:\n  tls:\n    enabled: true\n    key_file: DIR/garbage\n    certificate_file: DIR/garbage  #!\n",
     "ssl.certificate.location failed"},
    {"NoKey", "kafka.tls.key_file",
     "kafka:\n  tls:\n    enabled: true\n    certificate_file: DIR/garbage\n    key_file: DIR/none  #!\n",
     "No such file or directory"},
    {"NoKeyPassword", "kafka.tls.key_password_file",
     "kafka:\n  tls:\n    enabled: true\n    key_password_file: DIR/none  #!\n", "No such file or directory"},
    {"EmptyPassword", "kafka.sasl.password_file",
     "kafka:\n  sasl:\n    mechanism: PLAIN\n    username: me\n    password_file: DIR/empty  #!\n",
     "is empty"},
    {"NoApiToken", "api.token_file", "api:\n  token_file: DIR/none  #!\n", "No such file or directory"},
    {"DirectoryThatIsAFile", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: DIR/file  #!\n",
     "Not a directory"},
    {"DirectoryBelowAFile", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: DIR/file/a/b  #!\n",
     "Not a directory"},
    {"DirectoryBehindALinkToNowhere", "sinks.out.path",
     "sinks:\n  out:\n    type: file\n    path: DIR/nowhere/a  #!\n", "No such file or directory"},
    {"DirectoryOfTheKernel", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: /proc/flows  #!\n",
     "cannot create /proc/flows"},
    {"StateFileInNoDirectory", "state.file", "state:\n  file: DIR/none/state  #!\n",
     "No such file or directory"},
    {"StateFileBelowAFile", "state.file", "state:\n  file: DIR/file/state  #!\n", "Not a directory"},
    {"StateFileThatIsADirectory", "state.file", "state:\n  file: DIR  #!\n", "is a directory"},
    {"StateFileOfTheKernel", "state.file", "state:\n  file: /proc/state  #!\n", "cannot write /proc/state"},
    {"TakeoverInNoDirectory", "run.takeover", "run:\n  takeover: DIR/none/socket  #!\n",
     "No such file or directory"},
    {"TakeoverThatIsAFile", "run.takeover", "run:\n  takeover: DIR/file  #!\n", "Address already in use"},
    {"TakeoverThatIsTooLong", "run.takeover",
     "run:\n  takeover: "
     "DIR/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
     "12345678901234567890123456789  #!\n",
     "is longer than the path of a Unix socket may be"},
    {"AddressOfAnotherMachine", "listeners[1]", "listeners:\n  - 127.0.0.1:0\n  - 192.0.2.77:0  #!\n",
     "no interface of this machine has that address"},
    {"AddressOfAnotherMachineInAMap", "listeners[0]",
     "listeners:\n  -\n    address: 192.0.2.77  #!\n    port: 2055\n", "192.0.2.77"},
    {"ListenersOnOnePort", "listeners[1]", "listeners:\n  - 127.0.0.1:2055\n  - 127.0.0.1:2055  #!\n",
     "keep one of them"},
    {"ListenersInEachOthersWay", "listeners[1]", "listeners:\n  - 0.0.0.0:2055\n  - 127.0.0.1:2055  #!\n",
     "keep one of them"},
    {"ListenersInEachOthersWayOverFamilies", "listeners[1]",
     "listeners:\n  - 127.0.0.1:2055\n  - \"[::]:2055\"  #!\n", "keep one of them"},
    {"MetricsOfAnotherMachine", "metrics.listen", "metrics:\n  listen: 192.0.2.77:8080  #!\n",
     "192.0.2.77:8080"},
    {"ApiOfAnotherMachine", "api.listen", "api:\n  token: x\n  listen: 192.0.2.77:8081  #!\n",
     "192.0.2.77:8081"},
    {"MetricsAndApiOnOnePort", "metrics.listen",
     "metrics:\n  listen: 127.0.0.1:8080\napi:\n  listen: 127.0.0.1:8080  #!\n", "ports of their own"},
    {"MetricsAndApiInEachOthersWay", "metrics.listen",
     "metrics:\n  listen: 0.0.0.0:8080\napi:\n  listen: 127.0.0.1:8080  #!\n", "ports of their own"},
};

void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }

std::string with_folder(std::string text, const std::string& folder) {
  for (std::size_t at = 0; (at = text.find("DIR", at)) != std::string::npos; at += folder.size())
    text.replace(at, 3, folder);
  return text;
}

class RefusedByBoth : public testing::TestWithParam<Refused> {
 protected:
  RefusedByBoth() {
    folder_.write("file", "x");
    folder_.write("garbage", "no PEM\n");
    folder_.write("empty", "\n");
    fs::create_symlink(folder_.path("none"), folder_.path("nowhere"));
  }
  std::set<std::string> content() const {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path(""))) out.insert(entry.path());
    return out;
  }
  Folder folder_;
};

TEST_P(RefusedByBoth, InTheSameWordsWithFileAndLine) {
  const std::string yaml =
      with_folder(GetParam().yaml, folder_.path("").substr(0, folder_.path("").size() - 1));
  const auto file = folder_.write("sluice.yaml", yaml);
  const auto line =
      1 + std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(yaml.find("#!")), '\n');
  const auto before = content();
  const Ended checked = sluice("check -c " + file);
  const Ended ran = sluice("run -c " + file, "timeout 20");
  EXPECT_EQ(checked.status, 2);
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(checked.err, ran.err);
  EXPECT_THAT(checked.out, IsEmpty());
  EXPECT_EQ(lines(checked.err).size(), 1U) << checked.err;
  EXPECT_THAT(checked.err,
              StartsWith("sluice: " + file + ':' + std::to_string(line) + ": " + GetParam().setting));
  EXPECT_THAT(checked.err, HasSubstr(with_folder(GetParam().sentence,
                                                 folder_.path("").substr(0, folder_.path("").size() - 1))));
  EXPECT_EQ(content(), before) << "something was made";
}

INSTANTIATE_TEST_SUITE_P(Configurations, RefusedByBoth, testing::ValuesIn(kRefused),
                         [](const auto& row) { return row.param.name; });

/// Whatever has to be looked at to be known: files, addresses, what librdkafka makes of it.
bool is_outside(const std::string& type) {
  return type == "path" || type == "ADDRESS:PORT" || type == "address" || type == "map";
}

template <class T>
void add_outside(const setting::Table<T>& table, const std::string& prefix, std::set<std::string>& out) {
  for (const auto& row : table)
    if (is_outside(row.type)) out.insert(prefix + row.key);
}

TEST(Refused, EachSettingThatNamesSomethingOutsideHasARow) {
  std::set<std::string> settings;
  add_outside(config::config_table(), "", settings);
  add_outside(config::listener_table(), "listeners[", settings);
  add_outside(config::sink_table(), "sinks.", settings);
  ASSERT_TRUE(settings.contains("sinks.tls.ca_file") && settings.contains("listeners[address"));
  for (const std::string& setting : settings) {
    const bool has = std::ranges::any_of(kRefused, [&](const Refused& row) {
      std::string given = row.setting;
      for (const std::string begin : {"kafka.", "sinks.out."})
        if (given.starts_with(begin)) given = "sinks." + given.substr(begin.size());
      if (setting.starts_with("listeners[")) return given.starts_with("listeners[");
      return given == setting || given.starts_with(setting + ".");
    });
    EXPECT_TRUE(has) << setting
                     << " can name what is not there: add a row to kRefused, and what it takes to "
                        "app::try_out()";
  }
}

TEST(Refused, EverythingAtOnce) {
  const Folder folder;
  const auto file =
      folder.write("sluice.yaml", "listeners: [192.0.2.77:2055]\nstate: {file: " + folder.path("none/state") +
                                      "}\nkafka:\n  properties: {a: 1, b: 2}\n");
  for (const std::string command : {"check", "run"}) {
    const Ended ended = sluice(command + " -c " + file, "timeout 20");
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(lines(ended.err).size(), 4U) << ended.err;
  }
}

TEST(Refused, AClosedStandardOutput) {
  for (const std::string command : {"check", "run"}) {
    const Ended ended = sluice(command + " >&-", "timeout 20");
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, HasSubstr("sinks.stdout: standard output is closed"));
  }
}

TEST(Refused, APortThatSomebodyHasIsNoFaultOfTheConfiguration) {
  const UniqueFd udp(::socket(AF_INET, SOCK_DGRAM, 0)), tcp(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any({*IpAddress::parse("127.0.0.1"), 0});
  ASSERT_TRUE(::bind(udp.get(), any.get(), any.size()) == 0 &&
              ::bind(tcp.get(), any.get(), any.size()) == 0 && ::listen(tcp.get(), 1) == 0);
  const std::string options = " --set 'listeners=[\"" + bound_endpoint(udp.get())->to_string() +
                              "\"]' --set metrics.listen=" + bound_endpoint(tcp.get())->to_string() +
                              " --set api.listen=";
  const Ended checked = sluice("check" + options);
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.out, HasSubstr("collector_id"));
  ASSERT_EQ(lines(checked.err).size(), 2U) << checked.err;
  EXPECT_THAT(lines(checked.err)[0],
              testing::AllOf(StartsWith("sluice: --set listeners: listeners[0]: "), HasSubstr("in use"),
                             HasSubstr("no fault of the configuration")));
  EXPECT_THAT(lines(checked.err)[1], HasSubstr("--set metrics.listen: metrics.listen: "));
  const Ended ran = sluice("run" + options, "timeout 20");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("sluice: --set listeners: listeners[0]: cannot listen on UDP"));
}

TEST(Refused, NobodyIsConnectedTo) {
  const UniqueFd broker(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  const SocketAddress any({*IpAddress::parse("127.0.0.1"), 0});
  ASSERT_TRUE(::bind(broker.get(), any.get(), any.size()) == 0 && ::listen(broker.get(), 1) == 0);
  EXPECT_EQ(sluice("check --set kafka.brokers=" + bound_endpoint(broker.get())->to_string()).status, 0);
  EXPECT_LT(::accept(broker.get(), nullptr, nullptr), 0);
}

}  // namespace
}  // namespace sluice::cli::test
