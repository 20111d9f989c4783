#include "generate/mock_exporter.hpp"

#include <algorithm>
#include <cmath>

#include "generate/flow_wire.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint64_t kSecond = 1000000000;
constexpr std::uint32_t kSoundBeginning = 16;  // datagrams of flows without faults, first and after a restart
constexpr std::uint64_t kUptimeAfterRestart = 90;  // seconds; flows began at most 76 before their export
// Datagrams in a row with the same mix of families, so with the same size: what one UDP_SEGMENT send can
// take.
constexpr std::uint32_t kSameShape = 46;
// With fewer flows than this the mix is drawn for each datagram, as a row of equal ones would be far off.
constexpr std::size_t kFewFlows = 8;

double ipv6_share(const Options& options) {
  return options.protocol == FlowType::netflow5 ? 0 : options.ipv6_share;
}

}  // namespace

std::uint32_t flows_per_datagram(const Options& options) {
  const FlowSizes sizes = make_writer(options.protocol, {})->sizes();
  const double share = ipv6_share(options);
  const auto bytes_of = [&](std::size_t flows) {
    const auto ipv6 = static_cast<std::size_t>(std::ceil(share * static_cast<double>(flows)));
    return sizes.fixed + ipv6 * sizes.ipv6 + (flows - ipv6) * sizes.ipv4;
  };
  if (options.flows_per_datagram != 0) {
    const bool fits =
        options.flows_per_datagram <= sizes.max_flows && bytes_of(options.flows_per_datagram) <= kMaxPayload;
    return fits ? options.flows_per_datagram : 0;
  }
  std::uint32_t flows = 1;
  while (flows < sizes.max_flows && bytes_of(flows + 1) <= kUsualPayload) ++flows;
  return flows;
}

MockExporter::MockExporter(const Options& options, std::uint32_t index,
                           std::shared_ptr<const Population> population, std::uint64_t start_ns,
                           std::optional<std::uint64_t> flows)
    : options_(options),
      source_(std::move(population), options.seed, index),
      identity_(make_identity(start_ns, index)),
      writer_(make_writer(options.protocol, identity_)),
      faults_(options, index),
      left_(flows),
      flows_(flows_per_datagram(options)),
      ipv6_share_(ipv6_share(options)),
      templates_from_ns_(start_ns + static_cast<std::uint64_t>(options.late_templates.count()) * kSecond),
      next_counters_ns_(start_ns) {}

Identity MockExporter::make_identity(std::uint64_t start_ns, std::uint32_t index) const {
  // Some days of uptime, by seed; boot in whole milliseconds, which flow times are counted from.
  Random random(options_.seed ^ (0xb007ULL << 32 | index));
  const std::uint64_t uptime_s = 86400 + random.below(40 * 86400);
  return {.agent = IpAddress::v4(10U << 24 | 255U << 16 | (index + 1)),
          .observation_domain = options_.observation_domain + index,
          .sampling = options_.sampling,
          .boot_time_ns = (start_ns / kSecond - uptime_s) * kSecond,
          .ipv6_template = options_.ipv6_template,
          .interfaces = source_.interfaces()};
}

std::size_t MockExporter::draw_ipv6(std::size_t flows) {
  const auto draw = [&] {
    const double exact = ipv6_share_ * static_cast<double>(flows);
    const double whole = std::floor(exact);
    return static_cast<std::size_t>(whole) + (source_.random().share() < exact - whole ? 1U : 0U);
  };
  if (flows < flows_.size() || flows < kFewFlows) return draw();
  if (same_shape_ == 0) {
    same_shape_ = kSameShape;
    ipv6_now_ = draw();
  }
  --same_shape_;
  return ipv6_now_;
}

