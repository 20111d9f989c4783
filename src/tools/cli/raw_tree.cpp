#include "cli/raw_tree.hpp"

#include <algorithm>
#include <utility>

#include "sluice/flow/address.hpp"

namespace sluice::cli {
namespace {

std::string hexadecimal(Bytes value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte b : value) {
    out += kDigits[std::to_integer<unsigned>(b) >> 4];
    out += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

/// "sourceIPv4Address", "srcaddr", "nexthop", "agent_address", "src_ip"
bool names_address(std::string_view name) {
  for (const std::string_view part : {"Address", "addr", "nexthop", "next_hop", "_ip"})
    if (name.find(part) != std::string_view::npos) return true;
  return false;
}

std::string mac_address(Bytes value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) out += (i ? ":" : "") + hexadecimal(value.subspan(i, 1));
  return out;
}

bool names_mac(std::string_view name) {
  return name.find("Mac") != std::string_view::npos || name.find("mac") != std::string_view::npos;
}

/// The text of a string field, padding of zeros left out; "" where it is none.
std::string readable_text(Bytes value) {
  std::string out;
  for (const std::byte b : value) out += static_cast<char>(b);
  out.resize(out.find_last_not_of('\0') + 1);
  const bool printable = std::ranges::all_of(out, [](char c) { return c >= ' ' && c <= '~'; });
  return printable ? out : "";
}

std::string meaning_of(std::string_view name, Bytes value) {
  const std::size_t size = value.size();
  if ((size == 4 || size == 16) && names_address(name)) return IpAddress::from_bytes(value).to_string();
  if (size == 6 && names_mac(name)) return mac_address(value);
  if (size >= 1 && size <= 8) return std::to_string(load_be_any(value));
  if (const std::string text = readable_text(value); !text.empty()) return '"' + text + '"';
  return {};
}

}  // namespace

std::string show_bytes(std::string_view name, Bytes value) {
  const std::string meaning = meaning_of(name, value);
  return hexadecimal(value) + (meaning.empty() ? "" : " (" + meaning + ")");
}

void RawTree::indent() { text_.append(2 * depth_, ' '); }

void RawTree::line(std::string_view text) {
  indent();
  text_ += text;
  text_ += '\n';
}

void RawTree::open(std::string_view what) {
  line(what);
  ++depth_;
}

void RawTree::number(std::string_view name, std::uint64_t value) {
  line(std::string(name) + ": " + std::to_string(value));
}

void RawTree::bytes(std::string_view name, Bytes value) {
  line(std::string(name) + ": " + show_bytes(name, value));
}

void RawTree::close() {
  if (depth_ > 0) --depth_;
}

std::string RawTree::take() {
  depth_ = 0;
  return std::exchange(text_, {});
}

}  // namespace sluice::cli
