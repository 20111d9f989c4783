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
    {"NoTableOfAsNumbers", "enrich.as.file", "enrich:\n  as:\n    file: DIR/none  #!\n",
     "DIR/none cannot be opened: No such file or directory"},
    {"AsNumbersThatAreNone", "enrich.as.file", "enrich:\n  as:\n    file: DIR/garbage  #!\n",
     "is no file in MaxMind's format"},
    {"NoTableOfCountries", "enrich.country.file", "enrich:\n  country:\n    file: DIR/none  #!\n",
     "DIR/none cannot be opened: No such file or directory"},
    {"NoNetworks", "enrich.networks_file", "enrich:\n  networks_file: DIR/none  #!\n",
     "DIR/none: cannot be opened: No such file or directory"},
    {"NoInterfaces", "enrich.interfaces_file", "enrich:\n  interfaces_file: DIR/none  #!\n",
     "DIR/none: cannot be opened: No such file or directory"},
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
    {"NoTokenSecret", "kafka.sasl.oauth.client_secret_file",
     "kafka:\n  sasl:\n    mechanism: OAUTHBEARER\n    oauth:\n      token_url: https://127.0.0.1/token\n"
     "      client_id: me\n      client_secret_file: DIR/none  #!\n",
     "No such file or directory"},
    {"NoCaFileOfTheTokenServer", "kafka.sasl.oauth.ca_file",
     "kafka:\n  sasl:\n    mechanism: OAUTHBEARER\n    oauth:\n      token_url: https://127.0.0.1/token\n"
     "      client_id: me\n      client_secret: x\n      ca_file: DIR/none  #!\n",
     "DIR/none"},
    {"TokenServerInTheClear", "kafka.sasl.oauth.token_url",
     "kafka:\n  sasl:\n    mechanism: OAUTHBEARER\n    oauth:\n      client_id: me\n      client_secret: x\n"
     "      token_url: http://192.0.2.1/token  #!\n",
     "https://HOST/PATH"},
    {"ExtensionThatIsTheTokensOwn", "kafka.sasl.oauth.extensions.auth",
     "kafka:\n  sasl:\n    oauth:\n      extensions:\n        auth: x  #!\n", "but not auth"},
    {"MethodThatLibrdkafkaIsBuiltWithout", "kafka.properties.sasl.oauthbearer.method",
     "kafka:\n  properties:\n    sasl.oauthbearer.method: oidc  #!\n", "sasl.oauth.*"},
    {"PropertyOfASource", "sources.up.properties.lingr.ms",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    properties: {lingr.ms: 5}  #!\n",
     "has no property of this name"},
    {"FileOfASource", "sources.up.tls.ca_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    tls:\n      enabled: true\n      ca_file: DIR/none "
     " #!\n",
     "No such file or directory"},
    {"CertificateOfASource", "sources.up.tls.certificate_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    tls:\n      enabled: true\n      key_file: "
     "DIR/garbage\n"
     "      certificate_file: DIR/none  #!\n",
     "No such file or directory"},
    {"KeyOfASource", "sources.up.tls.key_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    tls:\n      enabled: true\n"
     "      certificate_file: DIR/garbage\n      key_file: DIR/none  #!\n",
     "No such file or directory"},
    {"KeyPasswordOfASource", "sources.up.tls.key_password_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    tls:\n      enabled: true\n"
     "      key_password_file: DIR/none  #!\n",
     "No such file or directory"},
    {"PasswordOfASource", "sources.up.sasl.password_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    sasl:\n      mechanism: PLAIN\n      username: me\n"
     "      password_file: DIR/empty  #!\n",
     "is empty"},
    {"TokenSecretOfASource", "sources.up.sasl.oauth.client_secret_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    sasl:\n      mechanism: OAUTHBEARER\n      oauth:\n"
     "        token_url: https://127.0.0.1/token\n        client_id: me\n        client_secret_file: "
     "DIR/none  #!\n",
     "No such file or directory"},
    {"CaFileOfTheTokenServerOfASource", "sources.up.sasl.oauth.ca_file",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    sasl:\n      mechanism: OAUTHBEARER\n      oauth:\n"
     "        token_url: https://127.0.0.1/token\n        client_id: me\n        client_secret: x\n"
     "        ca_file: DIR/none  #!\n",
     "DIR/none"},
    {"ExtensionOfASource", "sources.up.sasl.oauth.extensions.auth",
     "sources:\n  up:\n    type: kafka\n    topic: t\n    sasl:\n      oauth:\n        extensions:\n"
     "          auth: x  #!\n",
     "but not auth"},
    {"SourceThatReadsWhatASinkWrites", "sources.up.topic",
     "sources:\n  up:\n    type: kafka\n    topic: flows  #!\nkafka: {}\n", "round for ever"},
    {"NoApiToken", "api.token_file", "api:\n  token_file: DIR/none  #!\n", "No such file or directory"},
    {"NoMetricsToken", "metrics.token_file", "metrics:\n  token_file: DIR/none  #!\n",
     "No such file or directory"},
    {"MetricsCertificateThatIsNotThere", "metrics.tls.certificate_file",
     "metrics:\n  tls:\n    key_file: DIR/garbage\n    certificate_file: DIR/none  #!\n",
     "No such file or directory"},
    {"MetricsCertificateThatIsNoPem", "metrics.tls.certificate_file",
     "metrics:\n  tls:\n    key_file: DIR/garbage\n    certificate_file: DIR/garbage  #!\n",
     "no certificate in PEM form"},
    {"MetricsKeyThatIsNotThere", "metrics.tls.key_file",
     "metrics:\n  tls:\n    certificate_file: DIR/garbage\n    key_file: DIR/none  #!\n",
     "No such file or directory"},
    {"ApiCertificateThatIsNotThere", "api.tls.certificate_file",
     "api:\n  tls:\n    key_file: DIR/garbage\n    certificate_file: DIR/none  #!\n",
     "No such file or directory"},
    {"ApiCertificateThatIsNoPem", "api.tls.certificate_file",
     "api:\n  tls:\n    key_file: DIR/garbage\n    certificate_file: DIR/garbage  #!\n",
     "no certificate in PEM form"},
    {"ApiKeyThatIsNotThere", "api.tls.key_file",
     "api:\n  tls:\n    certificate_file: DIR/garbage\n    key_file: DIR/none  #!\n",
     "No such file or directory"},
    {"NoPasswordOfTheTables", "sinks.out.password_file",
     "sinks:\n  out:\n    type: clickhouse\n    password_file: DIR/none  #!\n", "No such file or directory"},
    {"NoPasswordOfPostgres", "sinks.out.password_file",
     "sinks:\n  out:\n    type: postgres\n    password_file: DIR/none  #!\n", "No such file or directory"},
    {"CaFileOfPostgresThatIsNoPem", "sinks.out.tls.ca_file",
     "sinks:\n  out:\n    type: postgres\n    tls:\n      ca_file: DIR/garbage  #!\n", "PEM"},
    {"NoPasswordOfMysql", "sinks.out.password_file",
     "sinks:\n  out:\n    type: mysql\n    password_file: DIR/none  #!\n", "No such file or directory"},
    {"CaFileOfMysqlThatIsNoPem", "sinks.out.tls.ca_file",
     "sinks:\n  out:\n    type: mysql\n    tls:\n      ca_file: DIR/garbage  #!\n", "PEM"},
    {"NoCaFileOfTheTables", "sinks.out.tls.ca_file",
     "sinks:\n  out:\n    type: clickhouse\n    tls:\n      ca_file: DIR/none  #!\n",
     "No such file or directory"},
    {"CaFileOfTheTablesThatIsNoPem", "sinks.out.tls.ca_file",
     "sinks:\n  out:\n    type: clickhouse\n    tls:\n      ca_file: DIR/garbage  #!\n",
     "no certificate in PEM form"},
    {"DirectoryThatIsAFile", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: DIR/file  #!\n",
     "Not a directory"},
    {"DirectoryBelowAFile", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: DIR/file/a/b  #!\n",
     "Not a directory"},
    {"DirectoryBehindALinkToNowhere", "sinks.out.path",
     "sinks:\n  out:\n    type: file\n    path: DIR/nowhere/a  #!\n", "No such file or directory"},
    {"DirectoryOfTheKernel", "sinks.out.path", "sinks:\n  out:\n    type: file\n    path: /proc/flows  #!\n",
     "cannot create /proc/flows"},
    {"SpoolBelowAFile", "sinks.out.spool.path",
     "sinks:\n  out:\n    type: file\n    path: DIR/out\n    spool:\n      path: DIR/file/a  #!\n",
     "Not a directory"},
    {"SpoolOfKafkaOfTheKernel", "kafka.spool.path", "kafka:\n  spool:\n    path: /proc/spool  #!\n",
     "cannot write in /proc/spool"},
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
    {"TcpAddressOfAnotherMachine", "listeners[0]",
     "listeners:\n  -\n    address: 192.0.2.77  #!\n    port: 4739\n    transport: tcp\n",
     "cannot listen on TCP 192.0.2.77:4739"},
    {"ListenerCertificateThatIsNotThere", "listeners[0].tls.certificate_file",
     "listeners:\n  - port: 0\n    transport: tcp\n    tls:\n      key_file: DIR/garbage\n"
     "      certificate_file: DIR/none  #!\n",
     "No such file or directory"},
    {"ListenerCertificateThatIsNoPem", "listeners[0].tls.certificate_file",
     "listeners:\n  - port: 0\n    transport: tcp\n    tls:\n      key_file: DIR/garbage\n"
     "      certificate_file: DIR/garbage  #!\n",
     "no certificate in PEM form"},
    {"ListenerKeyThatIsNotThere", "listeners[0].tls.key_file",
     "listeners:\n  - port: 0\n    transport: tcp\n    tls:\n      certificate_file: DIR/garbage\n"
     "      key_file: DIR/none  #!\n",
     "No such file or directory"},
    {"QueueThatHoldsNoTwoBlocksOfEachWorker", "sinks.tables.queue_bytes",
     "workers: 3\nsinks:\n  tables:\n    type: clickhouse\n    queue_bytes: 23MB  #!\n",
     "23MB hold no two blocks (block_bytes: 4MB) of each of 3 workers and readers of sources; it takes 25MB "
     "or more, or smaller blocks"},
    {"PostgresQueueThatHoldsNoTwoBlocks", "sinks.tables.queue_bytes",
     "workers: 1\nsinks:\n  tables:\n    type: postgres\n    queue_bytes: 8MB  #!\n",
     "8MB hold no two blocks (block_bytes: 4MB) of one worker or reader of a source; it takes 9MB or more"},
    {"KafkaBufferThatHoldsNoTwoBlocks", "sinks.up.buffer_bytes",
     "workers: 1\nsinks:\n  up:\n    type: kafka\n    block_bytes: 1MB\n    buffer_bytes: 1MB  #!\n",
     "1MB hold no two blocks (block_bytes: 1MB) of one worker or reader of a source; it takes 3MB or more"},
    {"KafkaBufferThatHoldsNoTwoBlocksWithKeys", "sinks.up.buffer_bytes",
     "workers: 1\nsinks:\n  up:\n    type: kafka\n    framing: single\n    block_bytes: 900KB\n"
     "    buffer_bytes: 2MB  #!\n",
     "2MB hold no two blocks (block_bytes: 900KB)"},
    {"FileQueueThatHoldsNoTwoBlocks", "sinks.files.queue_bytes",
     "workers: 1\nsinks:\n  files:\n    type: file\n    path: DIR\n    block_bytes: 64MB\n"
     "    queue_bytes: 1MB  #!\n",
     "1MB hold no two blocks (block_bytes: 64MB) of one worker or reader of a source; it takes 129MB or "
     "more"},
    {"StdoutQueueThatHoldsNoTwoBlocks", "sinks.out.queue_bytes",
     "workers: 2\nsinks:\n  out:\n    type: stdout\n    block_bytes: 1MB\n    queue_bytes: 4MB  #!\n",
     "each of 2 workers and readers of sources; it takes 5MB or more"},
    {"QueueThatHoldsNoTwoBlocksOfAReader", "sinks.tables.queue_bytes",
     "workers: 1\nsources:\n  up: {type: kafka, topic: t, readers: 2}\nsinks:\n  tables:\n    type: "
     "clickhouse\n"
     "    block_bytes: 1MB\n    queue_bytes: 3MB  #!\n",
     "each of 2 workers and readers of sources; it takes 5MB or more"},
    {"BmpOfAnotherMachine", "enrich.bmp.listen", "enrich:\n  bmp:\n    listen: 192.0.2.77:11019  #!\n",
     "192.0.2.77:11019"},
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

