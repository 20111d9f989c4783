// What flows get of the names that there are.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "enrich/enricher.hpp"
#include "enrich/names_keeper.hpp"
#include "sluice/flow/fields.hpp"
#include "support/mmdb_writer.hpp"

namespace sluice::enrich {
namespace {

using testing::HasSubstr;

class NamesTest : public testing::Test {
 protected:
  NamesTest() {
    std::string at = (std::filesystem::temp_directory_path() / "names.XXXXXX").string();
    dir_ = ::mkdtemp(at.data());
    test::MmdbWriter writer("Test");
    writer.add("192.0.2.0/24", {{"country_code", "DE"}, {"asn", 64501U}});
    writer.write(path("a.mmdb"));
  }
  ~NamesTest() override { std::filesystem::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  /// One flow of 192.0.2.1 to 203.0.113.1, from interface 1 to 2.
  static void fill(FlowBatch& batch, const char* exporter = "198.51.100.1") {
    batch.clear();
    batch.add_origin().exporter_address = IpAddress::parse(exporter).value();
    FlowRecord& flow = batch.append_one();
    flow.set_source(IpAddress::parse("192.0.2.1").value());
    flow.set_destination(IpAddress::parse("203.0.113.1").value());
    flow.in_if = 1;
    flow.out_if = 2;
    flow.proto = 6;
  }
  FlowRecord& apply() {
    enricher().apply(batch_);
    return batch_.flows()[0];
  }
  FlowRecord& complete() {
    enricher().complete(batch_);
    return batch_.flows()[0];
  }
  Enricher& enricher() {
    if (!enricher_) enricher_.emplace(Settings{.collector_id = "", .names = keeper_.names()}, counters_);
    return *enricher_;
  }
  std::string text(const char* field) {
    return std::string(text_field(*find_field(field), batch_, batch_.flows()[0]));
  }
  std::uint64_t count(EnrichCount what) const { return (*counters_)[what].get(); }

  std::filesystem::path dir_;
  std::vector<std::string> log_;
  NamesKeeper keeper_{[this](LogLevel, std::string line) { log_.push_back(std::move(line)); }};
  std::shared_ptr<EnrichCounters> counters_ = std::make_shared<EnrichCounters>();
  FlowBatch batch_;
  std::optional<Enricher> enricher_;
};

TEST_F(NamesTest, WithoutNamesNothingIsTouchedNorCounted) {
  keeper_.take({});
  fill(batch_);
  const FlowRecord& flow = apply();
  EXPECT_EQ(flow.extras, kNoExtras);
  EXPECT_EQ(flow.src_as, 0U);
  for (const auto& info : kEnrichCounts) EXPECT_EQ(count(info.count), 0U) << info.key;
}

TEST_F(NamesTest, CountryAndAsOfBothAddresses) {
  keeper_.take({.as_file = path("a.mmdb"), .country_file = path("a.mmdb")});
  fill(batch_);
  const FlowRecord& flow = apply();
  EXPECT_EQ(text("src_country"), "DE");
  EXPECT_EQ(text("dst_country"), "");
  EXPECT_EQ(flow.src_as, 64501U);
  EXPECT_EQ(flow.dst_as, 0U);
  EXPECT_EQ(flow.extras, kNoExtras) << "they need none";
  fill(batch_);
  apply();
  EXPECT_EQ(count(EnrichCount::addresses_looked_up), 2U);
  EXPECT_EQ(count(EnrichCount::addresses_cached), 2U);
  EXPECT_EQ(count(EnrichCount::as_hits), 2U);
  EXPECT_EQ(count(EnrichCount::as_misses), 2U);
  EXPECT_EQ(count(EnrichCount::country_hits), 2U);
  EXPECT_EQ(count(EnrichCount::country_misses), 2U);
}

TEST_F(NamesTest, WhoSaysTheAs) {
  using enum AsSource;
  const NetworkSettings network{"192.0.2.0/24", {.as = 64777}};
  const auto as_with = [&](std::vector<AsSource> from, std::uint32_t of_exporter) {
    keeper_.take({.as_from = std::move(from), .as_file = path("a.mmdb"), .networks = {network}});
    fill(batch_);
    batch_.flows()[0].src_as = of_exporter;
    return apply().src_as;
  };
  EXPECT_EQ(as_with({exporter, networks, database}, 7), 7U);
  EXPECT_EQ(as_with({exporter, networks, database}, 0), 64777U);
  EXPECT_EQ(as_with({networks, exporter}, 7), 64777U);
  EXPECT_EQ(as_with({database, exporter}, 7), 64501U);
  EXPECT_EQ(as_with({database}, 7), 64501U);
  fill(batch_);
  batch_.flows()[0].dst_as = 9;
  EXPECT_EQ(apply().dst_as, 0U) << "the exporter is not asked";
}

TEST_F(NamesTest, NetworksOfBothAddresses) {
  keeper_.take({.networks = {{"192.0.2.0/24", {"campus", "users", "berlin", "eu", "lab", 0}},
                             {"203.0.113.0/24", {.name = "servers"}}}});
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "campus");
  EXPECT_EQ(text("src_network_role"), "users");
  EXPECT_EQ(text("src_network_site"), "berlin");
  EXPECT_EQ(text("src_network_region"), "eu");
  EXPECT_EQ(text("src_network_tenant"), "lab");
  EXPECT_EQ(text("dst_network"), "servers");
  EXPECT_EQ(text("dst_network_tenant"), "");
  EXPECT_EQ(count(EnrichCount::network_hits), 2U);
}

TEST_F(NamesTest, InterfacesOfConfigurationBeforeTheExportersWords) {
  keeper_.take(
      {.interfaces = {{"198.51.100.0/24", 1, {.name = "ours", .boundary = "external", .speed = 1000}}}});
  fill(batch_);
  batch_.extras(batch_.flows()[0]).set(ExtraText::in_if_name, "theirs");
  batch_.extras(batch_.flows()[0]).set(ExtraText::in_if_description, "said");
  batch_.extras(batch_.flows()[0]).set(ExtraText::out_if_name, "kept");
  batch_.extras(batch_.flows()[0]).set(ExtraScalar::in_if_speed, 40);  // which the device told
  apply();
  EXPECT_EQ(text("in_if_name"), "ours");
  EXPECT_EQ(text("in_if_description"), "said");
  EXPECT_EQ(text("in_if_boundary"), "external");
  EXPECT_EQ(text("out_if_name"), "kept");
  EXPECT_EQ(text("out_if_boundary"), "");
  EXPECT_EQ(integer_field(*find_field("in_if_speed"), batch_, batch_.flows()[0]), 1000U);
  EXPECT_EQ(count(EnrichCount::interface_hits), 1U);
  EXPECT_EQ(count(EnrichCount::interface_misses), 1U);
}

TEST_F(NamesTest, RulesSeeWhatTheExporterCallsItsInterfaces) {
  keeper_.take({.rules = {{.exporter = "198.51.100.0/24",
                           .interface = "^transit: (\\S+)",
                           .set = {{"boundary", "external"}, {"provider", "\\1"}}}}});
  const auto boundary = [&](const char* exporter, const char* description) {
    fill(batch_, exporter);
    batch_.extras(batch_.flows()[0]).set(ExtraText::out_if_description, description);
    apply();
    return text("out_if_boundary") + "/" + text("out_if_provider");
  };
  EXPECT_EQ(boundary("198.51.100.1", "Transit: A"), "external/A");
  EXPECT_EQ(boundary("198.51.100.1", "Transit: B"), "external/B") << "another description, another interface";
  EXPECT_EQ(boundary("198.51.100.1", "Core"), "/");
  EXPECT_EQ(boundary("198.51.101.1", "Transit: A"), "/") << "of another exporter";
}

TEST_F(NamesTest, RulesOfFlowsInOrder) {
  keeper_.take({.networks = {{"192.0.2.0/24", {.tenant = "of the network"}}},
                .rules = {{.match = "proto tcp", .set = {{"src_network_tenant", "first"}}},
                          {.match = "any", .set = {{"src_network_tenant", "second"}, {"dst_network", "any"}}},
                          {.match = "proto udp", .drop = true}}});
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network_tenant"), "first");
  EXPECT_EQ(text("dst_network"), "any");
  EXPECT_FALSE(batch_.any_dropped());
  fill(batch_);
  batch_.flows()[0].proto = 17;
  EXPECT_EQ(apply().dropped, 1);
  EXPECT_TRUE(batch_.any_dropped());
  EXPECT_EQ(count(EnrichCount::dropped_flows), 1U);
  EXPECT_EQ(count(EnrichCount::rule_matches), 4U);
}

TEST_F(NamesTest, WhatOthersHaveNamedStays) {
  keeper_.take({.as_from = {AsSource::database},
                .as_file = path("a.mmdb"),
                .country_file = path("a.mmdb"),
                .networks = {{"192.0.2.0/24", {.name = "ours"}}},
                .interfaces = {{"198.51.100.1", 1, {.name = "ours"}}},
                .rules = {{.match = "any", .set = {{"src_network", "ruled"}, {"dst_network", "ruled"}}}}});
  fill(batch_);
  FlowRecord& flow = batch_.flows()[0];
  flow.src_as = 7;
  std::copy_n("FR", 2, flow.src_country);
  batch_.extras(flow).set(ExtraText::src_network, "theirs");
  batch_.extras(flow).set(ExtraText::in_if_name, "theirs");
  EXPECT_EQ(complete().src_as, 7U);
  EXPECT_EQ(text("src_country"), "FR");
  EXPECT_EQ(text("src_network"), "theirs");
  EXPECT_EQ(text("dst_network"), "ruled") << "which they have not named";
  EXPECT_EQ(text("in_if_name"), "theirs");
}

TEST_F(NamesTest, NewNamesWithTheNextBatch) {
  keeper_.take({.networks = {{"192.0.2.0/24", {.name = "old"}}}});
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "old");
  keeper_.take({.networks = {{"192.0.2.0/24", {.name = "new"}}}});
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "new");
  keeper_.take({});
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "");
}

