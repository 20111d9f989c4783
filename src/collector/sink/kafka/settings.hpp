#pragma once
// What is set of a client of Kafka, and of a Kafka sink. Plain values; read once at start.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sink/spec.hpp"

namespace sluice::sink {

inline constexpr std::array<std::string_view, 5> kCompressions{"none", "gzip", "snappy", "lz4", "zstd"};

inline constexpr std::string_view kOauth = "OAUTHBEARER";

/// Where a token server is told the client's id and secret (RFC 6749 section 2.3.1).
enum class ClientAuth : std::uint8_t { header, body };
inline constexpr Words<ClientAuth, 2> kClientAuths{
    {{"header", ClientAuth::header}, {"body", ClientAuth::body}}};

/// The brokers, and how to be let in: of whoever is their client.
struct KafkaConnection {
  std::string brokers = "localhost:9092";
  bool tls = false;
  std::string tls_ca_file, tls_certificate_file, tls_key_file, tls_key_password;
  bool tls_verify = true;
  std::string sasl_mechanism;  ///< "", PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
  std::string sasl_username, sasl_password;
  std::string oauth_token_url, oauth_client_id, oauth_client_secret, oauth_scope, oauth_audience;
  ClientAuth oauth_client_auth = ClientAuth::header;
  std::string oauth_ca_file;
  std::map<std::string, std::string> oauth_extensions;  ///< SASL extensions, to the broker with the token
  std::map<std::string, std::string> properties;        ///< to librdkafka untouched
  friend bool operator==(const KafkaConnection&, const KafkaConnection&) = default;
};

struct KafkaSettings : KafkaConnection {
  std::string topic = "flows";       ///< of stream counters "counters"
  Framing framing = Framing::batch;  ///< the default for JSON is single
  PartitionBy partition_by = PartitionBy::exporter;
  std::vector<std::string> key_fields;        ///< partition_by: fields
  std::uint32_t producers = 0;                ///< 0: as many as workers, at most 4
  std::uint32_t buckets = 16;                 ///< while the topic's partitions are not known
  std::uint64_t buffer_bytes = 256ULL << 20;  ///< all producers and open blocks together
  std::string compression = "none";           ///< one of kCompressions
  std::string acks = "all";                   ///< 0, 1, all
  friend bool operator==(const KafkaSettings&, const KafkaSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<KafkaSettings> describe(const KafkaSettings&);

}  // namespace sluice::sink