/// `sluice run` has no use for it, and may have no right to its secrets; see WebRefuses.
bool is_of_web(const std::string& key) { return key.starts_with("web."); }

template <class T>
void add_outside(const setting::Table<T>& table, const std::string& prefix, std::set<std::string>& out) {
  for (const auto& row : table)
    if (is_outside(row.type) && !is_of_web(row.key)) out.insert(prefix + row.key);
}

TEST(Refused, EachSettingThatNamesSomethingOutsideHasARow) {
  std::set<std::string> settings;
  add_outside(config::config_table(), "", settings);
  add_outside(config::listener_table(), "listeners[", settings);
  add_outside(config::source_table(), "sources.", settings);
  add_outside(config::sink_table(), "sinks.", settings);
  ASSERT_TRUE(settings.contains("sinks.tls.ca_file") && settings.contains("listeners[address"));
  for (const std::string& setting : settings) {
    const bool has = std::ranges::any_of(kRefused, [&](const Refused& row) {
      std::string given = row.setting;
      for (const std::string begin : {"kafka.", "sinks.out."})
        if (given.starts_with(begin)) given = "sinks." + given.substr(begin.size());
      if (given.starts_with("sources.up.")) given = "sources." + given.substr(11);
      if (setting.starts_with("listeners[")) return given.starts_with("listeners[");
      return given == setting || given.starts_with(setting + ".");
    });
    EXPECT_TRUE(has) << setting
                     << " can name what is not there: add a row to kRefused, and what it takes to "
                        "app::try_out()";
  }
}