TEST_F(NamesTest, WithoutTheExporterInTheListItsAsIsNotTaken) {
  keeper_.take({.as_from = {AsSource::networks}});
  fill(batch_);
  batch_.flows()[0].src_as = 7;
  EXPECT_EQ(apply().src_as, 0U);
}

TEST_F(NamesTest, TextsAsLongAsADatagramAreLookedAtInPart) {
  keeper_.take({.rules = {{.interface = "^a+$", .set = {{"provider", "x"}}}}});
  fill(batch_);
  batch_.extras(batch_.flows()[0]).set(ExtraText::in_if_description, std::string(60000, 'a'));
  apply();
  EXPECT_EQ(text("in_if_provider"), "x");
  EXPECT_EQ(text("in_if_description").size(), 60000U) << "the flow keeps what was sent";
}

TEST_F(NamesTest, APipeInThePlaceOfAFileHoldsUpNobody) {
  ASSERT_EQ(::mkfifo(path("pipe.csv").c_str(), 0600), 0);
  EXPECT_THROW(keeper_.take({.networks_file = path("pipe.csv")}), SetupError);
}

/// A reload looks again at a file that was wrong, whatever it is known by.
TEST_F(NamesTest, AReloadReadsAWrongFileAgain) {
  std::ofstream(path("n.csv")) << "prefix\nx\n";
  const SourceSettings settings{.networks_file = path("n.csv"), .check_every = std::chrono::seconds(0)};
  EXPECT_THROW(keeper_.take(settings), SetupError);
  EXPECT_THROW(keeper_.take(settings), SetupError);
  std::ofstream(path("n.csv")) << "prefix,name\n192.0.2.0/24,one\n";
  keeper_.take(settings);
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "one");
}

