#include "snmp/interfaces.hpp"

#include <algorithm>
#include <map>

#include "encode/utf8.hpp"
#include "util/one_line.hpp"

namespace sluice::snmp {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
/// U+0080 to U+009F, the control characters of two bytes.
bool is_c1(std::string_view piece) {
  return piece.size() == 2 && piece[0] == '\xC2' && static_cast<unsigned char>(piece[1]) < 0xA0;
}

}  // namespace

std::uint64_t heap_bytes(const std::string& text) { return text.capacity() > 15 ? text.capacity() + 17 : 0; }

std::string clean_text(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  std::string out;
  while (!text.empty()) {
    const std::size_t length = encode::utf8_sequence(text);
    std::string_view piece = length == 0 ? kReplacement : text.substr(0, length);
    if (is_c1(piece)) piece = " ";
    if (out.size() + piece.size() > kMaxText) break;
    out += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return one_line(std::move(out));
}

Interfaces::Interfaces(std::vector<Entry> entries) {
  std::map<std::uint32_t, Interface> ordered;
  for (Entry& one : entries) ordered.emplace(one.first, std::move(one.second));
  entries_.reserve(ordered.size());
  for (auto& [index, one] : ordered) entries_.emplace_back(index, std::move(one));
  bytes_ = entries_.capacity() * sizeof(Entry);
  for (const auto& [index, one] : entries_) bytes_ += heap_bytes(one.name) + heap_bytes(one.description);
}

const Interface* Interfaces::find(std::uint32_t if_index) const {
  const auto found = std::ranges::lower_bound(entries_, if_index, {}, &Entry::first);
  return found != entries_.end() && found->first == if_index ? &found->second : nullptr;
}

}  // namespace sluice::snmp
