// The names of proto/counters.proto. Addresses are text, raw bytes are hexadecimal; a number that is 0 is
// left out, but within a structure, where each number says something.
#include <cstring>
#include <string>

#include "encode/encoders.hpp"
#include "encode/json_text.hpp"
#include "encode/names.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::encode {
namespace {

class Line {
 public:
  void clear() { out_.clear(); }
  const std::string& text() const { return out_; }
  void raw(std::string_view text) { out_ += text; }
  void key(std::string_view name) {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
    out_.append("\"").append(name).append("\":");
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void unless_zero(std::string_view name, std::uint64_t value) {
    if (value) number(name, value);
  }
  void quoted(std::string_view name, std::string_view plain) {
    key(name);
    out_.append("\"").append(plain).append("\"");
  }
  void address(std::string_view name, const IpAddress& value) {
    if (!value.empty()) quoted(name, value.to_string());
  }
  void any_text(std::string_view name, std::string_view bytes) {
    if (bytes.empty()) return;
    key(name);
    with_room(text_json_bound(bytes.size()), [&](JsonText& json) { json.text(bytes); });
  }
  void hex(std::string_view name, Bytes bytes) {
    key(name);
    const std::string_view plain(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    with_room(hex_json_bound(bytes.size()), [&](JsonText& json) { json.hex(plain); });
  }

 private:
  template <class Put>
  void with_room(std::size_t bound, Put&& put) {
    const std::size_t size = out_.size();
    out_.resize(size + bound);
    JsonText json(reinterpret_cast<std::byte*>(out_.data() + size));
    put(json);
    out_.resize(size + json.size());
  }

  std::string out_;
};

void put_origin(const Origin& origin, Line& line) {
  line.quoted("type", enum_name(FieldKind::flow_type, static_cast<std::uint64_t>(origin.type)));
  line.number("time_received_ns", origin.time_received_ns);
  line.unless_zero("sequence_num", origin.sequence_num);
  line.unless_zero("observation_domain_id", origin.observation_domain_id);
  line.address("sampler_address", origin.sampler_address);
  line.address("exporter_address", origin.exporter_address);
  line.any_text("exporter_name", origin.exporter_name);
  line.any_text("collector_id", origin.collector_id);
}

void put_structure(const CounterPart& part, Line& line) {
  line.key(part.layout->name);
  line.raw("{");
  for (std::size_t i = 0; i < part.values.size(); ++i)
    line.number(part.layout->fields[i].name, part.values[i]);
  line.raw("}");
}

void put_raw(const CounterPart& part, Line& line) {
  line.raw("{");
  line.number("enterprise", part.enterprise);
  line.number("format", part.id);
  line.hex("data", part.data);
  line.raw("}");
}

void put_element(const CounterPart& part, Line& line) {
  line.raw("{");
  line.unless_zero("enterprise", part.enterprise);
  line.number("element", part.id);
  if (part.scope) {
    line.key("scope");
    line.raw("true");
  }
  line.hex("value", part.data);
  line.raw("}");
}

/// The parts without a layout, as an array under `name`; nothing where there are none and `always` is false.
template <class Put>
void put_array(const CounterBatch& counters, std::size_t i, std::string_view name, bool always, Line& line,
               Put&& put) {
  bool open = false;
  const auto begin = [&] {
    line.key(name);
    line.raw("[");
    open = true;
  };
  if (always) begin();
  bool first = true;
  for (std::size_t n = 0; n < counters.parts(i); ++n) {
    const CounterPart part = counters.part(i, n);
    if (part.layout) continue;
    if (!open) begin();
    if (!first) line.raw(",");
    first = false;
    put(part, line);
  }
  if (open) line.raw("]");
}

void put_sample(const CounterBatch& counters, std::size_t i, Line& line) {
  const CounterRecord& record = counters.record(i);
  line.unless_zero("sub_agent_id", record.sub_agent_id);
  line.unless_zero("uptime_ms", record.uptime_ms);
  line.unless_zero("sample_sequence", record.sample_sequence);
  line.unless_zero("source_id_type", record.source_id_type);
  line.unless_zero("source_id_index", record.source_id_index);
  // Of two structures of a kind the last counts, as a reader of the protobuf message has it.
  for (const CounterLayout& layout : counter_layouts())
    for (std::size_t n = counters.parts(i); n-- > 0;)
      if (const CounterPart part = counters.part(i, n); part.layout == &layout) {
        put_structure(part, line);
        break;
      }
  put_array(counters, i, "raw", false, line, put_raw);
}

void put_options(const CounterBatch& counters, std::size_t i, Line& line) {
  line.key("options");
  line.raw("{");
  line.number("template_id", counters.record(i).template_id);
  put_array(counters, i, "fields", true, line, put_element);
  line.raw("}");
}

class CountersJsonEncoder final : public RowEncoder {
 public:
  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    const CounterBatch* const counters = batch.counters();
    for (std::size_t i = 0; counters && i < counters->size(); ++i) {
      const CounterRecord& record = counters->record(i);
      line_.clear();
      line_.raw("{");
      put_origin(batch.origin(record.origin), line_);
      record.options ? put_options(*counters, i, line_) : put_sample(*counters, i, line_);
      line_.raw("}\n");
      std::memcpy(rows.reserve(line_.text().size()), line_.text().data(), line_.text().size());
      rows.commit(line_.text().size());
      rows.end_row();
    }
  }

 private:
  Line line_;
};

}  // namespace

std::unique_ptr<RowEncoder> make_counters_json_encoder() { return std::make_unique<CountersJsonEncoder>(); }

}  // namespace sluice::encode
