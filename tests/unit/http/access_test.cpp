// Who may ask: by which name, from which page, with which token, from which address.
#include "http/access.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "unit/http/client.hpp"

namespace sluice::http {
namespace {

using test::Client;
using test::RunningServer;
using testing::HasSubstr;
using Finding = Gate::Finding;

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Finding judge(const Access& access, const Fields& fields, std::string_view path = "/") {
  return Gate(access, {"localhost", "Collector.Example.org"})
      .judge({.method = "GET",
              .path = path,
              .query = {},
              .peer = {},
              .tls = false,
              .body = {},
              .fields = fields});
}
Finding asked_by(std::string_view host, const Access& access = {}) { return judge(access, {{"Host", host}}); }

TEST(Access, AddressesAndOwnNamesAreWelcome) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "192.0.2.1:1", "[::1]", "[2001:db8::1]:8080",
                           "localhost", "LOCALHOST:8080", "localhost.", "localhost.:8080", "a.localhost:1",
                           "collector.example.org", "Collector.Example.ORG.:8080"})
    EXPECT_EQ(asked_by(host), Finding::welcome) << host;
}

TEST(Access, OtherNamesAreNot) {
  for (const char* host : {"evil.example",
                           "evil.example:8080",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "xlocalhost",
                           ".localhost.evil",
                           "1.2.3",
                           "0x7f000001",
                           "2130706433",
                           "127.1",
                           "[::1",
                           "::1",
                           "[evil.example]",
                           ":8080",
                           "localhost:port",
                           "localhost:99999",
                           "localhost evil",
                           "localhost,evil.example",
                           "a@localhost",
                           "..",
                           "collector",
                           "collector.example.org.evil.example"})
    EXPECT_EQ(asked_by(host), Finding::foreign_host) << host;
}

TEST(Access, ListedNamesAreWelcome) {
  const Access access{.hosts = {"sluice", "Metrics.example.org."}};
  EXPECT_EQ(asked_by("sluice:8080", access), Finding::welcome);
  EXPECT_EQ(asked_by("metrics.EXAMPLE.org", access), Finding::welcome);
  EXPECT_EQ(asked_by("x.metrics.example.org", access), Finding::foreign_host);
}

TEST(Access, ASecondHostDoesNotHideBehindTheFirst) {
  EXPECT_EQ(judge({}, {{"Host", "localhost"}, {"host", "evil.example"}}), Finding::foreign_host);
}

TEST(Access, WithoutAHostNoBrowserAsks) {
  EXPECT_EQ(judge({}, {}), Finding::welcome);
  EXPECT_EQ(asked_by(""), Finding::welcome);
}

TEST(Access, WhereASecretIsDemandedTheNameDoesNotMatter) {
  EXPECT_EQ(asked_by("evil.example", {.own_secret = true}), Finding::welcome);
  EXPECT_EQ(asked_by("evil.example", {.token = "t"}), Finding::no_token);
  EXPECT_EQ(judge({.token = "t"}, {{"Host", "evil.example"}, {"Authorization", "Bearer t"}}),
            Finding::welcome);
}

TEST(Access, PagesOfOtherSitesAreNotAnswered) {
  for (const Access& access : {Access{}, Access{.own_secret = true}, Access{.token = "t"}}) {
    for (const char* site : {"cross-site", "same-site", "Cross-Site"})
      EXPECT_EQ(
          judge(access, {{"Host", "localhost"}, {"Sec-Fetch-Site", site}, {"Authorization", "Bearer t"}}),
          Finding::foreign_page)
          << site;
    for (const char* site : {"none", "same-origin"})
      EXPECT_EQ(
          judge(access, {{"Host", "localhost"}, {"Sec-Fetch-Site", site}, {"Authorization", "Bearer t"}}),
          Finding::welcome)
          << site;
    for (const char* origin :
         {"http://evil.example", "http://localhost:3000", "null", "", "file://", "localhost"})
      EXPECT_EQ(judge(access, {{"Host", "localhost"}, {"Origin", origin}, {"Authorization", "Bearer t"}}),
                Finding::foreign_page)
          << origin;
  }
  EXPECT_EQ(judge({}, {{"Host", "localhost:8080"}, {"Origin", "http://localhost:8080"}}), Finding::welcome);
}

