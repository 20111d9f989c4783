// What is set of every client of Kafka: how it is written, read and checked.
#include "sink/kafka/connection.hpp"

#include <algorithm>
#include <initializer_list>

#include "setting/text.hpp"
#include "sink/kafka/token.hpp"
#include "sluice/flow/address.hpp"
#include "util/host_port.hpp"

namespace sluice::sink {
namespace {

using setting::Codec;
using setting::quote;
using setting::Reading;
using setting::Row;
using setting::Value;
using K = KafkaConnection;

/// "host", "host:9092", "[::1]:9092".
bool is_broker(std::string_view given) {
  const auto parts = parse_host_port(given);
  if (!parts || parts->port == 0) return false;
  return parts->bracketed ? IpAddress::parse(parts->host).has_value() : setting::made_of(parts->host, ".-_");
}

bool is_broker_list(std::string_view given) {
  for (;;) {
    const auto comma = given.find(',');
    std::string_view one = given.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!is_broker(one)) return false;
    if (comma == std::string_view::npos) return true;
    given.remove_prefix(comma + 1);
  }
}

Codec<std::string> brokers() {
  return setting::text("text", "brokers as \"host:port,host:port\" with ports from 1 to 65535",
                       is_broker_list);
}

void read_properties(Reading& in, const std::string& path, const Value& value, K& kafka) {
  in.note(path, value);
  const auto map =
      as_map(in, path, value, "it takes a map of librdkafka's properties such as {linger.ms: 5}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) {
    const std::string& key = map->keys[i];
    std::string where = path;
    where.append(".").append(key);
    in.note(where, map->items[i]);
    const auto text = as_text(in, where, map->items[i], "it takes text or a number");
    if (text) kafka.properties[key] = *text;
  }
}

bool tells_a_secret(const std::string& property) {
  return property.find("password") != std::string::npos || property.find("secret") != std::string::npos ||
         property == "ssl.key.pem" || property == "sasl.oauthbearer.config" || property == "sasl.jaas.config";
}

Value write_properties(const K& kafka) {
  Value out = Value::map();
  for (const auto& [key, text] : kafka.properties)
    out.set(key, Value::of(tells_a_secret(key) ? "********" : text));
  return out;
}

template <auto Member, class V>
Row<K> row(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return setting::row<K, Member>(key, std::move(codec), unit, meaning);
}

Codec<std::string> any_text() {
  return setting::text("text", "text", [](std::string_view) { return true; });
}

Codec<std::string> token_url() {
  return setting::text("URL", "https://HOST/PATH, or http:// of this very machine",
                       [](std::string_view given) {
                         return given.empty() || parse_token_url(std::string(given)).has_value();
                       });
}

/// As RFC 7628 section 3.1 allows them; "auth" is the token's own.
bool is_extension(const std::string& key, const std::string& value) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !key.empty() && key != "auth" && std::ranges::all_of(key, letter) && !value.empty() &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

void read_extensions(Reading& in, const std::string& path, const Value& value, K& kafka) {
  in.note(path, value);
  const auto map = as_map(in, path, value, "it takes a map such as {logicalCluster: lkc-abc}");
  if (!map) return;
  for (std::size_t i = 0; i < map->items.size(); ++i) {
    const std::string& key = map->keys[i];
    const std::string where = path + '.' + key;
    const auto text = as_text(in, where, map->items[i], "it takes text");
    if (!text) continue;
    if (is_extension(key, *text))
      kafka.oauth_extensions[key] = *text;
    else
      in.fault(where, map->items[i].origin,
               where + " is " + quote(*text) +
                   "; an extension is a name of letters, but not auth, and printable text");
  }
}

Value write_extensions(const K& kafka) {
  Value out = Value::map();
  for (const auto& [key, text] : kafka.oauth_extensions) out.set(key, Value::of(text));
  return out;
}

/// Login by a token that a server of OpenID Connect gives (client credentials).
void add_oauth(setting::Table<K>& t) {
  t.push_back(row<&K::oauth_token_url>(
      "sasl.oauth.token_url", token_url(), "",
      "Where OAUTHBEARER's tokens come from: the token endpoint of the OIDC server"));
  t.push_back(row<&K::oauth_client_id>("sasl.oauth.client_id", any_text(), "", "The collector's name there"));
  setting::secret_rows<K, &K::oauth_client_secret>(t, "sasl.oauth.client_secret", "Its secret there");
  t.push_back(row<&K::oauth_scope>(
      "sasl.oauth.scope", any_text(), "",
      "What the token is asked for, with blanks between several; empty: the server's default"));
  t.push_back(row<&K::oauth_audience>("sasl.oauth.audience", any_text(), "",
                                      "Whom the token is for, where the server wants to be told"));
  t.push_back(row<&K::oauth_client_auth>("sasl.oauth.client_auth", setting::choice(kClientAuths), "",
                                         "Where id and secret go: header (HTTP Basic) or body (the form)"));
  t.push_back(row<&K::oauth_ca_file>(
      "sasl.oauth.ca_file", setting::file_path(), "",
      "PEM file of the authorities that may vouch for the token server; empty: the system's"));
  t.push_back(setting::special<K>("sasl.oauth.extensions", "map",
                                  "SASL extensions, which the broker gets with the token", "{}",
                                  read_extensions, write_extensions));
}

void add_security(setting::Table<K>& t) {
  t.push_back(row<&K::tls>("tls.enabled", setting::boolean(), "", "Speak TLS with the brokers"));
  t.push_back(
      row<&K::tls_ca_file>("tls.ca_file", setting::file_path(), "",
                           "PEM file of the authorities that may vouch for brokers; empty: the system's"));
  t.push_back(row<&K::tls_certificate_file>("tls.certificate_file", setting::file_path(), "",
                                            "PEM file of the collector's own certificate (mutual TLS)"));
  t.push_back(row<&K::tls_key_file>("tls.key_file", setting::file_path(), "",
                                    "PEM file of that certificate's private key"));
  setting::secret_rows<K, &K::tls_key_password>(t, "tls.key_password",
                                                "Password of the private key; empty: none");
  t.push_back(row<&K::tls_verify>("tls.verify", setting::boolean(), "",
                                  "Check the broker's certificate and name; false accepts anybody"));
  Codec<std::string> mechanism =
      setting::word({"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", std::string(kOauth)});
  mechanism.type = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or \"\"";
  mechanism.wants = "it takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or \"\" for none";
  t.push_back(row<&K::sasl_mechanism>("sasl.mechanism", mechanism, "",
                                      "How the collector logs in to the brokers; empty: not at all"));
  t.push_back(row<&K::sasl_username>("sasl.username", any_text(), "", "User name for it"));
  setting::secret_rows<K, &K::sasl_password>(t, "sasl.password", "Password for it");
  add_oauth(t);
  t.push_back(setting::special<K>(
      "properties", "map", "Properties of librdkafka, given to it as they are and stronger than all above",
      "{}", read_properties, write_properties));
}

void check_certificate(Reading& in, const std::string& path, const K& kafka) {
  const std::string tls = path + ".tls.";
  const bool certificate = !kafka.tls_certificate_file.empty() || in.failed(tls + "certificate_file");
  const bool key = !kafka.tls_key_file.empty() || in.failed(tls + "key_file");
  if (certificate == key) return;
  const std::string given = tls + (certificate ? "certificate_file" : "key_file");
  const std::string missing = tls + (certificate ? "key_file" : "certificate_file");
  in.fault(given, in.origin(given), given + " is given without " + missing + "; a certificate needs its key");
}

/// A setting that is given although nobody asks for it, or that is missing.
struct Wanted {
  std::string name;
  bool there;
};

/// The first that is there is a mistake: it is of no use without, or with another, mechanism.
bool check_useless(Reading& in, const std::string& sasl, std::initializer_list<Wanted> settings,
                   const std::string& why) {
  for (const Wanted& one : settings) {
    if (!one.there) continue;
    in.fault(sasl + one.name, in.origin(sasl + one.name), sasl + one.name + why);
    return true;
  }
  return false;
}

void check_missing(Reading& in, const std::string& sasl, const K& kafka,
                   std::initializer_list<Wanted> settings) {
  std::string missing;
  for (const Wanted& one : settings) {
    if (one.there || in.failed(sasl + one.name) || in.failed(sasl + one.name + "_file")) continue;
    if (!missing.empty()) missing += " and ";
    missing += sasl + one.name;
  }
  if (missing.empty()) return;
  in.fault(sasl + "mechanism", in.origin(sasl + "mechanism"),
           sasl + "mechanism " + kafka.sasl_mechanism + " needs " + missing);
}

void check_login(Reading& in, const std::string& path, const K& kafka) {
  const std::string sasl = path + ".sasl.";
  if (in.failed(sasl + "mechanism")) return;
  const auto given = [&](const char* name) { return Wanted{name, in.given(sasl + name)}; };
  const Wanted username{"username", !kafka.sasl_username.empty()},
      url{"oauth.token_url", !kafka.oauth_token_url.empty()},
      id{"oauth.client_id", !kafka.oauth_client_id.empty()};
  const bool oauth = kafka.sasl_mechanism == kOauth;
  const auto passwords = {username, given("password"), given("password_file")};
  const auto tokens = {url, id, given("oauth.client_secret"), given("oauth.client_secret_file")};
  const std::string without = " is given without " + sasl + "mechanism";
  if (kafka.sasl_mechanism.empty()) {
    if (!check_useless(in, sasl, passwords, without + "; it takes PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"))
      check_useless(in, sasl, tokens, without + " OAUTHBEARER");
  } else if (oauth) {
    if (!check_useless(
            in, sasl, passwords,
            " is of no use to OAUTHBEARER, which takes " + sasl + "oauth.client_id and client_secret"))
      check_missing(in, sasl, kafka, {url, id, {"oauth.client_secret", !kafka.oauth_client_secret.empty()}});
  } else if (!check_useless(in, sasl, {url, id}, without + " OAUTHBEARER")) {
    check_missing(in, sasl, kafka, {username, {"password", !kafka.sasl_password.empty()}});
  }
}

}  // namespace

// Kafka's own rule for names of topics.
Codec<std::string> kafka_topic() {
  return setting::text("text", "1 to 249 letters, digits, dots, dashes and underscores, as Kafka does",
                       [](std::string_view given) {
                         return !given.empty() && given.size() <= 249 && given != "." && given != ".." &&
                                setting::made_of(given, "._-");
                       });
}

Row<KafkaConnection> brokers_row() {
  return row<&K::brokers>("brokers", brokers(), "",
                          "Brokers to ask for the cluster, host:port with commas between");
}

setting::Table<KafkaConnection> security_rows() {
  setting::Table<KafkaConnection> out;
  add_security(out);
  return out;
}

void check_connection(Reading& in, const std::string& path, const KafkaConnection& kafka) {
  check_certificate(in, path, kafka);
  check_login(in, path, kafka);
}

}  // namespace sluice::sink