TEST_F(NamesTest, AWrongFileLeavesWhatIsInForce) {
  keeper_.take({.networks = {{"192.0.2.0/24", {.name = "old"}}}});
  std::ofstream(path("bad.csv")) << "prefix\nx\n";
  EXPECT_THROW(keeper_.take({.networks_file = path("bad.csv")}), SetupError);
  fill(batch_);
  apply();
  EXPECT_EQ(text("src_network"), "old");
}

/// Waited for: the keeper's own look at files, a second apart.
TEST_F(NamesTest, FilesThatChange) {
  const auto write = [&](const std::string& text) {
    std::ofstream(path("new.csv")) << text;
    std::filesystem::rename(path("new.csv"), path("n.csv"));
  };
  write("prefix,name\n192.0.2.0/24,one\n");
  keeper_.take({.networks_file = path("n.csv"), .check_every = std::chrono::seconds(1)});
  const auto until = [&](const auto& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return holds();
  };
  const auto name = [&] {
    fill(batch_);
    apply();
    return text("src_network");
  };
  EXPECT_EQ(name(), "one");
  write("prefix,name\n192.0.2.0/24,two and longer\n");
  EXPECT_TRUE(until([&] { return name() == "two and longer"; }));
  write("prefix,name\nx,three\n");
  EXPECT_TRUE(until([&] { return keeper_.sources()[0].counts[NamesCount::failures] == 1; }));
  EXPECT_THAT(keeper_.sources()[0].error, HasSubstr("n.csv:2: prefix is \"x\""));
  EXPECT_EQ(name(), "two and longer");
  write("prefix,name\n192.0.2.0/24,four\n");
  EXPECT_TRUE(until([&] { return name() == "four"; }));
  EXPECT_EQ(keeper_.sources()[0].error, "");
  EXPECT_EQ(keeper_.sources()[0].counts[NamesCount::reads], 3U);
  std::filesystem::remove(path("n.csv"));
  EXPECT_TRUE(until([&] { return keeper_.sources()[0].counts[NamesCount::failures] == 2; }));
  EXPECT_EQ(name(), "four");
}

