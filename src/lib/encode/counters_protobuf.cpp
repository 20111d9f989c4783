#include <cstring>

#include "encode/encoders.hpp"
#include "util/wire.hpp"

namespace sluice::encode {
namespace {

/// A message under construction. proto3: a 0 and an empty text are left out.
class Message {
 public:
  void clear() { bytes_.clear(); }
  Bytes bytes() const { return bytes_; }
  void number(unsigned field, std::uint64_t value) {
    if (value == 0) return;
    std::byte* const end = wire::put_integer(grow(wire::kMaxTag + wire::kMaxVarint), field, value);
    shrink_to(end);
  }
  void text(unsigned field, std::string_view value) {
    if (!value.empty()) message(field, std::as_bytes(std::span(value)));
  }
  void address(unsigned field, const IpAddress& value) {
    text(field, {reinterpret_cast<const char*>(value.bytes.data()), value.size});
  }
  /// Also where it is empty: a message that is there is more than none.
  void message(unsigned field, Bytes value) {
    std::byte* const end =
        wire::put_bytes(grow(wire::kMaxTag + wire::kMaxVarint + value.size()), field, value);
    shrink_to(end);
  }

 private:
  std::byte* grow(std::size_t n) {
    const std::size_t size = bytes_.size();
    bytes_.resize(size + n);
    return bytes_.data() + size;
  }
  void shrink_to(const std::byte* end) { bytes_.resize(static_cast<std::size_t>(end - bytes_.data())); }

  std::vector<std::byte> bytes_;
};

class CountersProtobufEncoder final : public RowEncoder {
 public:
  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    const CounterBatch* const counters = batch.counters();
    for (std::size_t i = 0; counters && i < counters->size(); ++i) {
      const CounterRecord& record = counters->record(i);
      message_.clear();
      put_origin(batch.origin(record.origin));
      record.options ? put_options(*counters, i) : put_sample(*counters, i);
      const Bytes body = message_.bytes();
      std::byte* const begin = rows.reserve(wire::kMaxVarint + body.size());
      std::byte* const text = wire::put_varint(begin, body.size());
      std::memcpy(text, body.data(), body.size());
      rows.commit(static_cast<std::size_t>(text - begin) + body.size());
      rows.end_row();
    }
  }

 private:
  void put_origin(const Origin& origin) {
    message_.number(1, static_cast<std::uint64_t>(origin.type));
    message_.number(2, origin.time_received_ns);
    message_.number(3, origin.sequence_num);
    message_.number(4, origin.observation_domain_id);
    message_.address(5, origin.sampler_address);
    message_.address(6, origin.exporter_address);
    message_.text(7, origin.exporter_name);
    message_.text(8, origin.collector_id);
  }

  void put_sample(const CounterBatch& counters, std::size_t i) {
    const CounterRecord& record = counters.record(i);
    message_.number(10, record.sub_agent_id);
    message_.number(11, record.uptime_ms);
    message_.number(12, record.sample_sequence);
    message_.number(13, record.source_id_type);
    message_.number(14, record.source_id_index);
    for (std::size_t n = 0; n < counters.parts(i); ++n) {
      const CounterPart part = counters.part(i, n);
      part_.clear();
      if (part.layout) {
        for (std::size_t f = 0; f < part.values.size(); ++f)
          part_.number(part.layout->fields[f].number, part.values[f]);
        message_.message(part.layout->number, part_.bytes());
      } else {
        part_.number(1, part.enterprise);
        part_.number(2, part.id);
        part_.message(3, part.data);
        message_.message(30, part_.bytes());
      }
    }
  }

  void put_options(const CounterBatch& counters, std::size_t i) {
    options_.clear();
    options_.number(1, counters.record(i).template_id);
    for (std::size_t n = 0; n < counters.parts(i); ++n) {
      const CounterPart part = counters.part(i, n);
      part_.clear();
      part_.number(1, part.enterprise);
      part_.number(2, part.id);
      part_.number(3, part.scope);
      part_.message(4, part.data);
      options_.message(2, part_.bytes());
    }
    message_.message(40, options_.bytes());
  }

  Message message_;
  Message options_;
  Message part_;
};

}  // namespace

std::unique_ptr<RowEncoder> make_counters_protobuf_encoder() {
  return std::make_unique<CountersProtobufEncoder>();
}

}  // namespace sluice::encode
