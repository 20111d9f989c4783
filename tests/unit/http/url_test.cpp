#include "http/url.hpp"

#include <gmock/gmock.h>

namespace sluice::http {
namespace {

std::string parsed(std::string_view url) {
  const auto server = parse_url(url);
  return server ? server->host + " | " + server->port + " | " + server->path : "wrong";
}

TEST(Url, NamesHostPortAndPath) {
  EXPECT_EQ(parsed("http://127.0.0.1:8123"), "127.0.0.1 | 8123 | /");
  EXPECT_EQ(parsed("http://clickhouse.example.net:80/"), "clickhouse.example.net | 80 | /");
  EXPECT_EQ(parsed("http://proxy/clickhouse/"), "proxy | 8123 | /clickhouse/");
  EXPECT_EQ(parsed("https://proxy/clickhouse/"), "proxy | 8443 | /clickhouse/");
  EXPECT_EQ(parsed("https://127.0.0.1:8123"), "127.0.0.1 | 8123 | /");
  EXPECT_EQ(parsed("localhost"), "localhost | 8123 | /");
  EXPECT_EQ(parsed("localhost:9000"), "localhost | 9000 | /");
  EXPECT_EQ(parsed("http://[::1]:8123"), "::1 | 8123 | /");
  EXPECT_EQ(parsed("[2001:db8::1]"), "2001:db8::1 | 8123 | /");
}

TEST(Url, IsWrittenAsItIsRead) {
  for (const char* url : {"http://127.0.0.1:8123", "https://[::1]:8123", "http://proxy:80/clickhouse"})
    EXPECT_EQ(parse_url(url)->to_string(), url);
  EXPECT_EQ(parse_url("http://[::1]:1/x")->authority(), "[::1]:1");
}

TEST(Url, HasThePortOfItsScheme) {
  const UsualPorts usual{.plain = "3000", .tls = "443"};
  EXPECT_EQ(parse_url("http://grafana", usual)->port, "3000");
  EXPECT_EQ(parse_url("https://grafana", usual)->port, "443");
  EXPECT_FALSE(parse_url("grafana")->tls);
  EXPECT_TRUE(parse_url("https://grafana")->tls);
}

TEST(Url, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> rows[] = {
      {"ftp://server", "no URL"},
      {"http://", "names no host"},
      {"http://:8123", "names no host"},
      {"http://server:", "port"},
      {"http://server:0", "port"},
      {"http://server:65536", "port"},
      {"http://server:12x", "port"},
      {"http://[::1", "lacks a ]"},
      {"http://[::1]8123", "no URL"},
      {"http://server/?user=x", "parameters"},
      {"http://server /", "no URL"},
      {"http://server\r\nX: y", "no URL"},
      {"http://me:secret@server", "--password-file"},
  };
  for (const auto& [url, sentence] : rows) {
    const auto server = parse_url(url);
    ASSERT_FALSE(server) << url;
    EXPECT_THAT(server.error(), testing::HasSubstr(sentence)) << url;
  }
}

TEST(Url, ASecretInItIsNotRepeated) {
  EXPECT_THAT(parse_url("http://me:secret@server").error(), testing::Not(testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace sluice::http
