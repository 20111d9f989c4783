// What an operator mistypes, and what the help says.
#include <gmock/gmock.h>

#include "process.hpp"

namespace sluice::cli::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Mistake {
  std::string arguments;
  std::string message;  ///< all that is said
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, GetOneSentenceAndStatusTwo) {
  const auto ended = sluice(GetParam().arguments);
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.err, GetParam().message + '\n');
  EXPECT_EQ(ended.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, Mistakes,
    testing::Values(
        Mistake{"recieve", "sluice: unknown command \"recieve\"; see sluice --help"},
        Mistake{"--verbose", "sluice: unknown option --verbose; see sluice --help"},
        Mistake{"run --verbose", "sluice run: unknown option --verbose; see sluice run --help"},
        Mistake{"run extra", "sluice run: unexpected argument \"extra\"; see sluice run --help"},
        Mistake{"run -c", "sluice run: --config needs a value; see sluice run --help"},
        Mistake{"check -c a -c b",
                "sluice check: --config was given more than once; see sluice check --help"},
        Mistake{"decode", "sluice decode: FILE is missing; see sluice decode --help"},
        Mistake{"decode x --format xml",
                "sluice decode: --format: \"xml\" is not json or protobuf; see sluice decode --help"},
        Mistake{"decode x --json-fields nfdump",
                "sluice decode: --json-fields: \"nfdump\" is not sluice, goflow2 or kflow; see sluice decode "
                "--help"},
        Mistake{"decode x --raw --format json",
                "sluice decode: --format and --raw exclude each other; see sluice decode --help"},
        Mistake{"replay --to 127.0.0.1:9", "sluice replay: FILE is missing; see sluice replay --help"},
        Mistake{"replay x", "sluice replay: --to is missing; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1",
                "sluice replay: --to: \"127.0.0.1\" is no HOST:PORT, such as 127.0.0.1:2055, "
                "[2001:db8::1]:2055 or "
                "collector.example:2055; see sluice replay --help"},
        Mistake{"replay x --to ::1:2055",
                "sluice replay: --to: \"::1:2055\" is no HOST:PORT, such as 127.0.0.1:2055, "
                "[2001:db8::1]:2055 or "
                "collector.example:2055; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:70000",
                "sluice replay: --to: \"127.0.0.1:70000\" is no HOST:PORT, such as 127.0.0.1:2055, "
                "[2001:db8::1]:2055 "
                "or collector.example:2055; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:9 --rate fast",
                "sluice replay: --rate: \"fast\" is no number above 0; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:9 --rate 0",
                "sluice replay: --rate: \"0\" is no number above 0; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:9 --rate 5 --speed 2",
                "sluice replay: --rate and --speed exclude each other; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:9 --loop -1",
                "sluice replay: --loop: \"-1\" is no whole number from 0 up; see sluice replay --help"},
        Mistake{"replay x --to 127.0.0.1:9 --bind nowhere",
                "sluice replay: --bind: \"nowhere\" is no IPv4 or IPv6 address; see sluice replay --help"},
        Mistake{
            "generate --protocol netflow7 --to 127.0.0.1:9",
            "sluice generate: --protocol: \"netflow7\" is not sflow, netflow5, netflow9 or ipfix; see sluice "
            "generate --help"},
        Mistake{"generate --to 127.0.0.1:9 --rate many",
                "sluice generate: --rate: \"many\" is no number from 0 up; see sluice generate --help"},
        Mistake{"generate --to 127.0.0.1:9 --exporters 0",
                "sluice generate: --exporters: \"0\" is no whole number from 1 to 4294967295; see sluice "
                "generate "
                "--help"},
        Mistake{"exporters --url ftp://x",
                "sluice exporters: --url: \"ftp://x\" is no URL of a server; it takes "
                "http://HOST:PORT or https://HOST:PORT; see sluice exporters --help"},
        Mistake{"health --url ftp://x",
                "sluice health: --url: \"ftp://x\" is no URL of a server; it takes "
                "http://HOST:PORT or https://HOST:PORT; see sluice health --help"},
        Mistake{"health --url https://x --ca-file /nowhere.pem",
                "sluice health: --ca-file: \"/nowhere.pem\" cannot be read or is empty: No such file or "
                "directory; see sluice health --help"},
        Mistake{
            "health --timeout 0",
            "sluice health: --timeout: \"0\" is no whole number from 1 to 3600; see sluice health --help"},
        Mistake{"store", "sluice store: --path is missing; see sluice store --help"},
        Mistake{
            "store --path x --connections 0",
            "sluice store: --connections: \"0\" is no whole number from 1 to 1000; see sluice store --help"},
        Mistake{"store --path x --http somewhere",
                "sluice store: --http: \"somewhere\" is no address with a port, as 127.0.0.1:8123; see "
                "sluice store "
                "--help"},
        Mistake{"schema",
                "sluice schema: proto, fields, clickhouse, postgres, mysql or write is missing; see sluice "
                "schema "
                "--help"},
        Mistake{
            "schema sql",
            "sluice schema: \"sql\" is not proto, fields, clickhouse, postgres, mysql or write; see sluice "
            "schema --help"}));