TEST(Access, AProxysNameIsAnOriginWhereItIsListed) {
  const Fields fields{{"Host", "127.0.0.1:8082"}, {"Origin", "https://flows.example.org"}};
  EXPECT_EQ(judge({}, fields), Finding::foreign_page);
  EXPECT_EQ(judge({.hosts = {"flows.example.org"}}, fields), Finding::welcome);
}

TEST(Access, LinksMayLeadToAPage) {
  const Fields link{{"Host", "localhost"},
                    {"Sec-Fetch-Site", "cross-site"},
                    {"Sec-Fetch-Mode", "navigate"},
                    {"Sec-Fetch-Dest", "document"}};
  Fields frame = link, image = link;
  frame[3].second = "iframe";
  image[2].second = "no-cors";
  EXPECT_EQ(judge({}, link), Finding::foreign_page);
  EXPECT_EQ(judge({.links = true}, link), Finding::welcome);
  EXPECT_EQ(judge({.links = true}, link, "/api/v1/meta"), Finding::foreign_page);
  EXPECT_EQ(judge({.links = true}, frame), Finding::foreign_page);
  EXPECT_EQ(judge({.links = true}, image), Finding::foreign_page);
}

TEST(Access, TheTokenIsDemanded) {
  const Access access{.token = "s3cret", .open = {"/healthz"}};
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Bearer S3cret",
                            "s3cret", "Basic s3cret", "Bearers3cret", "Bearer s3cres3cre"}) {
    const Fields fields{{"Host", "localhost"}, {"Authorization", wrong}};
    EXPECT_EQ(judge(access, fields), Finding::no_token) << wrong;
    EXPECT_EQ(judge(access, fields, "/healthz"), Finding::welcome) << wrong;
    EXPECT_EQ(judge(access, fields, "/healthz/"), Finding::no_token) << wrong;
  }
  EXPECT_EQ(judge(access, {{"Authorization", "Bearer s3cret"}}), Finding::welcome);
  EXPECT_EQ(judge(access, {{"Authorization", "bearer  s3cret"}}), Finding::welcome);
}

TEST(Access, OwnNamesHaveTheHostName) {
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  const Gate gate{Access{}};
  EXPECT_EQ(gate.judge({.fields = {{"Host", std::string_view(name.data())}}}), Finding::welcome);
}

/// The status and the counter.
TEST(Access, AServerRefuses) {
  Options options = test::on("127.0.0.1");
  options.access.hosts_setting = "metrics.hosts";
  boost::asio::io_context io;
  auto server = Server::start(io, options, [](const Request&) {
                  return Response{.body = "secret", .headers = {}};
                }).value();
  std::thread thread([&] { io.run(); });
  const auto ask = [&](const std::string& lines) {
    Client client(server->port());
    client.send("GET / HTTP/1.1\r\n" + lines + "\r\n");
    return client.read();
  };
  const auto other = ask("Host: evil.example\r\n");
  EXPECT_EQ(other.result_int(), 421U);
  EXPECT_THAT(other.body(), HasSubstr("evil.example"));
  EXPECT_THAT(other.body(), HasSubstr("metrics.hosts"));
  EXPECT_EQ(ask("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n").result_int(), 403U);
  EXPECT_EQ(ask("Host: localhost\r\n").result_int(), 200U);

  const auto change = [&](Access access) {
    options.access = std::move(access);
    std::promise<void> done;
    boost::asio::post(io, [&] {
      server->change(options);
      done.set_value();
    });
    done.get_future().wait();
  };
  change({.token = "t"});
  const auto unknown = ask("Host: localhost\r\n");
  EXPECT_EQ(unknown.result_int(), 401U);
  EXPECT_EQ(unknown["WWW-Authenticate"], "Bearer");
  change({.allow = {IpPrefix::parse("192.0.2.0/24").value()}});
  Client closed(server->port());
  EXPECT_EQ(closed.read().result_int(), 403U) << "before anything was asked";

  const Counts<HttpCount> counts = server->counts();
  EXPECT_EQ(counts[HttpCount::refused_host], 1U);
  EXPECT_EQ(counts[HttpCount::refused_site], 1U);
  EXPECT_EQ(counts[HttpCount::refused_token], 1U);
  EXPECT_EQ(counts[HttpCount::refused_address], 1U);
  EXPECT_EQ(counts[HttpCount::requests], 4U);
  EXPECT_EQ(counts[HttpCount::connections], 4U);
  boost::asio::post(io, [&] { server.reset(); });
  thread.join();
}

}  // namespace
}  // namespace sluice::http
