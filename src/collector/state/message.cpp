#include "state/message.hpp"

#include <array>
#include <boost/crc.hpp>
#include <string_view>
#include <vector>

#include "util/wire_reader.hpp"

namespace sluice::state {
namespace {

using decode::Protocol;

constexpr std::string_view kMagic = "sluice state";
constexpr std::uint64_t kVersion = 1;
constexpr unsigned kExporterField = 4;
constexpr std::size_t kTail = 5;  // tag and 4 bytes
constexpr std::byte kTailTag{15 << 3 | static_cast<unsigned>(wire::Type::fixed32)};

// Writing.

/// Versions of NetFlow and IPFIX; sFlow, whose version is a NetFlow's too, has its port.
constexpr std::array<std::pair<unsigned, Protocol>, 4> kStreamProtocols{
    {{5, Protocol::netflow5}, {9, Protocol::netflow9}, {10, Protocol::ipfix}, {6343, Protocol::sflow5}}};

void put_integer(std::string& out, unsigned number, std::uint64_t value) {
  if (value == 0) return;  // proto3
  std::byte room[wire::kMaxTag + wire::kMaxVarint];
  const std::byte* end = wire::put_integer(room, number, value);
  out.append(reinterpret_cast<const char*>(room), static_cast<std::size_t>(end - room));
}

void put_varint(std::string& out, std::uint64_t value) {
  std::byte room[wire::kMaxVarint];
  const std::byte* end = wire::put_varint(room, value);
  out.append(reinterpret_cast<const char*>(room), static_cast<std::size_t>(end - room));
}

void put_text(std::string& out, unsigned number, std::string_view text) {
  std::byte room[wire::kMaxTag + wire::kMaxVarint];
  std::byte* end = wire::put_varint(wire::put_tag(room, number, wire::Type::delimited), text.size());
  out.append(reinterpret_cast<const char*>(room), static_cast<std::size_t>(end - room)).append(text);
}

unsigned version_number(Protocol version) { return version == Protocol::netflow9 ? 9 : 10; }

std::string message_of(const decode::Domain& domain, const decode::Template& tmpl) {
  std::string out;
  put_integer(out, 1, version_number(domain.version));
  put_integer(out, 2, domain.id);
  put_integer(out, 3, tmpl.id);
  put_integer(out, 4, tmpl.options);
  put_integer(out, 5, tmpl.scope_fields);
  put_integer(out, 6, tmpl.last_seen_ns);
  std::string fields;
  for (const decode::TemplateField& field : tmpl.fields)
    put_varint(fields,
               static_cast<std::uint64_t>(field.pen) << 32 | std::uint64_t{field.id} << 16 | field.length);
  put_text(out, 7, fields);
  put_integer(out, 8, tmpl.foreign_layout);
  return out;
}

std::string message_of(const decode::NameEntry& name) {
  std::string out;
  put_integer(out, 1, static_cast<std::uint64_t>(name.kind) + 1);
  put_integer(out, 2, name.domain);
  put_integer(out, 3, name.number);
  if (!name.application.empty()) put_text(out, 4, name.application);
  put_text(out, 5, name.text);
  return out;
}

/// A datagram's place in its stream: the same fields of Stream and of Doubt.
void put_step(std::string& out, const decode::SequenceStep& step) {
  const std::array<std::uint64_t, 9> numbers{step.sequence,       step.units,     step.options_units,
                                             step.template_units, !step.complete, step.undecoded_bytes,
                                             step.has_uptime,     step.uptime_ms, step.export_s};
  for (unsigned i = 0; i < numbers.size(); ++i) put_integer(out, 5 + i, numbers[i]);
}

std::string message_of(const decode::SequenceStream::Doubt& doubt) {
  std::string out;
  put_integer(out, 1, doubt.datagrams);
  put_integer(out, 2, doubt.units);
  put_integer(out, 3, doubt.gaps);
  put_integer(out, 4, doubt.unknown);
  put_step(out, doubt.last);
  put_integer(out, 14, doubt.outage);
  put_integer(out, 15, doubt.near_and_no_newer);
  put_integer(out, 16, doubt.down);
  return out;
}

std::string message_of(const decode::SequenceTracker::Key& key, const decode::SequenceStream::Place& place,
                       std::uint64_t last_seen_ns) {
  std::string out;
  for (const auto& [number, protocol] : kStreamProtocols)
    if (protocol == key.protocol) put_integer(out, 1, number);
  put_integer(out, 2, key.id);
  if (!key.agent.empty())
    put_text(out, 3, {reinterpret_cast<const char*>(key.agent.bytes.data()), key.agent.size});
  put_integer(out, 4, last_seen_ns);
  put_step(out, place.last);
  put_integer(out, 14, place.readings);
  std::string gaps;
  for (const auto& gap : place.gaps) put_varint(gaps, std::uint64_t{gap.begin} << 32 | gap.end);
  if (!gaps.empty()) put_text(out, 15, gaps);
  if (place.doubt) put_text(out, 16, message_of(*place.doubt));
  return out;
}

// Reading. A message becomes plain values first, so that a file is known to be whole before any of it counts.

struct KeptNumber {
  decode::Domain domain;
  std::uint64_t key = 0;
  std::uint64_t value = 0;
};

struct KeptStream {
  decode::SequenceTracker::Key key;
  decode::SequenceStream::Place place;
  std::uint64_t last_seen_ns = 0;
};

struct KeptTemplate {
  decode::Domain domain;
  std::unique_ptr<decode::Template> tmpl;
};

struct Kept {
  ExporterKey key;
  std::uint64_t first_seen_ns = 0;
  std::uint64_t last_seen_ns = 0;
  bool proven = false;
  std::vector<KeptTemplate> templates;
  std::vector<KeptNumber> rates;
  std::vector<KeptNumber> inits;
  std::vector<decode::NameEntry> names;  // texts lie in the file
  std::vector<KeptStream> streams;
};

Protocol version_of(std::uint64_t number) {
  return number == 9 ? Protocol::netflow9 : number == 10 ? Protocol::ipfix : Protocol::unknown;
}

Protocol stream_protocol(std::uint64_t number) {
  for (const auto& [known, protocol] : kStreamProtocols)
    if (known == number) return protocol;
  return Protocol::unknown;
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void add_field(decode::Template& tmpl, std::uint64_t packed) {
  tmpl.fields.push_back({static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint16_t>(packed >> 16),
                         static_cast<std::uint16_t>(packed)});
}

bool read(Bytes message, KeptTemplate& out) {
  out.tmpl = std::make_unique<decode::Template>();
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    switch (field.number) {
      case 1:
        out.domain.version = version_of(field.integer);
        break;
      case 2:
        out.domain.id = static_cast<std::uint32_t>(field.integer);
        break;
      case 3:
        out.tmpl->id = static_cast<std::uint16_t>(field.integer);
        break;
      case 4:
        out.tmpl->options = field.integer != 0;
        break;
      case 5:
        out.tmpl->scope_fields = static_cast<std::uint16_t>(field.integer);
        break;
      case 6:
        out.tmpl->last_seen_ns = field.integer;
        break;
      case 7: {
        if (field.type == wire::Type::varint) add_field(*out.tmpl, field.integer);
        wire::Reader fields(field.bytes);
        while (!fields.at_end()) add_field(*out.tmpl, fields.varint());
        if (!fields.ok()) return false;
        break;
      }
      case 8:
        out.tmpl->foreign_layout = field.integer != 0;
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

/// Sampler and SystemInit: version, domain, then one or two numbers.
bool read(Bytes message, KeptNumber& out) {
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (field.number == 1) out.domain.version = version_of(field.integer);
    if (field.number == 2) out.domain.id = static_cast<std::uint32_t>(field.integer);
    if (field.number == 3) out.key = field.integer;
    if (field.number == 4) out.value = field.integer;
  }
  return reader.ok();
}

std::uint32_t word(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

/// What put_step() wrote; other fields are passed over.
void read_step(const wire::Field& field, decode::SequenceStep& step) {
  const std::uint64_t value = field.integer;
  if (field.number == 5) step.sequence = word(value);
  if (field.number == 6) step.units = word(value);
  if (field.number == 7) step.options_units = word(value);
  if (field.number == 8) step.template_units = word(value);
  if (field.number == 9) step.complete = value == 0;
  if (field.number == 10) step.undecoded_bytes = word(value);
  if (field.number == 11) step.has_uptime = value != 0;
  if (field.number == 12) step.uptime_ms = word(value);
  if (field.number == 13) step.export_s = word(value);
}

bool read(Bytes message, decode::SequenceStream::Doubt& out) {
  wire::Reader reader(message);
  out.last.units = 0;  // what is 0 is not written
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    const std::uint64_t value = field.integer;
    read_step(field, out.last);
    if (field.number == 1) out.datagrams = word(value);
    if (field.number == 2) out.units = value;
    if (field.number == 3) out.gaps = value;
    if (field.number == 4) out.unknown = value;
    if (field.number == 14) out.outage = word(value);
    if (field.number == 15) out.near_and_no_newer = value != 0;
    if (field.number == 16) out.down = value != 0;
  }
  return reader.ok();
}

/// The stream itself keeps no more of them than its bound.
bool read_gaps(Bytes packed, std::vector<decode::SequenceStream::Numbers>& out) {
  wire::Reader gaps(packed);
  while (!gaps.at_end()) {
    const std::uint64_t gap = gaps.varint();
    if (out.size() < decode::SequenceStream::kMaxGaps) out.push_back({word(gap >> 32), word(gap)});
  }
  return gaps.ok();
}

bool read(Bytes message, KeptStream& out) {
  wire::Reader reader(message);
  out.place.last.units = 0;  // what is 0 is not written
  bool fine = true;
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    const std::uint64_t value = field.integer;
    read_step(field, out.place.last);
    if (field.number == 1) out.key.protocol = stream_protocol(value);
    if (field.number == 2) out.key.id = word(value);
    if (field.number == 3) out.key.agent = IpAddress::from_bytes(field.bytes);
    if (field.number == 4) out.last_seen_ns = value;
    if (field.number == 14) out.place.readings = static_cast<std::uint8_t>(value);
    if (field.number == 15) fine = fine && read_gaps(field.bytes, out.place.gaps);
    if (field.number == 16)
      fine = fine && read(field.bytes, out.place.doubt.emplace(decode::SequenceStream::Doubt{}));
  }
  return fine && reader.ok();
}

bool read(Bytes message, decode::NameEntry& out, bool& known) {
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (field.number == 1) {
      constexpr auto kLast = static_cast<std::uint64_t>(decode::NameKind::mpls_label) + 1;
      known = field.integer >= 1 && field.integer <= kLast;
      if (known) out.kind = static_cast<decode::NameKind>(field.integer - 1);
    }
    if (field.number == 2) out.domain = static_cast<std::uint32_t>(field.integer);
    if (field.number == 3) out.number = static_cast<std::uint32_t>(field.integer);
    if (field.number == 4) out.application = text_of(field.bytes);
    if (field.number == 5) out.text = text_of(field.bytes);
  }
  return reader.ok();
}

bool read(Bytes message, Kept& out) {
  wire::Reader reader(message);
  bool fine = true;
  while (fine && !reader.at_end()) {
    const wire::Field field = reader.field();
    switch (field.number) {
      case 1:
        out.key.address = IpAddress::from_bytes(field.bytes);
        break;
      case 2:
        out.key.port = static_cast<std::uint16_t>(field.integer);
        break;
      case 3:
        out.first_seen_ns = field.integer;
        break;
      case 4:
        out.last_seen_ns = field.integer;
        break;
      case 5:
        fine = read(field.bytes, out.templates.emplace_back());
        break;
      case 6:
        fine = read(field.bytes, out.rates.emplace_back());
        break;
      case 7:
        fine = read(field.bytes, out.inits.emplace_back());
        break;
      case 8: {
        decode::NameEntry name;
        bool known = false;
        fine = read(field.bytes, name, known);
        if (known) out.names.push_back(name);
        break;
      }
      case 9:
        out.proven = field.integer != 0;
        break;
      case 10:
        fine = read(field.bytes, out.streams.emplace_back());
        break;
      default:
        break;
    }
  }
  return fine && reader.ok() && !out.key.address.empty();
}

/// Counts each thing as taken or refused.
void take(std::uint64_t& taken, bool fine, Restored& sum) { ++(fine ? taken : sum.refused); }

bool restore_template(KeptTemplate& kept, std::uint64_t now_ns, std::uint64_t oldest_ns,
                      decode::Exporter& exporter) {
  constexpr std::uint16_t kFirstDataSet = 256;
  decode::Template& tmpl = *kept.tmpl;
  if (kept.domain.version == Protocol::unknown || tmpl.id < kFirstDataSet || tmpl.last_seen_ns < oldest_ns)
    return false;
  tmpl.last_seen_ns = std::min(tmpl.last_seen_ns, now_ns);  // the clock may have been set back
  tmpl.restored = true;
  decode::DecodeReport unused;
  return exporter.templates.put(kept.domain, std::move(kept.tmpl), unused);
}

void restore(Kept& kept, std::uint64_t now_ns, decode::ExporterTable& exporters, Restored& sum) {
  const auto before = [now_ns](std::uint64_t timeout) { return now_ns > timeout ? now_ns - timeout : 0; };
  const std::uint64_t things =
      kept.templates.size() + kept.rates.size() + kept.inits.size() + kept.names.size();
  if (things + kept.streams.size() == 0) return;
  if (kept.last_seen_ns < before(exporters.limits().exporter_timeout_ns)) {
    sum.refused += things;
    return;
  }
  const auto exporter = exporters.find_or_add(kept.key, std::min(kept.last_seen_ns, now_ns));
  if (!exporter) {
    sum.refused += things;
    return;
  }
  const std::lock_guard lock(exporter->mutex);
  exporter->first_seen_ns = std::min(kept.first_seen_ns, now_ns);
  exporter->proven = kept.proven;
  ++sum.exporters;
  for (KeptTemplate& one : kept.templates)
    take(sum.templates,
         restore_template(one, now_ns, before(exporters.limits().template_timeout_ns), *exporter), sum);
  for (const KeptNumber& one : kept.rates)
    take(sum.rates,
         one.domain.version != Protocol::unknown &&
             exporter->samplers.restore_rate(one.domain, one.key, one.value),
         sum);
  for (const KeptNumber& one : kept.inits)
    take(sum.rates,
         one.domain.version != Protocol::unknown &&
             exporter->samplers.restore_system_init_ms(one.domain, one.key),
         sum);
  for (const decode::NameEntry& one : kept.names) take(sum.names, exporter->names.restore(one), sum);
  for (const KeptStream& one : kept.streams)
    if (one.key.protocol != Protocol::unknown &&
        one.last_seen_ns >= before(exporters.limits().exporter_timeout_ns))
      sum.streams += exporter->sequences.restore(one.key, one.place, std::min(one.last_seen_ns, now_ns));
  exporter->changes_told = exporter->changes();  // what is on disk is no news
}

/// Calls `visit` with each field that is a message; the reason where the file is not ours or not whole.
template <class Visit>
Result<void, std::string> each_message(Bytes file, const Visit& visit) {
  wire::Reader reader(file);
  bool ours = false;
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (field.number == 1) ours = text_of(field.bytes) == kMagic;
    if (field.number == 2 && field.integer != kVersion)
      return failure("is of version " + std::to_string(field.integer) + ", where this program knows " +
                     std::to_string(kVersion));
    if (!ours) return failure(std::string("is no state file"));
    if (field.type == wire::Type::delimited && field.number != 1 && !visit(field))
      return failure(std::string("has an exporter that cannot be read"));
  }
  if (!reader.ok()) return failure(std::string("is damaged: ") + reader.error());
  return {};
}

/// Whether the file ends with the checksum of what is before it.
Result<void, std::string> check_tail(Bytes file) {
  const Bytes tail = file.last(kTail);
  if (tail[0] != kTailTag) return failure(std::string("is cut short: its checksum is missing"));
  boost::crc_32_type crc;
  crc.process_bytes(file.data(), file.size() - kTail);
  std::uint32_t said = 0;
  for (std::size_t i = kTail; i > 1; --i) said = said << 8 | std::to_integer<std::uint32_t>(tail[i - 1]);
  if (said != crc.checksum()) return failure(std::string("is damaged: its checksum is wrong"));
  return {};
}

bool begins_as_ours(Bytes file) {
  const std::string head = [] {
    std::string out;
    put_text(out, 1, kMagic);
    return out;
  }();
  return file.size() >= head.size() + kTail && text_of(file.first(head.size())) == head;
}

}  // namespace

