// Files of names, and the mistakes in them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "enrich/as_ranges.hpp"
#include "enrich/csv.hpp"
#include "enrich/database.hpp"
#include "enrich/names.hpp"
#include "support/leaks.hpp"
#include "support/mmdb_writer.hpp"
#include "util/setup_error.hpp"

namespace sluice::enrich {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Files : public testing::Test {
 protected:
  Files() {
    std::string at = (std::filesystem::temp_directory_path() / "names.XXXXXX").string();
    dir_ = ::mkdtemp(at.data());
  }
  ~Files() override { std::filesystem::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  std::string file(const std::string& text, const std::string& name = "a.csv") const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::vector<std::string> mistakes_of_networks(const std::string& text) {
    networks_.clear();
    std::vector<std::string> out;
    for (const NamesFault& fault : read_networks(file(text), networks_))
      out.push_back(std::to_string(fault.line) + " " + fault.text);
    return out;
  }
  std::string refusal_of_ases(const std::string& text) {
    try {
      read_ases("enrich.as.file", file(text));
    } catch (const SetupError& error) {
      return error.why();
    }
    return "";
  }

  std::filesystem::path dir_;
  std::vector<NetworkSettings> networks_;
};

TEST_F(Files, ColumnsStandInAnyOrder) {
  EXPECT_THAT(
      mistakes_of_networks("name,asn,prefix\ncampus,64500,192.0.2.0/24\n\"a, \"\"b\"\"\",,2001:db8::/32\n"),
      IsEmpty());
  ASSERT_EQ(networks_.size(), 2U);
  EXPECT_EQ(networks_[0].prefix, "192.0.2.0/24");
  EXPECT_EQ(networks_[0].facts.name, "campus");
  EXPECT_EQ(networks_[0].facts.as, 64500U);
  EXPECT_EQ(networks_[1].facts.name, "a, \"b\"");
  EXPECT_EQ(networks_[1].facts.as, 0U);
}

TEST_F(Files, CommentsAndEmptyLinesArePassedOver) {
  EXPECT_THAT(mistakes_of_networks("# ours\n\nprefix,name\r\n\r\n# more\r\n192.0.2.1,a\r\n"), IsEmpty());
  EXPECT_EQ(networks_.size(), 1U);
}

TEST_F(Files, EachMistakeIsToldWithItsLine) {
  EXPECT_THAT(mistakes_of_networks("prefix,name,asn\n"
                                   "192.0.2.0/33,a,1\n"
                                   "192.0.2.0/24,\"two\nlines\",x\n"
                                   "192.0.2.0/24,b\n"
                                   "192.0.2.0/25,good,7\n"
                                   "host,c,4294967296\n"),
              ElementsAre(HasSubstr("2 prefix is \"192.0.2.0/33\"; it takes a prefix"),
                          HasSubstr("3 asn is \"x\"; it takes a number"),
                          HasSubstr("5 has 2 values, and the first line names 3 columns"),
                          HasSubstr("7 prefix is \"host\"")));
  ASSERT_EQ(networks_.size(), 1U) << "what is right is read";
  EXPECT_EQ(networks_[0].facts.name, "good");
}

TEST_F(Files, ColumnsThatAreNotThere) {
  EXPECT_THAT(
      mistakes_of_networks("prefix,colour,prefix\n"),
      ElementsAre(HasSubstr("1 there is no column colour; there are prefix,name,role,site,region,tenant,asn"),
                  "1 the column prefix stands there twice"));
  EXPECT_THAT(mistakes_of_networks("name\na\n"),
              ElementsAre("1 the column prefix is missing", HasSubstr("2 prefix is")));
  EXPECT_THAT(mistakes_of_networks(""), ElementsAre(HasSubstr("is empty; its first line names the columns")));
}

TEST_F(Files, NoMoreThanTwentyMistakesAreTold) {
  std::string text = "prefix\n";
  for (int i = 0; i < 30; ++i) text += "x\n";
  const auto mistakes = mistakes_of_networks(text);
  ASSERT_EQ(mistakes.size(), kMostFaults + 1);
  EXPECT_EQ(mistakes.back(), "0 has 10 more mistakes");
}

TEST_F(Files, WhatIsNoCsvAndWhatIsNotThere) {
  EXPECT_THAT(mistakes_of_networks("prefix,name\n192.0.2.1,\"open"),
              testing::Contains(HasSubstr("is no CSV")));
  std::vector<NetworkSettings> none;
  const auto faults = read_networks(path("nowhere.csv"), none);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].sentence(), HasSubstr("nowhere.csv: cannot be opened: No such file"));
}

