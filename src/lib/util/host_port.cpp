#include "util/host_port.hpp"

#include <algorithm>
#include <charconv>

namespace sluice {

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    out.bracketed = true;
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = text.substr(out.host.size());
  }
  if (out.host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  if (out.host.empty() || (!rest.empty() && rest.front() != ':')) return std::nullopt;
  if (rest.empty()) return out;
  out.port = parse_port(rest.substr(1));
  return out.port ? std::optional(out) : std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

bool is_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string host_port(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  std::string out;
  if (brackets) out += '[';
  out += host;
  if (brackets) out += ']';
  return out + ':' + std::to_string(port);
}

}  // namespace sluice