/// A row of "What comes first" in docs/enrichment.md: fields, and sources by their names there.
struct Precedence {
  std::vector<std::string> fields, sources;
};

std::vector<std::string> quoted_in(std::string_view cell) {
  std::vector<std::string> out;
  for (std::size_t at = cell.find('`'); at != std::string_view::npos;) {
    const std::size_t end = cell.find('`', at + 1);
    out.emplace_back(cell.substr(at + 1, end - at - 1));
    at = cell.find('`', end + 1);
  }
  return out;
}

std::vector<Precedence> documented() {
  std::ifstream in(SLUICE_SOURCE_DIR "/docs/enrichment.md");
  std::vector<Precedence> out;
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "<!-- precedence -->" || line == "<!-- /precedence -->") here = !here;
    const std::size_t middle = line.find("` | ");
    if (!here || !line.starts_with("| `") || middle == std::string::npos) continue;
    const std::string sources = line.substr(middle + 4);
    if (sources.starts_with("in the order")) continue;  // WhoSaysTheAs
    Precedence row{quoted_in(line.substr(0, middle + 1)), {}};
    std::string rest = sources.substr(0, sources.rfind(" |"));
    for (std::size_t end = 0; end != std::string::npos;) {
      end = rest.find(", ");
      row.sources.push_back(rest.substr(0, end));
      if (end != std::string::npos) rest.erase(0, end + 2);
    }
    out.push_back(std::move(row));
  }
  return out;
}

