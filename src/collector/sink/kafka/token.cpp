#include "sink/kafka/token.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "flow/endpoint.hpp"
#include "http/client.hpp"
#include "http/credentials.hpp"

namespace sluice::sink {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using Json = nlohmann::json;

const http::Patience kPatience{.connect = seconds(3), .answer = seconds(5)};
// Clients that ask together, and a server that gives none: one question is enough for all of them.
constexpr seconds kFailureHolds{5};
constexpr std::uint64_t kMostBytes = 256 << 10;  // of an answer; tokens with many groups are some 10 KB
constexpr std::chrono::hours kLongest{10 * 365 * 24};
constexpr std::uint64_t kMostSeconds = 4'000'000'000;  // of which twice as many fit into the clock's numbers

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// The fields of a JSON object, or of nothing.
Json object_in(std::string_view text) {
  Json out = Json::parse(text, nullptr, false);
  return out.is_object() ? out : Json::object();
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Some servers write numbers as text.
std::optional<std::uint64_t> number_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  double number = 0;
  if (found->is_number()) {
    number = found->get<double>();
  } else if (found->is_string()) {
    const std::string text = found->get<std::string>();
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 12)
      return std::nullopt;
    number = std::stod(text);
  } else {
    return std::nullopt;
  }
  if (!(number >= 0) || number > 1e12) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

/// The middle part of header.claims.signature (RFC 7519), which the broker checks, not we; empty where the
/// token is none of that.
Json claims_of(std::string_view token) {
  const auto begin = token.find('.');
  const auto end = begin == std::string_view::npos ? begin : token.find('.', begin + 1);
  if (end == std::string_view::npos) return Json::object();
  std::string middle(token.substr(begin + 1, end - begin - 1));
  for (char& c : middle) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const auto text = http::from_base64(middle);
  return text ? object_in(*text) : Json::object();
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// As application/x-www-form-urlencoded has it.
std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return out;
}

/// What the server says is wrong (RFC 6749 section 5.2), made harmless for a log.
std::string complaint(const http::Answer& answer) {
  const Json told = object_in(answer.body);
  std::string out = "answers " + std::to_string(answer.head.status);
  const std::string error = text_in(told, "error"), description = text_in(told, "error_description");
  std::string why = error + (error.empty() || description.empty() ? "" : ": ") + description;
  why.resize(std::min<std::size_t>(why.size(), 200));
  for (char& c : why)
    if (!printable({&c, 1})) c = '?';
  return why.empty() ? out : out + " (" + why + ")";
}

http::Trust trust_of(const std::string& where, const KafkaConnection& settings) {
  if (settings.oauth_ca_file.empty()) return {};
  auto trust = http::Trust::from_file(settings.oauth_ca_file);
  if (!trust) throw SetupError(where + ".sasl.oauth.ca_file", trust.error());
  return *trust;
}

http::Url url_of(const std::string& where, const KafkaConnection& settings) {
  auto url = parse_token_url(settings.oauth_token_url);
  if (!url) throw SetupError(where + ".sasl.oauth.token_url", url.error());
  return *url;
}

}  // namespace

Result<http::Url, std::string> parse_token_url(const std::string& text) {
  auto url = http::parse_url(text, {.plain = "80", .tls = "443"});
  if (!url || url->tls) return url;
  const auto address = IpAddress::parse(url->host);
  const bool here = url->host == "localhost" || (address && Endpoint{*address, 0}.loopback());
  if (here && text.starts_with("http://")) return url;
  return failure('"' + text +
                 "\" would carry the secret in the clear; it takes https://HOST/PATH, and http:// "
                 "of this very machine alone");
}

