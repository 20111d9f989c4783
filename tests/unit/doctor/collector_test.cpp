#include <nlohmann/json.hpp>

#include "../query/fake_server.hpp"
#include "config/reload.hpp"
#include "doctor_support.hpp"

namespace sluice::doctor::test {
namespace {

using query::test::answer;
using query::test::FakeServer;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::Not;

TEST(Reading, SamplesLabelsAndEscapes) {
  const Reading reading = Reading::parse(
      "# HELP a A\n# TYPE a counter\na 2\nb{x=\"1\",y=\"q\\\"\\\\\"} 3.5\nb{x=\"2\",y=\"\"} "
      "1e3\nbroken{x=\"1\nnothing\n"
      "c{} 4 1700000000000\n");
  EXPECT_EQ(reading.sum("a"), 2);
  EXPECT_EQ(reading.sum("b"), 1003.5);
  EXPECT_EQ(reading.sum("b", {{"x", "1"}}), 3.5);
  EXPECT_EQ(reading.of("b").front().labels.at("y"), "q\"\\");
  EXPECT_EQ(reading.sum("c"), 4);
  EXPECT_FALSE(reading.has("broken"));
  EXPECT_FALSE(reading.has("nothing"));
}

config::Config metrics_at(const FakeServer& server) {
  config::Config config;
  config.metrics.listen = "127.0.0.1:" + server.server().port;
  return config;
}

TEST(AskCollector, ASluice) {
  FakeServer server(answer("200 OK", "", "sluice_build_info{version=\"1\"} 1\nsluice_ready 1\n"));
  const Collector found = ask_collector(metrics_at(server));
  EXPECT_TRUE(found.runs());
  EXPECT_EQ(server.request().target(), "/metrics");
}

TEST(AskCollector, Others) {
  FakeServer other(answer("200 OK", "", "<html>hello</html>"));
  const Collector stranger = ask_collector(metrics_at(other));
  EXPECT_EQ(stranger.presence, Collector::Presence::stranger);
  EXPECT_THAT(check_collector(stranger), ElementsAre(Says(Status::fail, "is no sluice")));

  FakeServer closed(answer("403 Forbidden", "", "no"));
  const Collector refused = ask_collector(metrics_at(closed));
  EXPECT_EQ(refused.presence, Collector::Presence::refused);
  EXPECT_THAT(check_collector(refused), ElementsAre(Says(Status::warning, "metrics.allow")));

  config::Config config;
  config.metrics.listen = "";
  EXPECT_THAT(check_collector(ask_collector(config)),
              ElementsAre(Says(Status::warning, "metrics.listen is empty")));
  config.metrics.listen = "127.0.0.1:1";
  EXPECT_THAT(check_collector(ask_collector(config)),
              ElementsAre(Says(Status::warning, "No sluice answers")));
}

std::string as_answer(const config::Config& config) {
  nlohmann::json settings = nlohmann::json::object();
  for (const auto& [path, value] : config::flattened(config)) settings[path] = value;
  return nlohmann::json{{"settings", settings}}.dump();
}

TEST(CheckRunningConfiguration, SaysWhatDiffersAndWhatBringsIt) {
  config::Config wanted, runs;
  EXPECT_THAT(compare_configurations(wanted, as_answer(runs)),
              ElementsAre(Is("running configuration", Status::ok, "by this configuration")));
  wanted.log.level = "debug";
  EXPECT_THAT(compare_configurations(wanted, as_answer(runs)),
              ElementsAre(Says(Status::warning, "(`systemctl reload sluice`, or SIGHUP) brings log.level.")));
  wanted.workers = 3;
  EXPECT_THAT(compare_configurations(wanted, as_answer(runs)),
              ElementsAre(Says(Status::warning, "brings log.level; a restart is needed for workers.")));
  for (int i = 0; i < 10; ++i) wanted.metrics.allow.push_back("192.0.2." + std::to_string(i));
  EXPECT_THAT(compare_configurations(wanted, as_answer(runs)),
              ElementsAre(Says(Status::warning, " and 3 more; ")));
  for (const char* answer : {"", "[]", "{\"settings\": 1}", "{\"settings\": {\"workers\": 1}}"})
    EXPECT_THAT(compare_configurations(wanted, answer),
                ElementsAre(Says(Status::warning, "tells no configuration")));
}

TEST(CheckRunningConfiguration, AsksWithTheToken) {
  const Collector sluice = running("");
  config::Config config;
  config.api.token = "secret";
  FakeServer server(answer("200 OK", "", as_answer(config)));
  config.api.listen = "127.0.0.1:" + server.server().port;
  EXPECT_THAT(check_running_configuration(config, sluice),
              ElementsAre(Says(Status::warning, "needed for api.listen.")));
  const auto request = server.request();
  EXPECT_EQ(request.target(), "/api/v1/config");
  EXPECT_EQ(request["Authorization"], "Bearer secret");

  FakeServer closed(answer("401 Unauthorized", "", "{}"));
  config.api.listen = "127.0.0.1:" + closed.server().port;
  EXPECT_THAT(check_running_configuration(config, sluice),
              ElementsAre(Says(Status::warning, "another api.token")));
  config.api.listen = "127.0.0.1:1";
  EXPECT_THAT(check_running_configuration(config, sluice),
              ElementsAre(Says(Status::warning, "does not answer")));
  EXPECT_THAT(check_running_configuration(config, nobody()), testing::IsEmpty());
  config.api.listen = "";
  EXPECT_THAT(check_running_configuration(config, sluice), testing::IsEmpty());
}

TEST(CheckCollector, ReadyAndKnownExporters) {
  EXPECT_THAT(check_collector(running("sluice_exporters 3\n")), ElementsAre(Says(Status::ok, "3 exporters")));
  EXPECT_THAT(check_collector(running("sluice_exporters 0\n")),
              ElementsAre(Says(Status::warning, "no exporter")));
  const Collector unready{Collector::Presence::sluice, "http://127.0.0.1:8080",
                          Reading::parse("sluice_build_info{version=\"1\"} 1\nsluice_ready 0\n")};
  EXPECT_THAT(check_collector(unready), ElementsAre(Says(Status::fail, "/readyz")));
}

/// One exporter that sent 1000 datagrams and 10000 flows, and a sink.
std::string metrics(const std::string& more) {
  return "sluice_listener_datagrams_total{listener=\"[::]:2055\"} 1000\n"
         "sluice_exporter_datagrams_total{exporter=\"192.0.2.1\",name=\"edge\",protocol=\"netflow9\"} 1000\n"
         "sluice_exporter_flows_total{exporter=\"192.0.2.1\",name=\"edge\",protocol=\"netflow9\"} 10000\n"
         "sluice_sink_delivered_flows_total{sink=\"kafka\",type=\"kafka\"} 10000\n" +
         more;
}
Findings losses(const std::string& before, const std::string& after) {
  return check_losses(Reading::parse(metrics(before)), Reading::parse(metrics(after)));
}
std::string of_exporter(const std::string& name, const std::string& labels, const std::string& value) {
  return name + "{exporter=\"192.0.2.1\",name=\"edge\",protocol=\"netflow9\"" + labels + "} " + value + '\n';
}

TEST(Losses, NoneIsOk) { EXPECT_THAT(losses("", ""), Each(Field(&Finding::status, Status::ok))); }

TEST(Losses, InTheKernelNowAndEarlier) {
  const std::string drops = "sluice_listener_kernel_drops_total{listener=\"[::]:2055\"} ";
  EXPECT_THAT(losses(drops + "5\n", drops + "25\n"),
              Contains(Is("kernel drops", Status::fail, "20 datagrams")));
  EXPECT_THAT(losses(drops + "50\n", drops + "50\n"), Contains(Is("kernel drops", Status::warning, "4.8 %")));
  EXPECT_THAT(losses(drops + "1\n", drops + "1\n"),
              Contains(Is("kernel drops", Status::ok, "1 of 1,001 datagrams")));
}

TEST(Losses, OfASink) {
  const std::string shed = "sluice_sink_shed_flows_total{sink=\"kafka\",type=\"kafka\"} ";
  const std::string failed =
      "sluice_sink_failed_flows_total{sink=\"kafka\",type=\"kafka\",reason=\"timed_out\"} ";
  EXPECT_THAT(losses(shed + "0\n", shed + "9\n"),
              Contains(Is("sink kafka", Status::fail, "9 flows lost while")));
  EXPECT_THAT(losses("", failed + "500\n"), Contains(Is("sink kafka", Status::fail, "500 flows")));
  EXPECT_THAT(losses(failed + "500\n", failed + "500\n"),
              Contains(Is("sink kafka", Status::warning, "none while")));
}

TEST(Losses, OfExporters) {
  const auto one = [](const std::string& text) { return losses(text, text); };
  EXPECT_THAT(one(of_exporter("sluice_exporter_lost_datagrams", ",where=\"network\",how=\"exact\"", "250")),
              Contains(Is("network loss", Status::warning, "20.0 % of the datagrams did not arrive")));
  EXPECT_THAT(one(of_exporter("sluice_exporter_lost_datagrams", ",where=\"kernel\",how=\"exact\"", "250")),
              Not(Contains(Field(&Finding::check, "network loss"))));
  EXPECT_THAT(one(of_exporter("sluice_exporter_held_expired_datagrams_total", "", "100")),
              Contains(Is("templates", Status::warning, "192.0.2.1 (edge), netflow9")));
  EXPECT_THAT(one(of_exporter("sluice_exporter_decode_errors_total", ",reason=\"bad_record\"", "100")),
              Contains(Is("decoding", Status::warning, "10.0 %")));
  EXPECT_THAT(one(of_exporter("sluice_exporter_decode_errors_total", ",reason=\"missing_template\"", "100")),
              Not(Contains(Field(&Finding::check, "decoding"))));
  EXPECT_THAT(one(of_exporter("sluice_exporter_rates_unknown_total", "", "10000")),
              Contains(Is("sampling rates", Status::warning, "sampling_rate_default")));
  EXPECT_THAT(one(of_exporter("sluice_exporter_clock_difference_seconds", "", "-3600")),
              Contains(Is("exporters' clocks", Status::warning, "3,600 seconds")));
}

TEST(Losses, OfLimitsAndState) {
  EXPECT_THAT(losses("", "sluice_exporters_refused_total 4\n"),
              Contains(Is("exporters", Status::fail, "4 datagrams")));
  EXPECT_THAT(losses("", "sluice_state_write_errors_total 2\n"),
              Contains(Is("state file", Status::warning, "could not be written")));
}

Findings names_of(const std::string& metrics) {
  Collector collector;
  collector.metrics = Reading::parse(metrics);
  return check_names(collector, 1e9);
}

TEST(Names, EachSourceIsTold) {
  EXPECT_TRUE(names_of("sluice_ready 1\n").empty());
  const std::string read = "sluice_names_reads_total{source=\"country\"} 1\n";
  const auto told = [&](const std::string& more) { return names_of(read + more).front(); };
  EXPECT_EQ(told("sluice_enrich_country_hits_total 3\nsluice_enrich_country_misses_total 1\n").status,
            Status::ok);
  EXPECT_THAT(told("sluice_enrich_country_hits_total 3\nsluice_enrich_country_misses_total 1\n").sentence,
              testing::HasSubstr("75"));
  const Finding wrong = told(
      "sluice_names_wrong{source=\"country\"} 1\nsluice_names_modified_timestamp_seconds{source=\"country\"} "
      "999827200\n");
  EXPECT_EQ(wrong.status, Status::warning);
  EXPECT_THAT(wrong.sentence, testing::HasSubstr("2 days ago stays in force"));
  const Finding old = told("sluice_names_built_timestamp_seconds{source=\"country\"} 913600000\n");
  EXPECT_EQ(old.status, Status::warning);
  EXPECT_THAT(old.sentence, testing::HasSubstr("1,000 days ago"));
  EXPECT_EQ(told("sluice_enrich_country_misses_total 20000\n").status, Status::warning);
  EXPECT_EQ(told("sluice_enrich_country_misses_total 20\n").status, Status::ok) << "too few to say anything";
}

}  // namespace
}  // namespace sluice::doctor::test