class PrecedenceTest : public NamesTest {
 protected:
  /// Makes the source say its own name in the field. False: it is no source of this module's.
  bool say(const std::string& source, const std::string& field, SourceSettings& settings) {
    const bool near = field.starts_with("src_") || field.starts_with("in_");
    const std::string value =
        field.ends_with("_boundary") ? (source.size() % 2 == 0 ? "external" : "internal") : source;
    const auto attribute_of = [&](const auto& table) {
      return std::ranges::find_if(table, [&](const auto& one) {
        return static_cast<std::uint16_t>(near ? one.near : one.far) == find_field(field)->index;
      });
    };
    NetworkSettings network{near ? "192.0.2.0/24" : "203.0.113.0/24", {}};
    InterfaceSettings interface{"198.51.100.1", near ? 1U : 2U, {}};
    const bool of_interface = field.find("_if_") != std::string::npos;
    if (field.ends_with("_speed"))
      interface.facts.speed = source.size();
    else if (of_interface)
      interface.facts.*attribute_of(kInterfaceAttributes)->member = value;
    else
      network.facts.*attribute_of(kNetworkAttributes)->member = value;
    if (source == "`enrich.rules`" && of_interface)
      settings.rules.push_back(
          {.interface = ".", .set = {{std::string(attribute_of(kInterfaceAttributes)->key), value}}});
    else if (source == "`enrich.rules`")
      settings.rules.push_back({.match = "any", .set = {{field, value}}});
    else if (source == "`enrich.networks`")
      settings.networks.push_back(network);
    else if (source == "`enrich.interfaces`")
      settings.interfaces.push_back(interface);
    else if (source == "`enrich.networks_file`" || source == "`enrich.interfaces_file`")
      write_file(source, field, value, network.prefix, interface, settings);
    else if (source == "the exporter")
      set_text_field(*find_field(field), batch_, batch_.flows()[0], value);
    else
      return false;
    return true;
  }
  void write_file(const std::string& source, const std::string& field, const std::string& value,
                  const std::string& prefix, const InterfaceSettings& interface, SourceSettings& settings) {
    std::ofstream out(path("list.csv"));
    if (source == "`enrich.networks_file`") {
      const std::string column = field.size() == 11 ? "name" : field.substr(12);
      out << "prefix," << column << '\n' << prefix << ",\"" << value << "\"\n";
      settings.networks_file = path("list.csv");
    } else {
      const std::string column = field.substr(field.find("_if_") + 4);
      out << "exporter,index," << column << "\n198.51.100.1," << interface.index << ",\""
          << (column == "speed" ? std::to_string(interface.facts.speed) : value) << "\"\n";
      settings.interfaces_file = path("list.csv");
    }
  }
  std::string shown(const std::string& field) {
    if (!field.ends_with("_speed")) return text(field.c_str());
    return std::to_string(integer_field(*find_field(field), batch_, batch_.flows()[0]));
  }
  static std::string expected(const std::string& source, const std::string& field) {
    if (field.ends_with("_speed")) return std::to_string(source.size());
    if (field.ends_with("_boundary")) return source.size() % 2 == 0 ? "external" : "internal";
    return source;
  }
};

/// From each source of a row on: all that come behind it say something too, and it is the one that counts.
TEST_F(PrecedenceTest, IsAsTheDocumentSays) {
  std::size_t checked = 0;
  for (const Precedence& row : documented())
    for (const std::string& field : row.fields)
      for (std::size_t first = 0; first < row.sources.size(); ++first) {
        if (row.sources[first].starts_with("`enrich.country") || row.sources[first] == "`enrich.snmp`")
          continue;
        fill(batch_);
        // A rule about interfaces finds them by something that is known of them.
        for (const ExtraText known : {ExtraText::in_if_description, ExtraText::out_if_description})
          if (!field.ends_with("_if_description")) batch_.extras(batch_.flows()[0]).set(known, "known");
        SourceSettings settings;
        for (std::size_t i = first; i < row.sources.size(); ++i) say(row.sources[i], field, settings);
        if (field.ends_with("_if_description") && row.sources[first] == "`enrich.rules`" &&
            settings.interfaces.empty())
          continue;
        keeper_.take(settings);
        apply();
        EXPECT_EQ(shown(field), expected(row.sources[first], field)) << field << " by " << row.sources[first];
        ++checked;
      }
  EXPECT_GT(checked, 50U);
}

}  // namespace
}  // namespace sluice::enrich