std::string file_head(std::uint64_t written_ns, bool stopped) {
  std::string out;
  put_text(out, 1, kMagic);
  put_integer(out, 2, kVersion);
  put_integer(out, 3, written_ns);
  put_integer(out, 5, stopped);
  return out;
}

std::string file_tail(std::uint32_t crc) {
  std::string out(1, static_cast<char>(kTailTag));
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(crc >> shift & 0xff));
  return out;
}

void append(const decode::Exporter& exporter, std::string& out, bool streams) {
  if (exporter.templates.size() + exporter.names.size() + (streams ? exporter.sequences.size() : 0) == 0 &&
      exporter.samplers.empty())
    return;
  std::string one;
  put_text(one, 1,
           {reinterpret_cast<const char*>(exporter.key.address.bytes.data()), exporter.key.address.size});
  put_integer(one, 2, exporter.key.port);
  put_integer(one, 3, exporter.first_seen_ns);
  put_integer(one, 4, exporter.last_seen_ns);
  exporter.templates.for_each([&](const decode::Domain& domain, const decode::Template& tmpl) {
    put_text(one, 5, message_of(domain, tmpl));
  });
  const auto numbers = [&](unsigned field, const decode::Domain& domain, std::uint64_t third,
                           std::uint64_t fourth) {
    std::string message;
    put_integer(message, 1, version_number(domain.version));
    put_integer(message, 2, domain.id);
    put_integer(message, 3, third);
    put_integer(message, 4, fourth);
    put_text(one, field, message);
  };
  exporter.samplers.for_each_rate([&](const decode::Domain& domain, std::uint64_t sampler,
                                      std::uint64_t rate) { numbers(6, domain, sampler, rate); });
  exporter.samplers.for_each_system_init(
      [&](const decode::Domain& domain, std::uint64_t ms) { numbers(7, domain, ms, 0); });
  exporter.names.for_each([&](const decode::NameEntry& name) { put_text(one, 8, message_of(name)); });
  put_integer(one, 9, exporter.proven);
  if (streams)
    exporter.sequences.for_each(
        [&](const decode::SequenceTracker::Key& key, const decode::SequenceStream::Place& place,
            std::uint64_t last_seen_ns) { put_text(one, 10, message_of(key, place, last_seen_ns)); });
  put_text(out, 4, one);
}

