// `sluice health` against what may answer where the metrics listener is said to be.
#include <gtest/gtest.h>

#include "process.hpp"
#include "unit/query/fake_server.hpp"

namespace sluice::cli::test {
namespace {

using query::test::answer;
using query::test::FakeServer;

Ended health(const std::string& url, const std::string& arguments = "") {
  return sluice("health --url " + url + ' ' + arguments);
}

TEST(Health, IsStatusZeroWhereTheCollectorIsReady) {
  FakeServer server(answer("200 OK", "", "ready\n"));
  const auto ended = health(server.server().to_string());
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "ready\n");
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(server.request().target(), "/readyz");
}

TEST(Health, AsksWhereTheVariableSays) {
  FakeServer server(answer("200 OK", "", "ready\n"));
  const auto ended = sluice("health", "SLUICE_METRICS_URL=" + server.server().to_string());
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "ready\n");
}

TEST(Health, TheOptionBeatsTheVariable) {
  FakeServer server(answer("200 OK", "", "ready\n"));
  const auto ended = sluice("health --url " + server.server().to_string(), "SLUICE_METRICS_URL=ftp://x");
  EXPECT_EQ(ended.out, "ready\n");
}

TEST(Health, AsksOnlyWhetherTheProcessAnswersWhereToldSo) {
  FakeServer server(answer("200 OK", "", "ok\n"));
  const auto ended = health(server.server().to_string(), "--alive");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "ok\n");
  EXPECT_EQ(server.request().target(), "/healthz");
}

TEST(Health, SaysWhyTheCollectorIsNotReady) {
  FakeServer server(answer("503 Service Unavailable", "", "not ready: a worker ended\n"));
  const std::string url = server.server().to_string();
  const auto ended = health(url);
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "sluice health: " + url + " is not ready: a worker ended\n");
}

TEST(Health, SaysThatItMayNotAsk) {
  FakeServer server(answer("403 Forbidden", "", R"({"error":"127.0.0.1 is not in metrics.allow"})"));
  const std::string url = server.server().to_string();
  EXPECT_EQ(health(url).err, "sluice health: the answer of " + url +
                                 R"( is status 403: {"error":"127.0.0.1 is not in metrics.allow"})" + '\n');
}

TEST(Health, TakesNothingElseForACollector) {
  FakeServer server(answer("200 OK", "", "<html>"));
  const std::string url = server.server().to_string();
  const auto ended = health(url);
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "sluice health: what answers at " + url + " is no sluice\n");
}

TEST(Health, SaysThatNobodyAnswers) {
  // Bound, but nobody listens: the port is nobody else's while the test asks.
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket bound(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(bound.local_endpoint().port());
  const auto ended = health(url);
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "sluice health: nothing answers at " + url +
                           " (Connection refused); is sluice running, and is this its metrics.listen?\n");
}

TEST(Health, DoesNotWaitForOneThatHangs) {
  // Listens and never accepts: the kernel completes the connection, and no answer ever comes.
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor hanging(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(hanging.local_endpoint().port());
  const auto ended = health(url, "--timeout 1");
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "sluice health: no answer from " + url +
                           " within 1000 ms; is sluice running, and is this its metrics.listen?\n");
}

}  // namespace
}  // namespace sluice::cli::test
