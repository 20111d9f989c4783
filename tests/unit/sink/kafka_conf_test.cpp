#include <gmock/gmock.h>

#include "sink/factory.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/errors.hpp"
#include "sink_support.hpp"

namespace sluice::sink {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Settings kafka() {
  Settings out;
  out.own = KafkaSettings{};
  return out;
}

std::string value(const Settings& settings, const char* key) {
  const KafkaConf conf = make_kafka_conf("kafka", settings);
  char text[512];
  std::size_t size = sizeof text;
  if (rd_kafka_conf_get(conf.get(), key, text, &size) != RD_KAFKA_CONF_OK) return "(none)";
  return text;
}

std::string mistake(const Settings& settings) {
  try {
    test::Lines lines;
    make_sink("kafka", settings, 1, lines.callback());
  } catch (const SetupError& error) {
    return error.what();
  }
  return "(none)";
}

TEST(KafkaConf, PassesSettingsOn) {
  Settings sink = kafka();
  std::get<KafkaSettings>(sink.own).brokers = "a:9092,b:9092";
  std::get<KafkaSettings>(sink.own).compression = "lz4";
  EXPECT_EQ(value(sink, "bootstrap.servers"), "a:9092,b:9092");
  EXPECT_EQ(value(sink, "compression.type"), "lz4");
  EXPECT_EQ(value(sink, "linger.ms"), "5");
  EXPECT_EQ(value(sink, "queue.buffering.max.kbytes"), "262145");
  EXPECT_EQ(value(sink, "security.protocol"), "plaintext");
  std::get<KafkaSettings>(sink.own).framing = Framing::single;
  EXPECT_EQ(value(sink, "linger.ms"), "100");
}

TEST(KafkaConf, IsIdempotentUnlessTheSettingsForbidIt) {
  Settings sink = kafka();
  EXPECT_EQ(value(sink, "enable.idempotence"), "true");
  std::get<KafkaSettings>(sink.own).acks = "1";
  EXPECT_EQ(value(sink, "enable.idempotence"), "false");
  EXPECT_EQ(value(sink, "acks"), "1");
  sink = kafka();
  std::get<KafkaSettings>(sink.own).properties = {{"acks", "1"}};
  EXPECT_EQ(value(sink, "enable.idempotence"), "false");
  EXPECT_EQ(mistake(sink), "(none)");
  std::get<KafkaSettings>(sink.own).properties = {{"enable.idempotence", "false"}};
  EXPECT_EQ(value(sink, "enable.idempotence"), "false");
}

TEST(KafkaConf, PropertiesComeLast) {
  Settings sink = kafka();
  std::get<KafkaSettings>(sink.own).properties = {
      {"linger.ms", "77"}, {"client.id", "edge"}, {"message.timeout.ms", "9000"}};
  EXPECT_EQ(value(sink, "linger.ms"), "77");
  EXPECT_EQ(value(sink, "client.id"), "edge");
  EXPECT_EQ(value(sink, "message.timeout.ms"), "9000");
}

TEST(KafkaConf, TlsAndSasl) {
  Settings sink = kafka();
  std::get<KafkaSettings>(sink.own).tls = true;
  std::get<KafkaSettings>(sink.own).tls_ca_file = "/etc/hostname";  // only read when the handle is made
  EXPECT_EQ(value(sink, "security.protocol"), "ssl");
  EXPECT_EQ(value(sink, "ssl.ca.location"), std::get<KafkaSettings>(sink.own).tls_ca_file);
  EXPECT_EQ(value(sink, "ssl.endpoint.identification.algorithm"), "https");
  std::get<KafkaSettings>(sink.own).tls_verify = false;
  EXPECT_EQ(value(sink, "enable.ssl.certificate.verification"), "false");
  EXPECT_EQ(value(sink, "ssl.endpoint.identification.algorithm"), "none");
  std::get<KafkaSettings>(sink.own).sasl_mechanism = "SCRAM-SHA-256";
  std::get<KafkaSettings>(sink.own).sasl_username = "sluice";
  EXPECT_EQ(value(sink, "security.protocol"), "sasl_ssl");
  EXPECT_EQ(value(sink, "sasl.mechanism"), "SCRAM-SHA-256");
  EXPECT_EQ(value(sink, "sasl.username"), "sluice");
  std::get<KafkaSettings>(sink.own).tls = false;
  EXPECT_EQ(value(sink, "security.protocol"), "sasl_plaintext");
}

TEST(KafkaConf, ABlockFitsIntoAMessage) {
  Settings sink = kafka();
  EXPECT_EQ(value(sink, "message.max.bytes"), "1000000");
  sink.block_bytes = 4 << 20;
  EXPECT_EQ(value(sink, "message.max.bytes"), std::to_string((4 << 20) + 4096));
}

TEST(KafkaConf, MistakesNameTheProperty) {
  Settings sink = kafka();
  std::get<KafkaSettings>(sink.own).properties = {{"lingr.ms", "5"}};
  EXPECT_THAT(mistake(sink), AllOf(HasSubstr("sinks.kafka.properties.lingr.ms: librdkafka "),
                                   HasSubstr(" has no property of this name")));
  std::get<KafkaSettings>(sink.own).properties = {{"linger.ms", "soon"}};
  EXPECT_THAT(mistake(sink), HasSubstr("sinks.kafka.properties.linger.ms: librdkafka refuses the value: "));
  std::get<KafkaSettings>(sink.own).properties = {{"dr_msg_cb", "x"}};
  EXPECT_THAT(mistake(sink), HasSubstr("sinks.kafka.properties.dr_msg_cb: "));
  std::get<KafkaSettings>(sink.own).properties = {{"enable.idempotence", "true"}, {"acks", "1"}};
  EXPECT_THAT(mistake(sink), HasSubstr("sinks.kafka.properties.acks: librdkafka refuses the settings: "));
  sink = kafka();
  std::get<KafkaSettings>(sink.own).tls = true;
  std::get<KafkaSettings>(sink.own).tls_ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(mistake(sink),
            "sinks.kafka.tls.ca_file: cannot read /nowhere/ca.pem: No such file or "
            "directory; name a PEM file that "
            "sluice may read");
}

TEST(KafkaConf, ReasonsAreBounded) {
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), FailReason::timed_out);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR__TRANSPORT), FailReason::broker_down);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), FailReason::message_too_large);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), FailReason::unknown_topic);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), FailReason::auth);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT), FailReason::shutdown);
  EXPECT_EQ(fail_reason(RD_KAFKA_RESP_ERR_INVALID_RECORD), FailReason::other);
  for (int i = 0; i < static_cast<int>(FailReason::count); ++i)
    EXPECT_FALSE(name(static_cast<FailReason>(i)).empty());
}

}  // namespace
}  // namespace sluice::sink