void append(unsigned field, const std::string& message, std::string& out) { put_text(out, field, message); }

Result<Restored, std::string> restore(Bytes file, std::uint64_t now_ns, decode::ExporterTable& exporters,
                                      const std::vector<Section>& sections) {
  if (!begins_as_ours(file)) return failure(std::string("is no state file"));
  if (const auto whole = check_tail(file); !whole) return failure(whole.error());
  const auto readable = each_message(file, [](const wire::Field& field) {
    Kept kept;
    return field.number != kExporterField || read(field.bytes, kept);
  });
  if (!readable) return failure(readable.error());
  Restored sum;
  // Where the budget is too small for all of the file, those who have proven come first.
  for (const bool proven : {true, false}) {
    const auto taken = each_message(file, [&](const wire::Field& field) {
      if (field.number != kExporterField) return true;
      Kept kept;
      read(field.bytes, kept);
      if (kept.proven == proven) restore(kept, now_ns, exporters, sum);
      return true;
    });
    if (!taken) return failure(taken.error());
  }
  const auto others = each_message(file, [&](const wire::Field& field) {
    for (const Section& section : sections)
      if (section.field == field.number) take(sum.others, section.restore(field.bytes), sum);
    return true;
  });
  if (!others) return failure(others.error());
  return sum;
}

}  // namespace sluice::state