/// Every command that asks a server takes it from a variable too, and says which where its value is none.
struct FromVariable {
  std::string command, variable;
};
class Variables : public testing::TestWithParam<FromVariable> {};

TEST_P(Variables, SayOnceWhereAServerIs) {
  const auto& [command, variable] = GetParam();
  const std::string name = command.substr(0, command.find(' '));
  const auto ended = sluice(command, variable + "=ftp://x");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err,
              StartsWith("sluice " + name + ": " + variable + ": \"ftp://x\" is no URL of a server"));
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(sluice(command + " --help").out, HasSubstr("$" + variable));
}

INSTANTIATE_TEST_SUITE_P(CommandLine, Variables,
                         testing::Values(FromVariable{"query 'SELECT 1'", "CLICKHOUSE_URL"},
                                         FromVariable{"doctor", "CLICKHOUSE_URL"},
                                         FromVariable{"grafana setup --token x", "CLICKHOUSE_URL"},
                                         FromVariable{"grafana setup --token x", "GRAFANA_URL"},
                                         FromVariable{"grafana setup --token x", "PROMETHEUS_URL"},
                                         FromVariable{"exporters", "SLUICE_API_URL"},
                                         FromVariable{"health", "SLUICE_METRICS_URL"}));

TEST(Help, IsThereForEveryCommandWithAnExample) {
  for (const std::string command : {"", "run", "check", "decode", "doctor", "exporters", "generate",
                                    "grafana setup", "health", "replay", "schema", "store"}) {
    const auto ended = sluice(command + " --help");
    EXPECT_EQ(ended.status, 0) << command;
    EXPECT_EQ(ended.err, "") << command;
    EXPECT_THAT(ended.out, HasSubstr("Usage: sluice")) << command;
    EXPECT_THAT(ended.out, HasSubstr("Examples:\n  sluice")) << command;
    for (const auto& line : lines(ended.out)) EXPECT_LE(line.size(), 120U) << line;
  }
}

TEST(Failures, AreOneLineAndStatusOne) {
  const auto missing = sluice("decode /nowhere.pcap");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err,
              StartsWith("sluice decode: /nowhere.pcap: cannot be opened: No such file or directory\n"));
  const auto target = sluice("replay /nowhere.pcap --to 127.0.0.1:9");
  EXPECT_EQ(target.status, 1);
  EXPECT_EQ(target.err, "sluice replay: /nowhere.pcap: cannot be opened: No such file or directory\n");
}

TEST(Failures, AFullDiskIsTold) {
  const auto ended = sluice("schema proto >/dev/full");
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "sluice schema: stdout cannot be written: No space left on device\n");
}

}  // namespace
}  // namespace sluice::cli::test
