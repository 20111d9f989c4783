#include "sluice/flow/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace sluice {

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress out;
  out.size = 4;
  for (unsigned i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;  // inet_pton would not see what is behind it
  const std::string copy(text);
  IpAddress out;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) {
    out.size = 4;
    return out;
  }
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) {
    out.size = 16;
    return out;
  }
  return std::nullopt;
}

IpAddress IpAddress::from_sockaddr(const sockaddr_storage& address) {
  IpAddress out;
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::memcpy(out.bytes.data(), &in.sin_addr, 4);
    out.size = 4;
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    std::memcpy(out.bytes.data(), &in.sin6_addr, 16);
    out.size = 16;
    return out.unmapped();
  }
  return out;
}

IpAddress IpAddress::unmapped() const {
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (size != 16 || !std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) return *this;
  IpAddress out;
  out.size = 4;
  std::copy_n(bytes.begin() + 12, 4, out.bytes.begin());
  return out;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (size == 4) inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  if (size == 16) inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::uint64_t hash_value(const IpAddress& address) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, address.bytes.data(), 8);
  std::memcpy(&high, address.bytes.data() + 8, 8);
  std::uint64_t h = (low ^ 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 32) ^ high) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 29) ^ address.size;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned bits = address->size * 8U;
  if (slash == std::string_view::npos) return IpPrefix{*address, static_cast<std::uint8_t>(bits)};
  const auto digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > bits) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(length)};
}

bool IpPrefix::contains(const IpAddress& candidate) const {
  if (candidate.size != address.size) return false;
  const unsigned whole = length / 8U;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, candidate.bytes.begin()))
    return false;
  const unsigned rest = length % 8U;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xffU << (8U - rest));
  return (address.bytes[whole] & mask) == (candidate.bytes[whole] & mask);
}

namespace {

IpAddress filled(const IpPrefix& prefix, bool ones) {
  IpAddress out = prefix.address;
  for (unsigned bit = prefix.length; bit < out.size * 8U; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
    std::uint8_t& byte = out.bytes[bit / 8];
    byte = static_cast<std::uint8_t>(ones ? byte | mask : byte & ~mask);
  }
  return out;
}

}  // namespace

IpAddress IpPrefix::first() const { return filled(*this, false); }
IpAddress IpPrefix::last() const { return filled(*this, true); }

std::string IpPrefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

}  // namespace sluice