TEST(WebRefuses, FilesThatAreNotThereWithFileAndLine) {
  const Folder folder;
  const std::string none = folder.path("none"), garbage = folder.write("garbage", "no PEM\n");
  const std::pair<std::string, std::string> rows[] = {
      {"web.token_file", "web:\n  token_file: " + none + "  #!\n"},
      {"web.clickhouse.password_file", "web:\n  clickhouse:\n    password_file: " + none + "  #!\n"},
      {"web.clickhouse.ca_file", "web:\n  clickhouse:\n    ca_file: " + none + "  #!\n"},
      {"web.clickhouse.ca_file", "web:\n  clickhouse:\n    ca_file: " + garbage + "  #!\n"},
      {"web.collectors[0].token_file",
       "web:\n  collectors:\n    - url: http://127.0.0.1:8081\n      token_file: " + none + "  #!\n"},
      {"web.tls.certificate_file",
       "web:\n  tls:\n    key_file: " + garbage + "\n    certificate_file: " + none + "  #!\n"},
  };
  for (const auto& [setting, yaml] : rows) {
    const auto file = folder.write("sluice.yaml", yaml);
    const auto line =
        1 + std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(yaml.find("#!")), '\n');
    const Ended ended = sluice("web -c " + file, "timeout 20");
    EXPECT_EQ(ended.status, 2) << yaml;
    EXPECT_EQ(lines(ended.err).size(), 1U) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(file + ':' + std::to_string(line) + ": " + setting)) << yaml;
    EXPECT_EQ(sluice("check -c " + file, "timeout 20").status, 0) << yaml;
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
