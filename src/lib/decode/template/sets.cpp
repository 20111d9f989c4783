#include "decode/template/sets.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint16_t kFirstDataSet = 256;
constexpr std::size_t kSetHeader = 4;
constexpr std::uint16_t kEnterpriseBit = 0x8000;

TemplateField read_field(const Dialect& dialect, ByteReader& reader) {
  TemplateField field;
  field.id = reader.be<std::uint16_t>();
  field.length = reader.be<std::uint16_t>();
  if (dialect.enterprise_bit && (field.id & kEnterpriseBit)) {
    field.id = static_cast<std::uint16_t>(field.id & ~kEnterpriseBit);
    field.pen = reader.be<std::uint32_t>();
  }
  return field;
}

/// Up to `count` fields, as many as the bytes hold; false where they end too soon. Fields past the limit are
/// read over, so that the next template of the set is found.
bool read_fields(const SetWalk& walk, ByteReader& reader, std::size_t count, Template& tmpl) {
  const std::size_t keep = walk.into.exporter.templates.max_fields() + std::size_t{1};
  for (std::size_t i = 0; i < count; ++i) {
    const TemplateField field = read_field(walk.dialect, reader);
    if (!reader.ok()) return false;
    if (tmpl.fields.size() < keep) tmpl.fields.push_back(field);
  }
  return true;
}

void observe_template(const SetWalk& walk, const Template& tmpl) {
  if (!walk.message.observer) return;
  RawObserver& observer = *walk.message.observer;
  observer.open(tmpl.options ? "options template" : "template");
  observer.number("id", tmpl.id);
  if (tmpl.options) observer.number("scope fields", tmpl.scope_fields);
  for (std::size_t i = 0; i < tmpl.fields.size(); ++i) {
    const TemplateField& field = tmpl.fields[i];
    const bool v9_scope = walk.dialect.scope_in_bytes && i < tmpl.scope_fields;
    const ElementInfo* element = v9_scope ? nullptr : find_element(field.pen, field.id);
    observer.open(element ? element->name : v9_scope ? std::string_view("scope") : std::string_view("field"));
    if (field.pen) observer.number("enterprise", field.pen);
    observer.number("element", field.id);
    observer.number("length", field.length);
    observer.close();
  }
  observer.close();
}

/// One set that waited, under an origin that says when and with which number it came.
void decode_held(const SetWalk& walk, const Origin& now, const HeldSet& held, bool same_datagram,
                 Template& tmpl) {
  if (!same_datagram) {
    Origin& origin = walk.into.batch.add_origin();
    origin = now;
    origin.time_received_ns = held.received_ns;
    origin.sequence_num = held.sequence;
  }
  Message message = walk.message;
  message.time.export_ns = held.export_ns;
  message.time.sys_uptime_ms = held.sys_uptime_ms;
  message.received_ns = held.received_ns;
  message.sequence = held.sequence;
  if (message.observer) {
    message.observer->open("held set");
    message.observer->number("sequence", held.sequence);
    message.observer->number("length", held.bytes.size() + kSetHeader);
  }
  DecodeReport& report = walk.into.report;
  const std::uint32_t options_before = report.count(DecodeCount::options_records);
  const std::uint32_t flows_before = report.count(DecodeCount::flow_records);
  walk.records.decode_set(message, tmpl, held.bytes, walk.into);
  const std::uint32_t options = report.count(DecodeCount::options_records) - options_before;
  report.recovered_records += report.count(DecodeCount::flow_records) - flows_before + options;
  report.recovered_options_records += options;
  if (message.observer) message.observer->close();
}

/// Decodes what waited for a template that has just come. The flows of the rest of the datagram get an origin
/// of its own again.
void recover(const SetWalk& walk, std::uint16_t id) {
  const auto waited = walk.into.exporter.held.take(walk.message.domain, id);
  if (waited.empty()) return;
  Template* tmpl = walk.into.exporter.templates.find(walk.message.domain, id);
  const Origin now = walk.into.batch.current_origin();
  std::uint64_t datagram = 0;
  for (const HeldSet& held : waited) {
    decode_held(walk, now, held, held.datagram == datagram, *tmpl);
    datagram = held.datagram;
  }
  walk.into.batch.add_origin() = now;
}

void store(const SetWalk& walk, std::unique_ptr<Template> tmpl) {
  const std::uint16_t id = tmpl->id;
  tmpl->last_seen_ns = walk.message.received_ns;
  observe_template(walk, *tmpl);
  const bool taken = walk.into.exporter.templates.put(walk.message.domain, std::move(tmpl), walk.into.report);
  if (taken && !walk.into.exporter.held.empty()) recover(walk, id);
}

/// RFC 7011 section 8.1: a field count of 0 withdraws the template, or all of the kind for ids 2 and 3.
void withdraw(const SetWalk& walk, std::uint16_t id, bool options) {
  TemplateCache& templates = walk.into.exporter.templates;
  const bool all = id == (options ? walk.dialect.options_template_set : walk.dialect.template_set);
  const std::size_t gone = all ? templates.withdraw_all(walk.message.domain, options)
                               : templates.withdraw(walk.message.domain, id);
  walk.into.report.add(DecodeCount::withdrawals, static_cast<std::uint32_t>(gone));
}

