#pragma once
// Tokens for SASL OAUTHBEARER by OIDC's client credentials grant (RFC 6749 section 4.4), for brokers of
// clouds. Debian's librdkafka can log in with a token, but is built without what would fetch one, so we do.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "http/tls.hpp"
#include "http/url.hpp"
#include "sink/kafka/settings.hpp"
#include "sluice/util/result.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

struct Token {
  std::string value;
  std::string principal;  ///< whose it is; the client's id where the token does not say
  std::chrono::system_clock::time_point expires;
};

/// What a token server's answer (RFC 6749 section 5.1) holds; else a sentence without its end. Its lifetime
/// is that of expires_in or, where that is missing, of the token's own exp (RFC 7519).
Result<Token, std::string> read_token(const std::string& body, const std::string& client_id,
                                      std::chrono::system_clock::time_point now);

/// https, or a server of this very machine; else what is wrong.
Result<http::Url, std::string> parse_token_url(const std::string& text);

/// All clients of a sink take their tokens from one of these. Any thread.
class TokenSource {
 public:
  /// Throws SetupError that names the setting, `where`.sasl.oauth...; asks nobody.
  TokenSource(const std::string& where, const KafkaConnection& settings);

  /// One with half of its life before it: the last one, or a new one, for which the server is waited for some
  /// seconds; after a failure it is not asked for five. The error is a sentence without its end, which names
  /// the server.
  Result<Token, std::string> get();

  /// Hands one to a client of librdkafka, or tells it that there is none, which it asks for again in ten
  /// seconds. Waits as get() does.
  Result<Token, std::string> give(rd_kafka_t* client);

 private:
  Result<Token, std::string> fetch() const;
  std::string authorization() const;
  std::string form() const;

  const KafkaConnection settings_;
  const http::Url url_;
  const http::Trust trust_;
  std::mutex mutex_;  // one asks at a time, the others wait for what it gets
  std::optional<Result<Token, std::string>> last_;
  std::chrono::steady_clock::time_point good_until_{};  // as long as the last answer is given to all
};

}  // namespace sluice::sink
