#include <thread>

#include "generate/destination.hpp"
#include "generate/outlet.hpp"
#include "generate/receiver_fill.hpp"
#include "generate/sentence.hpp"
#include "generate/target.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint32_t kCheckEvery = 128;  // datagrams between two looks at the receiver's buffers
constexpr double kFull = 0.5;
constexpr std::chrono::microseconds kPause{50};

class DatagramTarget final : public Target {
 public:
  DatagramTarget(std::unique_ptr<Outlet> outlet, std::unique_ptr<ReceiverFill> receiver)
      : outlet_(std::move(outlet)), receiver_(std::move(receiver)) {}

  Report::Exporter describe(std::uint32_t index) const override {
    const Source source = outlet_->source(index);
    return {.address = source.address.to_string(), .port = source.port};
  }

  Result<void, std::string> emit(MockExporter& exporter, std::uint32_t index,
                                 std::span<const std::uint64_t> times_ns, Report& report,
                                 const std::stop_token& stop) override {
    room_.resize(std::max(room_.size(), times_ns.size() * kRoom));
    datagrams_.clear();
    times_.clear();
    std::size_t used = 0;
    for (const auto time : times_ns) {
      if (exporter.done()) break;
      const Made made = exporter.next(time, std::span(room_).subspan(used));
      if (made.skip) {
        ++report.skipped_datagrams;
        report.skipped_flows += made.flows.size();
        continue;
      }
      datagrams_.push_back({used, made.written.size});
      times_.push_back(time);
      used += made.written.size;
      count(made, index, report);
    }
    wait_for_receiver(stop);
    return send(index);
  }

  Result<void, std::string> finish(Report& report) override {
    report.refused = outlet_->refused();
    return outlet_->finish();
  }

 private:
  struct Place {
    std::size_t at;
    std::size_t size;
  };
  static constexpr std::size_t kRoom = kMaxPayload;

  static void count(const Made& made, std::uint32_t index, Report& report) {
    ++report.datagrams;
    ++report.exporters[index].datagrams;
    report.octets += made.written.size;
    report.templates += made.written.templates;
    report.options_records += made.written.options_records;
    report.counter_samples += made.written.counter_samples;
    count_flows(made.flows, index, report);
  }

  Result<void, std::string> send(std::uint32_t index) {
    views_.clear();
    for (const auto& place : datagrams_) views_.push_back(Bytes(room_).subspan(place.at, place.size));
    since_check_ += static_cast<std::uint32_t>(views_.size());
    return outlet_->send(index, views_, times_);
  }

  void wait_for_receiver(const std::stop_token& stop) {
    if (!receiver_ || since_check_ < kCheckEvery) return;
    since_check_ = 0;
    while (!stop.stop_requested() && receiver_->worst() > kFull) std::this_thread::sleep_for(kPause);
  }

  const std::unique_ptr<Outlet> outlet_;
  const std::unique_ptr<ReceiverFill> receiver_;
  std::uint32_t since_check_ = kCheckEvery;
  std::vector<std::byte> room_;
  std::vector<Place> datagrams_;
  std::vector<std::uint64_t> times_;
  std::vector<Bytes> views_;
};

}  // namespace

void count_flows(std::span<const FlowRecord> flows, std::uint32_t exporter, Report& report) {
  std::uint64_t packets = 0, bytes = 0;
  for (const auto& flow : flows) {
    packets += flow.packets;
    bytes += flow.bytes;
  }
  report.flows += flows.size();
  report.packets += packets;
  report.bytes += bytes;
  report.exporters[exporter].flows += flows.size();
  report.exporters[exporter].packets += packets;
  report.exporters[exporter].bytes += bytes;
}

Result<std::unique_ptr<Target>, std::string> make_datagram_target(const Options& options) {
  auto outlet = options.write.empty() ? open_udp(options) : open_capture(options);
  if (!outlet) return failure(outlet.error());
  std::unique_ptr<ReceiverFill> receiver;
  if (options.closed_loop) {
    const std::uint16_t port = resolve(options.to)->port;
    receiver = std::make_unique<ReceiverFill>(port);
    if (receiver->worst() < 0)
      return failure(
          join({"--closed-loop looks at the receiver's sockets, but none on this machine has UDP port ",
                std::to_string(port)}));
  }
  return std::make_unique<DatagramTarget>(std::move(*outlet), std::move(receiver));
}

}  // namespace sluice::generate
