#include "encode/encoders.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "encode/extras_writer.hpp"
#include "encode/row_loop.hpp"
#include "util/wire.hpp"

namespace sluice::encode {
namespace {

/// Rows that one call of the loop writes: enough to make the call nothing, few enough to reserve little.
constexpr std::size_t kChunk = 64;

class ProtobufEncoder final : public RowEncoder {
 public:
  explicit ProtobufEncoder(RowLoop* loop) : loop_(loop) {}

  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    auto rest = batch.flows();
    while (!rest.empty()) {
      const std::uint32_t origin = rest.front().origin;
      const auto end =
          std::ranges::find_if(rest, [origin](const FlowRecord& f) { return f.origin != origin; });
      const auto count = static_cast<std::size_t>(end - rest.begin());
      state_.prefix.set_origin(batch.origin(origin));
      encode_run(batch, rest.first(count), rows);
      rest = rest.subspan(count);
    }
  }

 private:
  /// Flows of one origin.
  void encode_run(const FlowBatch& batch, std::span<const FlowRecord> flows, RowBuffer& rows) {
    while (!flows.empty()) {
      const auto chunk = flows.first(std::min(flows.size(), kChunk));
      std::array<std::uint32_t, kChunk> sizes;
      loop_(batch, chunk.data(), chunk.size(), state_, rows.reserve(bound(batch, chunk)), sizes.data());
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        rows.commit(sizes[i]);
        rows.end_row();
      }
      flows = flows.subspan(chunk.size());
    }
  }

  std::size_t bound(const FlowBatch& batch, std::span<const FlowRecord> flows) const {
    std::size_t bytes = flows.size() * (kRowBound + state_.prefix.bound());
    for (const FlowRecord& flow : flows)
      if (const FlowExtras* extras = batch.extras_of(flow)) bytes += extras_bound(*extras);
    return bytes;
  }

  RowLoop* loop_;
  RowState state_;
};

}  // namespace

std::byte* reframe_row(std::byte* row, std::byte* body, std::byte* end, unsigned& width) {
  const auto size = static_cast<std::size_t>(end - body);
  width = static_cast<unsigned>(wire::varint_size(size));
  std::memmove(row + width, body, size);
  return wire::put_varint(row, size) + size;
}

std::byte* put_row_extras(std::byte* out, const FlowBatch& batch, const FlowRecord& flow) {
  return put_extras(out, *batch.extras_of(flow));
}

bool runs(RowBuild build) {
  if (build == RowBuild::plain) return true;
#if defined(SLUICE_HAS_ROW_LOOP_V3)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("lzcnt");
#else
  return false;
#endif
}

RowBuild best_row_build() {
#if defined(SLUICE_HAS_ROW_LOOP_V3)
  // AMD's processors before Zen 3 have PDEP in microcode: tens of times slower than the shifts it stands for.
  const bool slow_pdep = __builtin_cpu_is("amdfam15h") || __builtin_cpu_is("amdfam17h");
  if (runs(RowBuild::v3) && !slow_pdep) return RowBuild::v3;
#endif
  return RowBuild::plain;
}

std::unique_ptr<RowEncoder> make_protobuf_encoder(RowBuild build) {
#if defined(SLUICE_HAS_ROW_LOOP_V3)
  if (build == RowBuild::v3) return std::make_unique<ProtobufEncoder>(row_loop_v3);
#endif
  static_cast<void>(build);
  return std::make_unique<ProtobufEncoder>(row_loop_plain);
}

}  // namespace sluice::encode
