#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <system_error>

#include "sink/factory.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/token.hpp"

namespace sluice::sink {
namespace {

/// Settings of ours that a property of librdkafka takes its value from, as messages name them.
struct OwnSetting {
  const char* property;
  const char* setting;
};
constexpr std::array<OwnSetting, 10> kOwn{{
    {"bootstrap.servers", "brokers"},
    {"compression.type", "compression"},
    {"acks", "acks"},
    {"ssl.ca.location", "tls.ca_file"},
    {"ssl.certificate.location", "tls.certificate_file"},
    {"ssl.key.location", "tls.key_file"},
    {"ssl.key.password", "tls.key_password"},
    {"sasl.mechanism", "sasl.mechanism"},
    {"sasl.username", "sasl.username"},
    {"sasl.password", "sasl.password"},
}};

/// Builds of librdkafka without libcurl, such as Debian's, cannot fetch tokens.
std::string hint_for(std::string_view property) {
  return property.starts_with("sasl.oauthbearer.")
             ? "; sasl.mechanism OAUTHBEARER with the settings sasl.oauth.* of the sink needs nothing of it"
             : "";
}

/// A configuration that is being made; what is wrong is told and left out.
struct Making {
  rd_kafka_conf_t* conf;
  const std::string where;  ///< "sinks.NAME", or whose settings they are
  const OnMistake& mistake;

  /// A setting of ours; only a value that came from the user can be wrong in it.
  void set(const char* key, const std::string& value) const {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf, key, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return;
    const auto* const own =
        std::ranges::find(kOwn, std::string_view(key), [](const auto& one) { return one.property; });
    mistake({own == kOwn.end() ? where : where + "." + own->setting,
             std::string("librdkafka refuses ") + key + ": " + why.data()});
  }

  void set_property(const std::string& key, const std::string& value) const {
    std::array<char, 512> why{};
    const std::string path = where + ".properties." + key;
    switch (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why.data(), why.size())) {
      case RD_KAFKA_CONF_OK:
        return;
      case RD_KAFKA_CONF_UNKNOWN:
        return mistake({path, std::string("librdkafka ") + rd_kafka_version_str() +
                                  " has no property of this name; its CONFIGURATION.md lists them all"});
      case RD_KAFKA_CONF_INVALID:
        return mistake({path, std::string("librdkafka refuses the value: ") + why.data() + hint_for(key)});
    }
  }

  /// librdkafka's own words for a file that is not there are OpenSSL's, and do not say which file.
  void set_file(const char* setting, const char* key, const std::string& path) const {
    if (path.empty()) return;
    if (::access(path.c_str(), R_OK) != 0)
      return mistake({where + ".tls." + setting, "cannot read " + path + ": " +
                                                     std::generic_category().message(errno) +
                                                     "; name a PEM file that sluice may read"});
    set(key, path);
  }
};

std::string text_in(const rd_kafka_conf_t* conf, const char* key) {
  std::array<char, 1024> text{};
  std::size_t size = text.size();
  return rd_kafka_conf_get(conf, key, text.data(), &size) == RD_KAFKA_CONF_OK ? text.data() : "";
}

bool any_of(const std::map<std::string, std::string>& properties, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const char* key) { return properties.contains(key); });
}

/// Idempotence costs less than it saves (fewer, fuller requests in flight), but demands all of these to be as
/// it wants them; who sets one of them decides about idempotence too.
bool wants_idempotence(const KafkaSettings& kafka) {
  return kafka.acks == "all" &&
         !any_of(kafka.properties, {"enable.idempotence", "acks", "request.required.acks", "max.in.flight",
                                    "max.in.flight.requests.per.connection", "retries",
                                    "message.send.max.retries", "queuing.strategy"});
}

/// Tokens are fetched by us, which needs no more of librdkafka than that it can hand them on.
void set_oauth(const Making& out) {
  const std::string features = text_in(out.conf, "builtin.features");
  if (features.find("sasl_oauthbearer") == std::string::npos)
    return out.mistake({out.where + ".sasl.mechanism", std::string("librdkafka ") + rd_kafka_version_str() +
                                                           " is built without OAUTHBEARER (it has " +
                                                           features + ")"});
  out.set("sasl.mechanism", std::string(kOauth));
}

void set_security(const Making& out, const KafkaConnection& kafka) {
  const bool sasl = !kafka.sasl_mechanism.empty();
  out.set("security.protocol",
          kafka.tls ? (sasl ? "sasl_ssl" : "ssl") : (sasl ? "sasl_plaintext" : "plaintext"));
  if (kafka.tls) {
    out.set_file("ca_file", "ssl.ca.location", kafka.tls_ca_file);
    out.set_file("certificate_file", "ssl.certificate.location", kafka.tls_certificate_file);
    out.set_file("key_file", "ssl.key.location", kafka.tls_key_file);
    if (!kafka.tls_key_password.empty()) out.set("ssl.key.password", kafka.tls_key_password);
    out.set("enable.ssl.certificate.verification", kafka.tls_verify ? "true" : "false");
    out.set("ssl.endpoint.identification.algorithm", kafka.tls_verify ? "https" : "none");
  }
  if (kafka.sasl_mechanism == kOauth) return set_oauth(out);
  if (sasl) {
    out.set("sasl.mechanism", kafka.sasl_mechanism);
    out.set("sasl.username", kafka.sasl_username);
    out.set("sasl.password", kafka.sasl_password);
  }
}

