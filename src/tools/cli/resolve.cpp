#include "cli/resolve.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace sluice::cli {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

Result<config::Endpoint, std::string> resolve(std::string_view text) {
  std::string name;
  unsigned port = 0;
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    name = text.substr(0, colon);
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc() || rest != end) port = 0;
  }
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (bracketed) name = name.substr(1, name.size() - 2);
  if (name.empty() || port == 0 || port > 65535 || (!bracketed && name.find(':') != std::string::npos))
    return failure(
        '"' + std::string(text) +
        "\" is no HOST:PORT, such as 127.0.0.1:2055, [2001:db8::1]:2055 or collector.example:2055");
  config::Endpoint out{.address = {}, .port = static_cast<std::uint16_t>(port)};
  if (const auto address = IpAddress::parse(name)) {
    out.address = *address;
    return out;
  }
  addrinfo hints{};
  hints.ai_family = bracketed ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int status = getaddrinfo(name.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(list);
  if (status != 0 || !list) return failure("\"" + name + "\" has no address: " + gai_strerror(status));
  sockaddr_storage storage{};
  std::memcpy(&storage, list->ai_addr, list->ai_addrlen);
  out.address = IpAddress::from_sockaddr(storage);
  return out;
}

}  // namespace sluice::cli
