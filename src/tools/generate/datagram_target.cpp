#include <thread>

#include "generate/destination.hpp"
#include "generate/outlet.hpp"
#include "generate/receiver_fill.hpp"
#include "generate/send_order.hpp"
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
    const Endpoint source = outlet_->source(index);
    return {.address = source.address.to_string(), .port = source.port};
  }

  Result<void, std::string> emit(MockExporter& exporter, std::uint32_t index,
                                 std::span<const std::uint64_t> times_ns, Report& report,
                                 const std::stop_token& stop) override {
    room_.resize(std::max(room_.size(), times_ns.size() * kRoom));
    order_.resize(report.exporters.size());
    SendOrder& order = order_[index];
    std::size_t used = 0;
    for (const auto time : times_ns) {
      if (exporter.done()) break;
      const Made made = exporter.next(time, std::span(room_).subspan(used));
      add(made, Bytes(room_).subspan(used, made.written.size), time, index, report);
      used += made.written.size;
    }
    if (exporter.done()) order.release();
    wait_for_receiver(stop);
    return send(order, index);
  }

  Result<void, std::string> finish(Report& report) override {
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      order_[i].release();
      if (auto sent = send(order_[i], i); !sent) return sent;
    }
    report.refused = outlet_->refused();
    return outlet_->finish();
  }

 private:
  static constexpr std::size_t kRoom = kMaxPayload;

  void add(const Made& made, Bytes datagram, std::uint64_t time, std::uint32_t index, Report& report) {
    SendOrder& order = order_[index];
    FaultCounts& all = report.faults;
    FaultCounts& own = report.exporters[index].faults;
    const auto count_fault = [&](std::uint64_t FaultCounts::* column, std::uint64_t n) {
      all.*column += n;
      own.*column += n;
    };
    if (made.after_restart) {
      order.release();  // nothing of the old count comes after the new one has begun
      count_fault(&FaultCounts::restarts, 1);
    }
    if (made.fault == Fault::skipped) {
      count_fault(&FaultCounts::skipped_datagrams, 1);
      count_fault(&FaultCounts::skipped_flows, made.flows.size());
      return;
    }
    count_fault(&FaultCounts::reordered_datagrams, order.add(datagram, time, made.delay));
    if (made.fault == Fault::doubled) {
      order.add(datagram, time);
      count_fault(&FaultCounts::duplicated_datagrams, 1);
      count_fault(&FaultCounts::duplicated_flows, made.flows.size());
      report.octets += datagram.size();
    }
    const std::size_t damaged = made.fault == Fault::malformed ? 1 : 0;
    count_fault(&FaultCounts::damaged_datagrams, damaged);
    count_fault(&FaultCounts::damaged_flows, damaged);
    count_fault(&FaultCounts::untold_flows, made.untold);
    count(made, made.flows.first(made.flows.size() - damaged), index, report);
  }

  static void count(const Made& made, std::span<const FlowRecord> flows, std::uint32_t index,
                    Report& report) {
    ++report.datagrams;
    ++report.exporters[index].datagrams;
    report.octets += made.written.size;
    report.templates += made.written.templates;
    report.options_records += made.written.options_records;
    report.exporters[index].options_records += made.written.options_records;
    report.counter_samples += made.written.counter_samples;
    count_flows(flows, index, report);
  }

  Result<void, std::string> send(SendOrder& order, std::uint32_t index) {
    if (order.datagrams().empty()) return {};
    since_check_ += static_cast<std::uint32_t>(order.datagrams().size());
    auto sent = outlet_->send(index, order.datagrams(), order.times_ns());
    order.sent();
    return sent;
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
  std::vector<SendOrder> order_;  // by exporter
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
