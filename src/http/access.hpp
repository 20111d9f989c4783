#pragma once
// Who may ask a listener. A browser reaches whatever its machine reaches, so a page of anybody can have it
// ask a listener on loopback or in the local network: across origins, or by a name of its own that it lets
// point there (DNS rebinding), after which it may even read the answers. So a listener that demands no secret
// wants to be asked by an address or by one of its names, and none answers pages of other sites.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace sluice::http {

/// As configured. A value.
struct Access {
  std::vector<IpPrefix> allow = {};    ///< whose connections are taken; empty: everybody's
  std::string token = {};              ///< each request must carry it as "Authorization: Bearer"; empty: none
  std::vector<std::string> open = {};  ///< paths that are answered without the token
  bool own_secret = false;             ///< the handler demands one by itself, as a password
  std::vector<std::string> hosts = {};  ///< names that it may be asked by, besides the machine's own
  std::string hosts_setting = {};       ///< where those are set: "metrics.hosts"
  bool links = false;  ///< pages of other sites may link to it: GET of a whole document, not under /api/
};

/// Names of this machine: localhost, its host name with the domains that its resolver looks in, and its other
/// names in /etc/hosts. Asks no name server.
std::vector<std::string> own_names();

/// What a Host header names, in small letters, without port, brackets and the root's dot; nothing where it is
/// none.
std::optional<std::string> host_of(std::string_view header);

/// Access with what is derived from it. Immutable; any thread.
class Gate {
 public:
  explicit Gate(Access access = {}, std::vector<std::string> own = own_names());

  bool takes(const IpAddress& peer) const;

  enum class Finding { welcome, foreign_host, foreign_page, no_token };
  Finding judge(const Request& head) const;

  const Access& access() const { return access_; }

 private:
  bool knows(std::string_view host_header) const;
  bool foreign_host(const Request& head) const;
  bool foreign_page(const Request& head) const;

  Access access_;
  std::vector<std::string> names_;  // sorted
};

}  // namespace sluice::http