std::span<const FlowRecord> MockExporter::draw_flows(std::uint64_t now_ns) {
  const auto n =
      static_cast<std::size_t>(std::min<std::uint64_t>(flows_.size(), left_.value_or(flows_.size())));
  if (left_) *left_ -= n;
  const std::size_t ipv4 = n - draw_ipv6(n);
  const std::uint64_t time = writer_->export_time(now_ns);
  for (std::size_t i = 0; i < n; ++i) {
    if (options_.protocol == FlowType::sflow5)
      source_.packet(flows_[i], i >= ipv4, time);
    else
      source_.flow(flows_[i], i >= ipv4, time);
  }
  return std::span<const FlowRecord>(flows_).first(n);
}

bool MockExporter::announcement_due(std::uint64_t now_ns) const {
  if (!options_.templates || now_ns < templates_from_ns_) return false;
  if (!announced_) return true;
  if (options_.template_datagrams != 0 && since_announced_ >= options_.template_datagrams) return true;
  const auto interval = static_cast<std::uint64_t>(options_.template_interval.count()) * kSecond;
  return interval != 0 && now_ns >= announced_ns_ + interval;
}

/// Counts anew, as after a reboot. What it can look back to, flows that began before their export, was after
/// it.
void MockExporter::restart(std::uint64_t now_ns) {
  identity_.boot_time_ns = (now_ns / kSecond - kUptimeAfterRestart) * kSecond;
  writer_ = make_writer(options_.protocol, identity_);
  announced_ = false;
  next_counters_ns_ = now_ns;
  since_restart_ = 0;
  restarted_ = true;
}

Made MockExporter::next(std::uint64_t now_ns, std::span<std::byte> room) {
  if (options_.restart_after != 0 && since_restart_ == options_.restart_after) restart(now_ns);
  Made made;
  if (announcement_due(now_ns)) made = announcement(now_ns, room);
  if (made.written.size == 0) {
    ++since_announced_;
    made = counters(now_ns, room);
  }
  if (made.written.size == 0) made = flows(now_ns, room);
  made.after_restart = std::exchange(restarted_, false);
  return made;
}

Made MockExporter::announcement(std::uint64_t now_ns, std::span<std::byte> room) {
  announced_ = ever_announced_ = true;
  announced_ns_ = now_ns;
  since_announced_ = 0;
  Made made;
  made.written = writer_->announce(now_ns, room);
  return made;
}

Made MockExporter::counters(std::uint64_t now_ns, std::span<std::byte> room) {
  Made made;
  if (options_.counter_interval.count() == 0 || now_ns < next_counters_ns_) return made;
  made.written = writer_->counters(now_ns, room);
  if (!made.written.more)
    next_counters_ns_ = now_ns + static_cast<std::uint64_t>(options_.counter_interval.count()) * kSecond;
  return made;
}

Made MockExporter::flows(std::uint64_t now_ns, std::span<std::byte> room) {
  Made made;
  made.flows = draw_flows(now_ns);
  made.fault = faults_.draw();
  if (edge_of_count()) made.fault = Fault::none;
  if (made.fault == Fault::late) made.delay = faults_.draw_delay();
  made.untold = untold(made.flows);
  made.written.size = made.fault == Fault::malformed ? writer_->damaged_flows(made.flows, now_ns, room)
                                                     : writer_->flows(made.flows, now_ns, room);
  ++since_restart_;
  return made;
}

/// Nobody can tell that the first or the last datagram of a count was lost, and a count that begins with
/// faults may not be known as a new one for a while.
bool MockExporter::edge_of_count() const {
  return since_restart_ < kSoundBeginning || done() || since_restart_ + 1 == options_.restart_after;
}

std::uint64_t MockExporter::untold(std::span<const FlowRecord> flows) const {
  if (options_.protocol != FlowType::netflow9 && options_.protocol != FlowType::ipfix) return 0;
  if (!ever_announced_) return flows.size();
  return options_.ipv6_template ? 0 : flows.size() - ipv4_count(flows);
}

Made MockExporter::next_flows(std::uint64_t now_ns) {
  Made made;
  made.flows = draw_flows(now_ns);
  made.sequence = writer_->claim_sequence(made.flows.size());
  return made;
}

}  // namespace sluice::generate