void set_queue(const Making& out, const Settings& settings) {
  const KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  // The sink's own budget is the bound over all producers; librdkafka's must only not be smaller.
  const std::uint64_t kbytes = std::clamp<std::uint64_t>(kafka.buffer_bytes / 1024 + 1, 1, 2147483647);
  out.set("queue.buffering.max.kbytes", std::to_string(kbytes));
  out.set("queue.buffering.max.messages", "0");
  // What waits is bounded by the budget, and worth having however old it is.
  out.set("message.timeout.ms", "0");
  // Blocks of batch framing are batches already; waiting for more of them only makes flows late.
  out.set("linger.ms", kafka.framing == Framing::batch ? "5" : "100");
  // A whole block and the record's own header must fit into a request.
  const std::uint64_t message = std::clamp<std::uint64_t>(settings.block_bytes + 4096, 1000000, 1000000000);
  out.set("message.max.bytes", std::to_string(message));
  // Compressed requests on their way are memory beside the budget: few of them.
  out.set("max.in.flight.requests.per.connection", "5");
}

/// The setting that librdkafka's words are about, where they name one of its properties.
SetupError refused(const std::string& where, const KafkaConnection& kafka, const std::string& words) {
  const std::string why = "librdkafka refuses the settings: " + words;
  const auto is_about = [&](const std::string& property) {
    return words.starts_with(property) || words.find('`' + property + '`') != std::string::npos;
  };
  for (const auto& [key, value] : kafka.properties)
    if (is_about(key)) return {where + ".properties." + key, why};
  for (const OwnSetting& own : kOwn)
    if (is_about(own.property)) return {where + "." + own.setting, why};
  return {where, why};
}

void drop_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

[[noreturn]] void throw_it(SetupError mistake) { throw SetupError(std::move(mistake)); }

std::size_t number_in(const rd_kafka_conf_t* conf, const char* key) {
  const std::string text = text_in(conf, key);
  return text.empty() ? 1 : std::strtoull(text.c_str(), nullptr, 10);
}

}  // namespace

std::size_t batch_bytes(const rd_kafka_conf_t* conf) {
  return std::min(number_in(conf, "batch.size"), number_in(conf, "message.max.bytes"));
}

std::size_t batch_bytes(const std::string& sink_name, const Settings& settings) {
  return batch_bytes(make_kafka_conf(sink_name, settings).get());
}

KafkaConf make_kafka_conf(const std::string& sink_name, const Settings& settings) {
  return make_kafka_conf(sink_name, settings, throw_it);
}

KafkaConf make_kafka_conf(const std::string& sink_name, const Settings& settings, const OnMistake& mistake) {
  const KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  KafkaConf conf(rd_kafka_conf_new());
  const Making out{conf.get(), "sinks." + sink_name, mistake};
  out.set("client.id", "sluice");
  out.set("bootstrap.servers", kafka.brokers);
  out.set("compression.type", kafka.compression);
  out.set("acks", kafka.acks);
  set_queue(out, settings);
  set_security(out, kafka);
  if (wants_idempotence(kafka)) out.set("enable.idempotence", "true");
  for (const auto& [key, value] : kafka.properties) out.set_property(key, value);
  return conf;
}

KafkaConf make_kafka_conf(const std::string& where, const KafkaConnection& kafka,
                          const std::map<std::string, std::string>& defaults, const OnMistake& mistake) {
  KafkaConf conf(rd_kafka_conf_new());
  const Making out{conf.get(), where, mistake};
  out.set("client.id", "sluice");
  out.set("bootstrap.servers", kafka.brokers);
  set_security(out, kafka);
  for (const auto& [key, value] : defaults) out.set(key.c_str(), value);
  for (const auto& [key, value] : kafka.properties) out.set_property(key, value);
  return conf;
}

KafkaHandle make_kafka_handle(rd_kafka_type_t type, KafkaConf conf, const std::string& where,
                              const KafkaConnection& kafka) {
  std::array<char, 512> why{};
  KafkaHandle handle(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!handle) throw refused(where, kafka, why.data());
  conf.release();  // the handle owns it now
  return handle;
}

void try_out_handle(rd_kafka_type_t type, KafkaConf conf, const std::string& where,
                    const KafkaConnection& kafka, const OnMistake& mistake) {
  try {
    if (kafka.sasl_mechanism == kOauth) TokenSource(where, kafka);
    // Whoever has no brokers connects to none.
    std::array<char, 512> why{};
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", "", why.data(), why.size());
    rd_kafka_conf_set_log_cb(conf.get(), drop_log);
    make_kafka_handle(type, std::move(conf), where, kafka);
  } catch (const SetupError& found) {
    mistake(found);
  }
}

void try_out_kafka(const std::string& sink_name, const Settings& settings, const OnMistake& mistake) {
  bool fine = true;
  KafkaConf conf = make_kafka_conf(sink_name, settings, [&](SetupError found) {
    fine = false;
    mistake(std::move(found));
  });
  const std::string where = "sinks." + sink_name;
  if (fine) try_out_handle(RD_KAFKA_PRODUCER, std::move(conf), where, *settings.kafka(), mistake);
}

}  // namespace sluice::sink
