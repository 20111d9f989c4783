#include "net/listen_refusal.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::net {

ListenRefusal why_not(const char* protocol, const Endpoint& at, int error) {
  std::string text =
      "cannot listen on " + std::string(protocol) + " " + at.to_string() + ": " + std::strerror(error);
  if (error == EADDRINUSE) text += "; another collector may be running";
  if (error == EADDRNOTAVAIL) text += "; no interface of this machine has that address";
  if (error == EAFNOSUPPORT && at.address.is_v6()) text += "; this machine has no IPv6, use an IPv4 address";
  if (error == EACCES && at.port != 0 && at.port < 1024)
    text += "; a port below 1024 needs the capability CAP_NET_BIND_SERVICE";
  if (error == EMFILE || error == ENFILE) text += "; raise the limit of open files";
  return {error, std::move(text)};
}

}  // namespace sluice::net
