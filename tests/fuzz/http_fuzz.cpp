// What of a request our own code reads: who asks (Host, Origin, Sec-Fetch-Site, Authorization), the query's
// form, URLs, and statements. The input is a request line, headers, an empty line, a statement; Beast, which
// reads them from the wire, is fuzzed by its own authors.
#include <cstdint>
#include <cstdlib>

#include "http/access.hpp"
#include "http/credentials.hpp"
#include "http/url.hpp"
#include "store/form.hpp"
#include "store/outside.hpp"
#include "store/sql_text.hpp"

namespace {

namespace http = sluice::http;
using Finding = http::Gate::Finding;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view line_of(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

http::Request read_head(std::string_view& text) {
  http::Request out;
  std::string_view line = line_of(text);
  out.method = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), out.method.size() + 1));
  out.path = line.substr(0, line.find('?'));
  out.query = line.substr(std::min(line.size(), out.path.size() + 1));
  while (!(line = line_of(text)).empty()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    out.fields.emplace_back(line.substr(0, colon), value);
  }
  return out;
}

const std::vector<std::string> kOwn{"localhost", "collector.example"};

/// Said in another way than the gate does.
bool harmless(std::string_view header) {
  if (header.empty()) return true;
  const auto host = http::host_of(header);
  if (!host) return false;
  require(host->find_first_of("/@\\ \t\r\n\"'<>") == std::string::npos);
  require(http::host_of(*host) || host->find(':') != std::string::npos);  // an IPv6 address without brackets
  return sluice::IpAddress::parse(*host) || host->ends_with(".localhost") || *host == kOwn[0] ||
         *host == kOwn[1] || *host == "listed.example";
}

void judge(const http::Request& head) {
  static const http::Gate open({.hosts = {"listed.example"}}, kOwn);
  static const http::Gate linked({.links = true}, kOwn);
  static const http::Gate guarded({.token = "s3cret", .open = {"/healthz"}}, kOwn);
  bool harmless_hosts = true, cross = false;
  for (const auto& [name, value] : head.fields) {
    if (http::same_word(name, "Host")) harmless_hosts = harmless_hosts && harmless(value);
    if (http::same_word(name, "Sec-Fetch-Site"))
      cross = cross || http::same_word(value, "cross-site") || http::same_word(value, "same-site");
  }
  require((open.judge(head) == Finding::foreign_host) == !harmless_hosts);
  for (const http::Gate* const gate : {&open, &guarded})
    require(!cross || gate->judge(head) != Finding::welcome);
  require(!cross || !head.path.starts_with("/api/") || linked.judge(head) != Finding::welcome);
  if (guarded.judge(head) == Finding::welcome && head.path != "/healthz")
    require(head.header("Authorization").ends_with("s3cret"));
}

void read_values(const http::Request& head, std::string_view rest) {
  (void)http::bearer_token(head.header("Authorization"));
  (void)http::basic_login(head.header("Authorization"));
  (void)http::from_base64(head.header("Authorization"));
  (void)sluice::store::Form::parse(head.query);
  if (const auto url = http::parse_url(head.path)) {
    const auto again = http::parse_url(url->to_string());
    require(again && again->host == url->host && again->port == url->port && again->path == url->path);
  }
  const auto statement = sluice::store::analyse(rest);
  require(statement.data_begin <= rest.size());
  (void)sluice::store::may_reach_outside(rest);
  (void)sluice::store::reaches_outside(rest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const http::Request head = read_head(text);
  judge(head);
  read_values(head, text);
  return 0;
}