Result<Token, std::string> read_token(const std::string& body, const std::string& client_id,
                                      system_clock::time_point now) {
  const Json answer = object_in(body);
  Token out;
  out.value = text_in(answer, "access_token");
  if (out.value.empty()) return failure(std::string("gives no access_token"));
  const Json claims = claims_of(out.value);
  out.principal = text_in(claims, "sub");
  if (out.principal.empty() || !printable(out.principal)) out.principal = client_id;
  const auto longest = now + kLongest;
  if (const auto lifetime = number_in(answer, "expires_in")) {
    out.expires = std::min(longest, now + seconds(std::min(*lifetime, kMostSeconds)));
  } else if (const auto at = number_in(claims, "exp")) {
    out.expires = std::min(longest, system_clock::time_point(seconds(std::min(*at, kMostSeconds))));
  } else {
    return failure(
        std::string("does not say how long its token lives (no expires_in, and no exp in the token)"));
  }
  if (out.expires <= now)
    return failure(std::string("gives a token that is over already; is this machine's clock right?"));
  return out;
}

TokenSource::TokenSource(const std::string& where, const KafkaConnection& settings)
    : settings_(settings), url_(url_of(where, settings_)), trust_(trust_of(where, settings_)) {}

std::string TokenSource::authorization() const {
  return "Basic " +
         http::to_base64(encoded(settings_.oauth_client_id) + ":" + encoded(settings_.oauth_client_secret));
}

std::string TokenSource::form() const {
  std::string out = "grant_type=client_credentials";
  if (!settings_.oauth_scope.empty()) out += "&scope=" + encoded(settings_.oauth_scope);
  if (!settings_.oauth_audience.empty()) out += "&audience=" + encoded(settings_.oauth_audience);
  if (settings_.oauth_client_auth == ClientAuth::body)
    out += "&client_id=" + encoded(settings_.oauth_client_id) +
           "&client_secret=" + encoded(settings_.oauth_client_secret);
  return out;
}

Result<Token, std::string> TokenSource::fetch() const {
  http::Call call{.method = "POST", .target = "", .body = form()};
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (settings_.oauth_client_auth == ClientAuth::header)
    call.headers.emplace_back("Authorization", authorization());
  const auto answer = http::fetch_whole(url_, call, kPatience, trust_, kMostBytes);
  if (!answer) return failure("no token: " + answer.error().text);
  const std::string who = "no token: " + url_.to_string() + ' ';
  if (answer->head.status != 200) return failure(who + complaint(*answer));
  auto token = read_token(answer->body, settings_.oauth_client_id, system_clock::now());
  if (!token) return failure(who + token.error());
  return token;
}

Result<Token, std::string> TokenSource::get() {
  const std::lock_guard lock(mutex_);
  // By the clock that nobody sets: a token is renewed though the time of day was set back.
  if (last_ && std::chrono::steady_clock::now() < good_until_) return *last_;
  last_ = fetch();
  const auto life = *last_ ? (*last_)->expires - system_clock::now() : system_clock::duration(kFailureHolds);
  good_until_ = std::chrono::steady_clock::now() + (*last_ ? life / 2 : life);
  return *last_;
}

Result<Token, std::string> TokenSource::give(rd_kafka_t* client) {
  auto token = get();
  if (!token) {
    rd_kafka_oauthbearer_set_token_failure(client, token.error().c_str());
    return token;
  }
  std::vector<const char*> extensions;
  for (const auto& [key, value] : settings_.oauth_extensions) {
    extensions.push_back(key.c_str());
    extensions.push_back(value.c_str());
  }
  const auto expires =
      std::chrono::duration_cast<std::chrono::milliseconds>(token->expires.time_since_epoch()).count();
  std::array<char, 512> why{};
  if (rd_kafka_oauthbearer_set_token(client, token->value.c_str(), expires, token->principal.c_str(),
                                     extensions.data(), extensions.size(), why.data(),
                                     why.size()) == RD_KAFKA_RESP_ERR_NO_ERROR)
    return token;
  rd_kafka_oauthbearer_set_token_failure(client, why.data());
  return failure("no token: librdkafka refuses what " + url_.to_string() + " gave: " + why.data());
}

}  // namespace sluice::sink
