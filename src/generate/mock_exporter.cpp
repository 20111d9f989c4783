#include "generate/mock_exporter.hpp"

#include <algorithm>
#include <cmath>

#include "generate/flow_wire.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint64_t kSecond = 1000000000;
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
      gaps_(~options.seed - index),
      left_(flows),
      flows_(flows_per_datagram(options)),
      ipv6_share_(ipv6_share(options)),
      next_counters_ns_(start_ns) {}

Identity MockExporter::make_identity(std::uint64_t start_ns, std::uint32_t index) const {
  // Some days of uptime, by seed; boot in whole milliseconds, which flow times are counted from.
  Random random(options_.seed ^ (0xb007ULL << 32 | index));
  const std::uint64_t uptime_s = 86400 + random.below(40 * 86400);
  return {.agent = IpAddress::v4(10U << 24 | 255U << 16 | (index + 1)),
          .observation_domain = options_.observation_domain + index,
          .sampling = options_.sampling,
          .boot_time_ns = (start_ns / kSecond - uptime_s) * kSecond,
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
  if (!options_.templates) return false;
  if (!announced_) return true;
  if (options_.template_datagrams != 0 && since_announced_ >= options_.template_datagrams) return true;
  const auto interval = static_cast<std::uint64_t>(options_.template_interval.count()) * kSecond;
  return interval != 0 && now_ns >= announced_ns_ + interval;
}

Made MockExporter::next(std::uint64_t now_ns, std::span<std::byte> room) {
  if (announcement_due(now_ns)) {
    announced_ = true;
    announced_ns_ = now_ns;
    since_announced_ = 0;
    Made made;
    made.written = writer_->announce(now_ns, room);
    if (made.written.size != 0) return made;
  }
  ++since_announced_;
  if (options_.counter_interval.count() != 0 && now_ns >= next_counters_ns_) {
    Made made;
    made.written = writer_->counters(now_ns, room);
    if (!made.written.more)
      next_counters_ns_ = now_ns + static_cast<std::uint64_t>(options_.counter_interval.count()) * kSecond;
    if (made.written.size != 0) return made;
  }
  Made made;
  made.flows = draw_flows(now_ns);
  made.written.size = writer_->flows(made.flows, now_ns, room);
  made.skip = options_.gap > 0 && gaps_.share() < options_.gap;
  return made;
}

Made MockExporter::next_flows(std::uint64_t now_ns) {
  Made made;
  made.flows = draw_flows(now_ns);
  made.sequence = writer_->claim_sequence(made.flows.size());
  return made;
}

}  // namespace sluice::generate
