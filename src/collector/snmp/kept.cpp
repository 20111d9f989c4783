#include "snmp/kept.hpp"

#include <algorithm>
#include <array>

#include "util/clock.hpp"
#include "util/wire_reader.hpp"

namespace sluice::snmp {
namespace {

constexpr std::uint64_t kTooOldNs = 30ULL * 24 * 3600 * kNsPerSecond;

void put_integer(std::string& out, unsigned field, std::uint64_t value) {
  if (value == 0) return;
  std::array<std::byte, wire::kMaxTag + wire::kMaxVarint> bytes{};
  const std::byte* const end = wire::put_integer(bytes.data(), field, value);
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end - bytes.data()));
}

void put_text(std::string& out, unsigned field, std::string_view text) {
  if (text.empty()) return;
  std::array<std::byte, wire::kMaxTag + wire::kMaxVarint> bytes{};
  const std::byte* const end =
      wire::put_varint(wire::put_tag(bytes.data(), field, wire::Type::delimited), text.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end - bytes.data()));
  out += text;
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool read(Bytes message, Interfaces::Entry& out) {
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (field.number == 1) out.first = static_cast<std::uint32_t>(field.integer);
    if (field.number == 2) out.second.name = clean_text(text_of(field.bytes));
    if (field.number == 3) out.second.description = clean_text(text_of(field.bytes));
    if (field.number == 4) out.second.speed = field.integer;
  }
  return reader.ok() && out.first != 0;
}

}  // namespace

std::string to_message(const IpAddress& exporter, const Answer& answer) {
  std::string out;
  put_text(out, 1, {reinterpret_cast<const char*>(exporter.bytes.data()), exporter.size});
  put_integer(out, 2, answer.answered_ns);
  for (const auto& [index, one] : answer.interfaces->all()) {
    std::string entry;
    put_integer(entry, 1, index);
    put_text(entry, 2, one.name);
    put_text(entry, 3, one.description);
    put_integer(entry, 4, one.speed);
    put_text(out, 3, entry);
  }
  return out;
}

std::optional<KeptAnswer> from_message(Bytes message, std::uint32_t max_interfaces) {
  KeptAnswer out;
  std::vector<Interfaces::Entry> entries;
  wire::Reader reader(message);
  while (!reader.at_end()) {
    const wire::Field field = reader.field();
    if (field.number == 1) out.exporter = IpAddress::from_bytes(field.bytes);
    if (field.number == 2) out.answer.answered_ns = field.integer;
    if (field.number != 3 || entries.size() >= max_interfaces) continue;
    if (!read(field.bytes, entries.emplace_back())) return std::nullopt;
  }
  if (!reader.ok() || out.exporter.empty() || entries.empty()) return std::nullopt;
  out.answer.interfaces = std::make_shared<const Interfaces>(std::move(entries));
  return out;
}

bool counts_still(const KeptAnswer& kept, const Settings& settings, std::uint64_t now_ns) {
  return kept.answer.answered_ns + kTooOldNs >= now_ns &&
         std::ranges::any_of(settings.devices, [&](const Device& device) {
           const auto prefix = IpPrefix::parse(device.prefix);
           return prefix && prefix->contains(kept.exporter);
         });
}

}  // namespace sluice::snmp