void template_set(const SetWalk& walk, Bytes set) {
  ByteReader reader(set);
  while (reader.remaining() >= 4) {
    auto tmpl = std::make_unique<Template>();
    tmpl->id = reader.be<std::uint16_t>();
    const std::uint16_t count = reader.be<std::uint16_t>();
    if (walk.dialect.enterprise_bit && count == 0 && tmpl->id >= 2) {
      withdraw(walk, tmpl->id, false);
      continue;
    }
    if (tmpl->id < kFirstDataSet) return;  // padding: some boxes fill up template sets with 4 to 7 zeros
    if (!read_fields(walk, reader, count, *tmpl)) return walk.into.report.fail(DecodeError::bad_template);
    store(walk, std::move(tmpl));
  }
}

/// RFC 3954 section 6.1: lengths of scope and option specifiers in bytes, 4 bytes each.
void options_template_set_v9(const SetWalk& walk, Bytes set) {
  ByteReader reader(set);
  while (reader.remaining() >= 6) {
    auto tmpl = std::make_unique<Template>();
    tmpl->options = true;
    tmpl->id = reader.be<std::uint16_t>();
    const std::size_t scope_bytes = reader.be<std::uint16_t>();
    const std::size_t option_bytes = reader.be<std::uint16_t>();
    if (tmpl->id < kFirstDataSet) return;
    ByteReader fields(reader.take(scope_bytes + option_bytes));
    if (!reader.ok() || scope_bytes % 4 != 0 ||
        !read_fields(walk, fields, (scope_bytes + option_bytes) / 4, *tmpl))
      return walk.into.report.fail(DecodeError::bad_template);
    tmpl->scope_fields = static_cast<std::uint16_t>(scope_bytes / 4);
    store(walk, std::move(tmpl));
  }
}

/// RFC 7011 section 3.4.2.2: field count, then how many of them are scope.
void options_template_set_ipfix(const SetWalk& walk, Bytes set) {
  ByteReader reader(set);
  while (reader.remaining() >= 4) {
    auto tmpl = std::make_unique<Template>();
    tmpl->options = true;
    tmpl->id = reader.be<std::uint16_t>();
    const std::uint16_t count = reader.be<std::uint16_t>();
    if (count == 0 && tmpl->id >= 2) {
      withdraw(walk, tmpl->id, true);
      continue;
    }
    if (tmpl->id < kFirstDataSet) return;
    tmpl->scope_fields = reader.be<std::uint16_t>();
    if (!read_fields(walk, reader, count, *tmpl)) return walk.into.report.fail(DecodeError::bad_template);
    store(walk, std::move(tmpl));
  }
}

void hold_back(const SetWalk& walk, std::uint16_t id, Bytes set) {
  HeldSet held;
  held.domain = walk.message.domain;
  held.id = id;
  held.sequence = walk.message.sequence;
  held.sys_uptime_ms = walk.message.time.sys_uptime_ms;
  held.export_ns = walk.message.time.export_ns;
  held.received_ns = walk.message.received_ns;
  if (walk.into.exporter.held.hold(std::move(held), set))
    ++walk.into.report.held_sets;
  else
    walk.into.report.fail(DecodeError::missing_template);
}

void data_set(const SetWalk& walk, std::uint16_t id, Bytes set) {
  Template* tmpl = walk.into.exporter.templates.find(walk.message.domain, id);
  if (!tmpl) return hold_back(walk, id, set);
  walk.records.decode_set(walk.message, *tmpl, set, walk.into);
}

void one_set(const SetWalk& walk, std::uint16_t id, Bytes set) {
  if (walk.message.observer) {
    walk.message.observer->open("set");
    walk.message.observer->number("id", id);
    walk.message.observer->number("length", set.size() + kSetHeader);
  }
  if (id == walk.dialect.template_set)
    template_set(walk, set);
  else if (id == walk.dialect.options_template_set)
    walk.dialect.scope_in_bytes ? options_template_set_v9(walk, set) : options_template_set_ipfix(walk, set);
  else if (id >= kFirstDataSet)
    data_set(walk, id, set);
  else
    walk.into.report.fail(DecodeError::unknown_set);
  if (walk.message.observer) walk.message.observer->close();
}

void all_sets(const SetWalk& walk, ByteReader& reader, std::size_t trailing) {
  while (reader.remaining() >= trailing + kSetHeader) {
    const std::uint16_t id = reader.be<std::uint16_t>();
    const std::uint16_t length = reader.be<std::uint16_t>();
    if (id == 0 && length == 0) return;  // a tail of zeros: Palo Alto fills its datagrams up
    if (length < kSetHeader || length - kSetHeader > reader.remaining())
      return walk.into.report.fail(DecodeError::bad_set);
    one_set(walk, id, reader.take(length - kSetHeader));
    if (reader.remaining() < trailing) return walk.into.report.fail(DecodeError::bad_length);
  }
}

}  // namespace

void walk_sets(const SetWalk& walk, ByteReader& reader, std::size_t trailing) {
  all_sets(walk, reader, trailing);
  if (walk.into.exporter.held.in_datagram()) walk.into.exporter.held.end_datagram();
}

}  // namespace sluice::decode
