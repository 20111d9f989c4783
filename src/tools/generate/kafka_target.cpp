// Messages without network and decoding: the same flows, as a collector would have decoded them, encoded and
// handed to the Kafka sink.
#include <thread>

#include "generate/as_decoded.hpp"
#include "generate/destination.hpp"
#include "generate/target.hpp"
#include "sink/factory.hpp"
#include "sink/stream.hpp"
#include "sluice/encode/rows.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint32_t kCheckEvery = 64;  // turns between two looks at the sink's queue
constexpr std::chrono::milliseconds kPause{1};
constexpr std::chrono::seconds kFlushTimeout{30};

class KafkaTarget final : public Target {
 public:
  KafkaTarget(const Options& options, const sink::Settings& settings)
      : options_(options),
        most_queued_(settings.kafka()->buffer_bytes / 2),
        sink_(sink::make_sink("kafka", settings, 1,
                              [this](LogLevel level, std::string text) {
                                if (level >= LogLevel::warning)
                                  notice_.with([&](std::string& last) { last = std::move(text); });
                              })),
        writer_(std::make_unique<sink::StreamWriter>(sink::stream_spec(settings),
                                                     std::vector<sink::Sink*>{sink_.get()}, 0)),
        encoder_(encode::make_row_encoder(sink::stream_spec(settings).format)) {}

  Report::Exporter describe(std::uint32_t index) const override {
    return {.address = loopback_source(index).to_string(), .port = 0};
  }

  Result<void, std::string> emit(MockExporter& exporter, std::uint32_t index,
                                 std::span<const std::uint64_t> times_ns, Report& report,
                                 const std::stop_token& stop) override {
    wait_for_room(stop);
    batch_.clear();
    rows_.clear();
    for (const auto time : times_ns) {
      if (exporter.done()) break;
      const Made made = exporter.next_flows(time);
      add_origin(exporter.identity(), loopback_source(index), made.sequence, time);
      for (const auto& flow : made.flows)
        append_as_decoded(options_.protocol, flow, options_.sampling, batch_);
      count_flows(made.flows, index, report);
    }
    encoder_->encode(batch_, rows_);
    report.octets += rows_.size();
    const std::uint64_t now = monotonic_ns();
    writer_->write(batch_, rows_, now);
    writer_->flush_due(now);
    return {};
  }

  void idle() override { writer_->flush_due(monotonic_ns()); }

  Result<void, std::string> finish(Report& report) override {
    writer_->flush_all();
    writer_.reset();
    sink_->close(std::chrono::steady_clock::now() + kFlushTimeout);
    const sink::SinkStats stats = sink_->stats();
    report.undelivered = stats.counts[sink::SinkCount::shed_flows];
    for (const auto& [reason, flows] : stats.failed_flows) report.undelivered += flows;
    return {};
  }

  std::string notice() override {
    return notice_.with([](std::string& last) { return std::exchange(last, {}); });
  }

 private:
  void add_origin(const Identity& identity, const IpAddress& source, std::uint32_t sequence,
                  std::uint64_t time_ns) {
    const bool sflow = options_.protocol == FlowType::sflow5;
    const bool domains = options_.protocol == FlowType::netflow9 || options_.protocol == FlowType::ipfix;
    Origin& origin = batch_.add_origin();
    origin.type = options_.protocol;
    origin.sequence_num = sequence;
    origin.observation_domain_id = domains ? identity.observation_domain : 0;
    origin.time_received_ns = time_ns;
    origin.sampler_address = sflow ? identity.agent : source;
    origin.exporter_address = source;
  }

  /// Unlike a collector a generator can wait, so nothing is shed.
  void wait_for_room(const std::stop_token& stop) {
    if (++turns_ % kCheckEvery != 0) return;
    while (!stop.stop_requested() && sink_->stats().counts[sink::SinkCount::queued_bytes] > most_queued_)
      std::this_thread::sleep_for(kPause);
  }

  const Options& options_;
  const std::uint64_t most_queued_;
  Guarded<std::string> notice_;  // before the sink, whose threads write it
  std::unique_ptr<sink::Sink> sink_;
  std::unique_ptr<sink::StreamWriter> writer_;
  std::unique_ptr<encode::RowEncoder> encoder_;
  FlowBatch batch_;
  encode::RowBuffer rows_;
  std::uint32_t turns_ = 0;
};

}  // namespace

Result<std::unique_ptr<Target>, std::string> make_kafka_target(const Options& options) {
  auto kafka = parse_kafka(options.to);
  if (!kafka) return failure(kafka.error());
  sink::Settings settings;
  settings.own = *kafka;
  try {
    return std::make_unique<KafkaTarget>(options, settings);
  } catch (const SetupError& error) {
    return failure(std::string(error.what()));
  }
}

}  // namespace sluice::generate
