#include "decode/template/sets.hpp"

#include "decode/template/element_name.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint16_t kFirstDataSet = 256;
constexpr std::size_t kSetHeader = 4;
constexpr std::uint16_t kEnterpriseBit = 0x8000;

/// A set of definitions.
struct Definitions {
  const SetWalk& walk;
  const Dialect& dialect;  ///< of the set's id, which need not be that of the header
  bool whole;              ///< as many bytes came as the set says
};

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
bool read_fields(const Definitions& set, ByteReader& reader, std::size_t count, Template& tmpl) {
  const std::size_t keep = set.walk.into.exporter.templates.max_fields() + std::size_t{1};
  for (std::size_t i = 0; i < count; ++i) {
    const TemplateField field = read_field(set.dialect, reader);
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
    const bool v9_scope = tmpl.is_scope_type(walk.message.domain.version, i);
    const std::string name = v9_scope ? "scope" : element_name(field.pen, field.id);
    observer.open(name.empty() ? std::string_view("field") : name);
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

/// A definition that cannot be taken: what follows it under its id has another layout than the one known, so
/// there is none until the next definition. A set that is cut is counted already.
void refuse(const Definitions& set, std::uint16_t id) {
  set.walk.into.exporter.templates.withdraw(set.walk.message.domain, id);
  if (!set.whole) return;
  ++set.walk.into.report.template_records;
  set.walk.into.report.fail(DecodeError::bad_template);
}

void store(const Definitions& set, std::unique_ptr<Template> tmpl) {
  const SetWalk& walk = set.walk;
  const std::uint16_t id = tmpl->id;
  if (!set.whole) return refuse(set, id);
  tmpl->last_seen_ns = walk.message.received_ns;
  observe_template(walk, *tmpl);
  ++walk.into.report.template_records;
  const bool taken = walk.into.exporter.templates.put(walk.message.domain, std::move(tmpl), walk.into.report);
  if (taken && !walk.into.exporter.held.empty()) recover(walk, id);
}

/// RFC 7011 section 8.1: a field count of 0 withdraws the template, or all of the kind for ids 2 and 3.
void withdraw(const Definitions& set, std::uint16_t id, bool options) {
  if (!set.whole) return refuse(set, id);
  ++set.walk.into.report.template_records;
  TemplateCache& templates = set.walk.into.exporter.templates;
  const Domain& domain = set.walk.message.domain;
  const bool all = id == (options ? set.dialect.options_template_set : set.dialect.template_set);
  const std::size_t gone = all ? templates.withdraw_all(domain, options) : templates.withdraw(domain, id);
  set.walk.into.report.add(DecodeCount::withdrawals, static_cast<std::uint32_t>(gone));
}

/// What is too short for a definition is padding, but for the id of a known template: that is the beginning
/// of one.
void end_of_definitions(const Definitions& set, ByteReader& reader) {
  if (reader.remaining() < 2) return;
  const std::uint16_t id = reader.be<std::uint16_t>();
  if (set.walk.into.exporter.templates.find(set.walk.message.domain, id)) refuse(set, id);
}

/// Of no kind yet.
std::unique_ptr<Template> begin_template(const Definitions& set, ByteReader& reader, bool options) {
  auto tmpl = std::make_unique<Template>();
  tmpl->id = reader.be<std::uint16_t>();
  tmpl->options = options;
  tmpl->foreign_layout = set.dialect.scope_in_bytes != set.walk.dialect.scope_in_bytes;
  return tmpl;
}

void template_set(const Definitions& set, ByteReader& reader) {
  while (reader.remaining() >= 4) {
    auto tmpl = begin_template(set, reader, false);
    const std::uint16_t count = reader.be<std::uint16_t>();
    if (set.dialect.enterprise_bit && count == 0 && tmpl->id >= 2) {
      withdraw(set, tmpl->id, false);
      continue;
    }
    if (tmpl->id < kFirstDataSet) return;  // padding: some boxes fill up template sets with 4 to 7 zeros
    if (!read_fields(set, reader, count, *tmpl)) return refuse(set, tmpl->id);
    store(set, std::move(tmpl));
  }
  end_of_definitions(set, reader);
}

/// RFC 3954 section 6.1: lengths of scope and option specifiers in bytes, 4 bytes each.
void options_template_set_v9(const Definitions& set, ByteReader& reader) {
  while (reader.remaining() >= 6) {
    auto tmpl = begin_template(set, reader, true);
    const std::size_t scope_bytes = reader.be<std::uint16_t>();
    const std::size_t option_bytes = reader.be<std::uint16_t>();
    if (tmpl->id < kFirstDataSet) return;
    ByteReader fields(reader.take(scope_bytes + option_bytes));
    if (!reader.ok()) return refuse(set, tmpl->id);
    if (scope_bytes % 4 != 0 || !read_fields(set, fields, (scope_bytes + option_bytes) / 4, *tmpl)) {
      refuse(set, tmpl->id);
      continue;
    }
    tmpl->scope_fields = static_cast<std::uint16_t>(scope_bytes / 4);
    store(set, std::move(tmpl));
  }
  end_of_definitions(set, reader);
}

/// RFC 7011 section 3.4.2.2: field count, then how many of them are scope.
void options_template_set_ipfix(const Definitions& set, ByteReader& reader) {
  while (reader.remaining() >= 4) {
    auto tmpl = begin_template(set, reader, true);
    const std::uint16_t count = reader.be<std::uint16_t>();
    if (count == 0 && tmpl->id >= 2) {
      withdraw(set, tmpl->id, true);
      continue;
    }
    if (tmpl->id < kFirstDataSet) return;
    tmpl->scope_fields = reader.be<std::uint16_t>();
    if (!read_fields(set, reader, count, *tmpl)) return refuse(set, tmpl->id);
    store(set, std::move(tmpl));
  }
  end_of_definitions(set, reader);
}

/// The ids of both protocols' sets of definitions are told apart by themselves: an exporter that puts those
/// of one into messages of the other means what they say.
const Dialect* dialect_of_definitions(std::uint16_t id) {
  for (const Dialect* dialect : {&kNetflow9Dialect, &kIpfixDialect})
    if (id == dialect->template_set || id == dialect->options_template_set) return dialect;
  return nullptr;
}

void definitions(const SetWalk& walk, const Dialect& dialect, std::uint16_t id, Bytes set, bool whole) {
  const Definitions definitions{walk, dialect, whole};
  ByteReader reader(set);
  if (id == dialect.template_set) return template_set(definitions, reader);
  dialect.scope_in_bytes ? options_template_set_v9(definitions, reader)
                         : options_template_set_ipfix(definitions, reader);
}

void hold_back(const SetWalk& walk, std::uint16_t id, Bytes set) {
  HeldSet held;
  held.domain = walk.message.domain;
  held.id = id;
  held.sequence = walk.message.sequence;
  held.sys_uptime_ms = walk.message.time.sys_uptime_ms;
  held.export_ns = walk.message.time.export_ns;
  held.received_ns = walk.message.received_ns;
  ++walk.into.report.undecoded_sets;
  walk.into.report.undecoded_bytes += static_cast<std::uint32_t>(set.size());
  walk.into.report.undecoded_set = id;
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
  if (const Dialect* dialect = dialect_of_definitions(id))
    definitions(walk, *dialect, id, set, true);
  else if (id >= kFirstDataSet)
    data_set(walk, id, set);
  else
    walk.into.report.fail(DecodeError::unknown_set);
  if (walk.message.observer) walk.message.observer->close();
}

/// A set whose length cannot be right. Of its definitions none is taken, so what they define has no layout.
void cut_set(const SetWalk& walk, std::uint16_t id, Bytes rest) {
  walk.into.report.fail(DecodeError::bad_set);
  if (const Dialect* dialect = dialect_of_definitions(id)) definitions(walk, *dialect, id, rest, false);
}

void all_sets(const SetWalk& walk, ByteReader& reader, std::size_t trailing) {
  while (reader.remaining() >= trailing + kSetHeader) {
    const std::uint16_t id = reader.be<std::uint16_t>();
    const std::uint16_t length = reader.be<std::uint16_t>();
    if (id == 0 && length == 0) return;  // a tail of zeros: Palo Alto fills its datagrams up
    if (length < kSetHeader || length - kSetHeader > reader.remaining())
      return cut_set(walk, id, reader.rest());
    one_set(walk, id, reader.take(length - kSetHeader));
    if (reader.remaining() < trailing) return walk.into.report.fail(DecodeError::bad_length);
  }
}

}  // namespace

void walk_sets(const SetWalk& walk, ByteReader& reader, std::size_t trailing) {
  walk.records.begin_message(walk.into.exporter);
  all_sets(walk, reader, trailing);
  walk.records.end_message(walk.message, walk.into);
  if (walk.into.exporter.held.in_datagram()) walk.into.exporter.held.end_datagram();
}

}  // namespace sluice::decode
