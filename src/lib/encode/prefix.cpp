#include "encode/prefix.hpp"

#include "encode/extras_writer.hpp"
#include "util/wire.hpp"

namespace sluice::encode {
namespace {

constexpr std::size_t kIntegerBound = wire::kMaxTag + wire::kMaxVarint;
constexpr std::size_t kAddressBound = wire::kMaxTag + 1 + wire::kMaxAddress;
constexpr std::size_t kSharedBound = 3 * kIntegerBound;

std::byte* put_if(std::byte* out, unsigned number, std::uint64_t value) {
  return value == 0 ? out : wire::put_integer(out, number, value);
}

std::byte* put_address(std::byte* out, unsigned number, const IpAddress& address) {
  return wire::put_bytes(out, number, std::as_bytes(std::span(address.bytes).first(address.size)));
}

}  // namespace

void Prefix::set_origin(const Origin& origin) {
  const std::size_t bound = 4 * kIntegerBound + 2 * kAddressBound + text_bound(origin.exporter_name) +
                            text_bound(origin.exporter_site) + text_bound(origin.exporter_role) +
                            text_bound(origin.exporter_tenant) + text_bound(origin.collector_id) +
                            kSharedBound + kStep;
  bytes_.resize(bound);
  std::byte* out = bytes_.data();
  out = put_if(out, 1, static_cast<std::uint64_t>(origin.type));
  out = put_if(out, 110, origin.time_received_ns);
  out = put_if(out, 4, origin.sequence_num);
  if (!origin.sampler_address.empty()) out = put_address(out, 11, origin.sampler_address);
  out = put_if(out, 70, origin.observation_domain_id);
  out = put_text(out, 250, origin.exporter_name);
  out = put_text(out, 251, origin.collector_id);
  out = put_text(out, 320, origin.exporter_site);
  out = put_text(out, 321, origin.exporter_role);
  out = put_text(out, 322, origin.exporter_tenant);
  // Absent means "as sampler_address", which saves NetFlow and IPFIX 7 to 19 bytes a flow. So an exporter
  // that is not known while the sampler is has to be written as a present empty field.
  if (origin.exporter_address != origin.sampler_address) out = put_address(out, 252, origin.exporter_address);
  origin_size_ = static_cast<std::size_t>(out - bytes_.data());
  encode_shared();
}

void Prefix::set_shared(const FlowRecord& flow) {
  sampling_rate_ = flow.sampling_rate;
  etype_ = flow.etype;
  rate_source_ = flow.sampling_rate_source;
  encode_shared();
}

void Prefix::encode_shared() {
  std::byte* out = bytes_.data() + origin_size_;
  out = put_if(out, 3, sampling_rate_);
  out = put_if(out, 240, static_cast<std::uint64_t>(rate_source_));
  out = put_if(out, 30, etype_);
  size_ = static_cast<std::size_t>(out - bytes_.data());
}

}  // namespace sluice::encode