TEST_F(Files, InterfacesAreFoundByTheLongestPrefixThatHasThem) {
  std::vector<InterfaceSettings> rows;
  EXPECT_THAT(read_interfaces(file("exporter,index,name,boundary,speed\n198.51.100.0/24,1,net,internal,\n"
                                   "198.51.100.7,1,one,external,10000000000\n198.51.100.0/24,2,two,,\n"),
                              rows),
              IsEmpty());
  const InterfaceTable table(std::move(rows));
  EXPECT_EQ(table.size(), 3U);
  const IpAddress seven = IpAddress::parse("198.51.100.7").value();
  EXPECT_EQ(table.find(seven, 1)->name, "one");
  EXPECT_EQ(table.find(seven, 1)->speed, 10'000'000'000U);
  EXPECT_EQ(table.find(seven, 2)->name, "two");
  EXPECT_EQ(table.find(IpAddress::parse("198.51.100.8").value(), 1)->name, "net");
  EXPECT_EQ(table.find(seven, 3), nullptr);
  rows.clear();
  std::vector<std::string> mistakes;
  for (const NamesFault& fault :
       read_interfaces(file("exporter,index,boundary\nx,1,\n1.2.3.4,,\n1.2.3.4,1,out\n"), rows))
    mistakes.push_back(fault.text);
  EXPECT_THAT(mistakes, ElementsAre(HasSubstr("exporter is \"x\""), HasSubstr("index is \"\""),
                                    "boundary is \"out\"; it takes external or internal"));
}

TEST_F(Files, RangesOfAsNumbers) {
  const AsRanges ases("enrich.as.file",
                      file("1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"\n1.0.1.0,1.0.3.255,0,None\n"
                           "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64500,Docs\n"));
  const auto as = [&](const char* address) { return ases.as_of(IpAddress::parse(address).value()); };
  EXPECT_EQ(as("0.255.255.255"), 0U);
  EXPECT_EQ(as("1.0.0.0"), 13335U);
  EXPECT_EQ(as("1.0.0.255"), 13335U);
  EXPECT_EQ(as("1.0.1.0"), 0U);
  EXPECT_EQ(as("2001:db8::1"), 64500U);
  EXPECT_EQ(as("2001:db9::"), 0U);
  EXPECT_EQ(ases.as_of(IpAddress{}), 0U);
  EXPECT_EQ(ases.organisation_of(IpAddress::parse("1.0.0.1").value()), "Cloudflare, Inc.");
}

TEST_F(Files, WhereRangesMeetTheLaterBeginningCounts) {
  const AsRanges ases("enrich.as.file",
                      file("1.0.0.0,1.0.0.9,1,a\n1.0.0.4,1.0.0.5,2,b\n1.0.0.8,1.0.0.20,3,c\n"
                           "1.0.0.30,1.0.0.50,4,d\n1.0.0.30,1.0.0.31,5,e\n1.0.0.40,1.0.0.41,6,f\n"
                           "255.255.255.0,255.255.255.255,7,g\n255.255.255.255,255.255.255.255,8,h\n"));
  const auto as = [&](const char* address) { return ases.as_of(IpAddress::parse(address).value()); };
  EXPECT_EQ(as("1.0.0.3"), 1U);
  EXPECT_EQ(as("1.0.0.4"), 2U);
  EXPECT_EQ(as("1.0.0.6"), 1U);
  EXPECT_EQ(as("1.0.0.8"), 3U);
  EXPECT_EQ(as("1.0.0.10"), 3U);
  EXPECT_EQ(as("1.0.0.21"), 0U);
  EXPECT_EQ(as("1.0.0.31"), 5U);
  EXPECT_EQ(as("1.0.0.32"), 4U);
  EXPECT_EQ(as("1.0.0.41"), 6U);
  EXPECT_EQ(as("1.0.0.50"), 4U);
  EXPECT_EQ(as("1.0.0.51"), 0U);
  EXPECT_EQ(as("255.255.255.254"), 7U);
  EXPECT_EQ(as("255.255.255.255"), 8U);
}

TEST_F(Files, RangesThatCannotBe) {
  EXPECT_THAT(refusal_of_ases("1.0.0.0,1.0.0.255,1,a\nx,1.0.0.1,2,b\n"),
              HasSubstr("a.csv:2: \"x\" is no address"));
  EXPECT_THAT(refusal_of_ases("1.0.0.9,1.0.0.1,2,b\n"), HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal_of_ases("1.0.0.9,2001:db8::1,2,b\n"), HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal_of_ases("1.0.0.0,1.0.0.1,AS2,b\n"), HasSubstr("\"AS2\" is no AS number"));
  EXPECT_THAT(refusal_of_ases("1.0.0.0,1.0.0.1\n"), HasSubstr("has 2 values"));
  EXPECT_THAT(refusal_of_ases(""), HasSubstr("has no ranges"));
}

TEST_F(Files, DatabasesOfEachLayout) {
  test::MmdbWriter writer("Test");
  writer.add("192.0.2.0/24", {{"country", test::MmdbWriter::Map{{"iso_code", "DE"}}}});
  writer.add("198.51.100.0/24", {{"country_code", "FR"}, {"asn", "AS64501"}});
  writer.add("203.0.113.0/24", {{"country", "NL"},
                                {"autonomous_system_number", 64502U},
                                {"autonomous_system_organization", "Ours\n"}});
  writer.add("2001:db8::/32", {{"country_code", "x1"}, {"asn", "ASx"}});
  writer.write(path("a.mmdb"));
  const Database database(path("a.mmdb"));
  const auto country = [&](const char* address) {
    char code[2] = {};
    return database.country_of(IpAddress::parse(address).value(), code) ? std::string(code, 2) : "";
  };
  EXPECT_EQ(country("192.0.2.255"), "DE");
  EXPECT_EQ(country("198.51.100.1"), "FR");
  EXPECT_EQ(country("203.0.113.1"), "NL");
  EXPECT_EQ(country("2001:db8::1"), "") << "no code of a country";
  EXPECT_EQ(country("192.0.3.0"), "");
  EXPECT_EQ(database.as_of(IpAddress::parse("198.51.100.1").value()), 64501U);
  EXPECT_EQ(database.as_of(IpAddress::parse("203.0.113.1").value()), 64502U);
  EXPECT_EQ(database.as_of(IpAddress::parse("192.0.2.1").value()), 0U);
  EXPECT_EQ(database.as_of(IpAddress::parse("2001:db8::1").value()), 0U);
  EXPECT_EQ(database.bytes(), std::filesystem::file_size(path("a.mmdb")));
  EXPECT_EQ(database.organisation_of(IpAddress::parse("203.0.113.1").value()), "Ours ");
  EXPECT_EQ(database.type(), "Test");
  EXPECT_EQ(database.built_seconds(), 1750000000U);
}

/// Whoever copies a new file over the old one cuts it to nothing first.
TEST_F(Files, AFileThatIsWrittenOverTakesNothingAway) {
  test::MmdbWriter writer("Test");
  writer.add("192.0.2.0/24", {{"country_code", "DE"}});
  writer.write(path("a.mmdb"));
  const Database database(path("a.mmdb"));
  std::filesystem::resize_file(path("a.mmdb"), 0);
  char code[2] = {};
  EXPECT_TRUE(database.country_of(IpAddress::parse("192.0.2.1").value(), code));
}

/// Cut at each length and with each byte flipped: refused, or read without harm.
TEST_F(Files, DamagedDatabases) {
  test::MmdbWriter writer("Test");
  writer.add("192.0.0.0/12", {{"country", test::MmdbWriter::Map{{"iso_code", "DE"}}}, {"asn", 7U}});
  writer.write(path("a.mmdb"));
  std::ifstream in(path("a.mmdb"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const IpAddress inside = IpAddress::parse("192.0.2.1").value();
  std::size_t refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    file(bytes, "b.mmdb");
    // libmaxminddb 1.7.1 keeps some KB for good where a file's metadata are damaged.
    const test::LeaksOfOthers keeps;
    try {
      const Database database(path("b.mmdb"));
      char code[2] = {};
      database.country_of(inside, code);
      database.as_of(inside);
      database.organisation_of(IpAddress::parse("2001:db8::1").value());
    } catch (const SetupError&) {
      ++refused;
    }
  };
  for (std::size_t size = 0; size < whole.size(); ++size) attempt(whole.substr(0, size));
  EXPECT_GT(refused, whole.size() / 2);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    attempt(flipped);
  }
}

TEST_F(Files, WhatIsNoDatabase) {
  const auto refusal = [&](const std::string& at) {
    try {
      read_database("enrich.country.file", at);
    } catch (const SetupError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal(path("nowhere.mmdb")),
              HasSubstr("enrich.country.file: " + path("nowhere.mmdb") + " cannot be opened"));
  EXPECT_THAT(refusal(file("text", "b.mmdb")), HasSubstr("is no file in MaxMind's format"));
  EXPECT_THAT(refusal(dir_.string()), HasSubstr("is no file"));
}

}  // namespace
}  // namespace sluice::enrich
