#include "web/web.hpp"

#include "flow/endpoint.hpp"
#include "http/server.hpp"
#include "setting/reading.hpp"
#include "util/setup_error.hpp"
#include "web/assets.hpp"
#include "web/service.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;

constexpr seconds kGrace{3};
constexpr std::uint32_t kLargestHead = 32768;
constexpr std::uint64_t kLargestBody = 1U << 18;

/// The first line of a file that a setting names; "" where none is named.
std::string secret(const std::string& setting, const std::string& file) {
  if (file.empty()) return "";
  std::string reason;
  const auto text = setting::read_small_file(file, reason);
  if (!text) throw SetupError(setting, "names \"" + file + "\", which cannot be read: " + reason);
  std::string line = text->substr(0, text->find_first_of("\r\n"));
  if (line.empty()) throw SetupError(setting, "names \"" + file + "\", whose first line is empty");
  return line;
}

http::Url url(const std::string& setting, const std::string& text, const http::UsualPorts& ports) {
  auto out = http::parse_url(text, ports);
  if (!out) throw SetupError(setting, "is \"" + text + "\": " + out.error());
  return std::move(*out);
}

template <class T>
T given(const std::string& setting, Result<T, std::string> made) {
  if (!made) throw SetupError(setting, made.error());
  return std::move(*made);
}

StoreAccess store_of(const config::Web& web) {
  StoreAccess out{.url = url("web.clickhouse.url", web.clickhouse_url, {}),
                  .login = {.user = web.clickhouse_user,
                            .password = secret("web.clickhouse.password_file", web.clickhouse_password_file)},
                  .trust = {},
                  .database = web.clickhouse_database,
                  .limits = {.time = web.query_time, .memory = web.query_memory}};
  if (!web.clickhouse_ca_file.empty())
    out.trust = given("web.clickhouse.ca_file", http::Trust::from_file(web.clickhouse_ca_file));
  return out;
}

std::vector<CollectorAccess> collectors_of(const config::Web& web) {
  std::vector<CollectorAccess> out;
  for (std::size_t i = 0; i < web.collectors.size(); ++i) {
    const std::string path = setting::element("web.collectors", i);
    out.push_back({.url = url(path + ".url", web.collectors[i].url, {.plain = "8081", .tls = "443"}),
                   .token = secret(path + ".token_file", web.collectors[i].token_file)});
  }
  return out;
}

std::string code_of(http::Fault fault) {
  if (fault == http::Fault::foreign_host) return "host";
  return fault == http::Fault::foreign_page ? "origin" : "http";
}

/// What the server answers by itself, in the form of this API's errors.
http::Response refusal(http::Fault fault, std::string_view text, std::string_view hosts_setting) {
  const http::Response plain = http::fault_response(fault, text, hosts_setting);
  http::Response out = response({.status = plain.status,
                                 .code = code_of(fault),
                                 .text = json::parse(plain.body).value("error", ""),
                                 .more = json::object()});
  out.headers = plain.headers;
  return out;
}

http::Options listener(const config::Web& web, const Endpoint& at) {
  http::Options out;
  out.at = at;
  out.purpose = "the page";
  out.advice = "web.listen takes another address or port";
  out.limits = {.head = kLargestHead, .body = kLargestBody, .connections = 256};
  out.deadlines = {.idle = seconds(60), .head = seconds(10), .body = seconds(10), .answer = seconds(60)};
  out.headers = {};
  out.access = {.hosts = web.hosts, .hosts_setting = "web.hosts", .links = true};
  out.fault = refusal;
  if (!web.tls_certificate_file.empty())
    out.tls = given("web.tls.certificate_file",
                    http::Identity::from_files(web.tls_certificate_file, web.tls_key_file));
  return out;
}

std::string ready_line(const config::Web& web, const Endpoint& at, std::uint16_t port, bool page) {
  return std::string("ready on ") + (web.tls_certificate_file.empty() ? "http://" : "https://") +
         Endpoint{at.address, port}.to_string() + (page ? "" : " (the API alone: built without the page)") +
         ", flows from " + web.clickhouse_url;
}

}  // namespace

Result<void, StartError> serve(const config::Config& config, const config::Places& places,
                               const std::filesystem::path& page, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& ready) {
  const config::Web& web = config.web;
  const Endpoint at = *parse_endpoint(web.listen);  // the configuration is valid
  try {
    Service service({.store = store_of(web),
                     .collectors = collectors_of(web),
                     .page = page,
                     .token = secret("web.token_file", web.token_file),
                     .rows = web.query_rows,
                     .export_rows = web.query_export_rows,
                     .at_once = web.query_at_once,
                     .ask_above = web.query_ask_above});
    const auto server = http::StreamServer::listen(listener(web, at));
    if (!server) return failure(StartError{.sentence = server.error(), .mistake = false});
    ready(ready_line(web, at, (*server)->port(), Page(page).there()));
    (*server)->run([&](http::Exchange& exchange) { service.answer(exchange); }, stop, kGrace,
                   [&] { service.end_all(); });
  } catch (const SetupError& mistake) {
    return failure(StartError{.sentence = places.told(mistake).to_string(), .mistake = true});
  }
  return {};
}

}  // namespace sluice::web
