#include "http/access.hpp"

#include <netdb.h>
#include <resolv.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "http/credentials.hpp"
#include "util/host_port.hpp"

namespace sluice::http {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view without_root(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// The domains that the resolver puts behind a name without dots.
std::vector<std::string> search_domains() {
  std::vector<std::string> out;
  struct __res_state state{};
  if (::res_ninit(&state) != 0) return out;
  for (const char* const domain : state.dnsrch) {
    if (domain == nullptr) break;
    if (*domain != '\0') out.emplace_back(domain);
  }
  ::res_nclose(&state);
  return out;
}

/// What /etc/hosts calls the machine besides.
void add_names_of_hosts_file(const std::string& name, std::vector<std::string>& out) {
  ::sethostent(0);
  while (const hostent* const entry = ::gethostent()) {
    std::vector<std::string> names{lowered(entry->h_name)};
    for (char** alias = entry->h_aliases; *alias != nullptr; ++alias) names.push_back(lowered(*alias));
    if (std::ranges::find(names, name) != names.end()) out.insert(out.end(), names.begin(), names.end());
  }
  ::endhostent();
}

/// Every value of that header: a second one must not hide behind the first.
template <class Call>
void for_each_value(const Request& head, std::string_view name, Call call) {
  for (const auto& [key, value] : head.fields)
    if (same_word(key, name)) call(value);
}

/// The page that a link leads to, and nothing that a page can have loaded into itself, nor what scripts ask.
bool follows_link(const Request& head) {
  return head.method == "GET" && !head.path.starts_with("/api/") &&
         head.header("Sec-Fetch-Mode") == "navigate" && head.header("Sec-Fetch-Dest") == "document";
}

}  // namespace

std::vector<std::string> own_names() {
  std::vector<std::string> out{"localhost"};
  std::array<char, 256> raw{};
  if (::gethostname(raw.data(), raw.size() - 1) != 0 || raw[0] == '\0') return out;
  const std::string name = lowered(raw.data());
  const std::string label = name.substr(0, name.find('.'));
  out.insert(out.end(), {name, label, label + ".local"});
  for (const std::string& domain : search_domains()) out.push_back(label + '.' + lowered(domain));
  add_names_of_hosts_file(name, out);
  return out;
}

std::optional<std::string> host_of(std::string_view header) {
  const auto parts = parse_host_port(header);
  if (!parts) return std::nullopt;
  if (parts->bracketed && !IpAddress::parse(parts->host)) return std::nullopt;
  std::string out = lowered(without_root(parts->host));
  if (!parts->bracketed && !IpAddress::parse(out) && !is_host_name(out)) return std::nullopt;
  return out;
}

Gate::Gate(Access access, std::vector<std::string> own) : access_(std::move(access)) {
  for (const auto* const list : {&own, &access_.hosts})
    for (const std::string& name : *list) names_.push_back(lowered(without_root(name)));
  std::ranges::sort(names_);
}

bool Gate::takes(const IpAddress& peer) const {
  return access_.allow.empty() ||
         std::ranges::any_of(access_.allow, [&](const IpPrefix& prefix) { return prefix.contains(peer); });
}

/// An address cannot be made to point elsewhere, and browsers take names under localhost for loopback without
/// asking anybody (RFC 6761 section 6.3).
bool Gate::knows(std::string_view host_header) const {
  const auto host = host_of(host_header);
  return host && (IpAddress::parse(*host) || host->ends_with(".localhost") ||
                  std::ranges::binary_search(names_, *host));
}

/// Where there is no Host, no browser asks: HTTP/1.0 of a health check, say.
bool Gate::foreign_host(const Request& head) const {
  if (!access_.token.empty() || access_.own_secret) return false;
  bool foreign = false;
  for_each_value(head, "Host", [&](std::string_view host) { foreign |= !host.empty() && !knows(host); });
  return foreign;
}

/// Browsers tell Sec-Fetch-Site only to https and loopback, and Origin only with what is no plain GET. Also
/// where a secret is demanded: a login that a browser remembers it sends along for whatever page asks.
bool Gate::foreign_page(const Request& head) const {
  bool foreign = false;
  for_each_value(head, "Sec-Fetch-Site", [&](std::string_view site) {
    foreign |= (same_word(site, "cross-site") || same_word(site, "same-site")) &&
               !(access_.links && follows_link(head));
  });
  for_each_value(head, "Origin", [&](std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    const std::string_view from = scheme == std::string_view::npos ? "" : origin.substr(scheme + 3);
    // Behind a proxy that asks by another name the page still has the name that is listed.
    const bool listed = std::ranges::any_of(
        access_.hosts, [&](const std::string& name) { return same_word(without_root(name), from); });
    foreign |= !listed && (from.empty() || !same_word(from, head.header("Host")));
  });
  return foreign;
}

Gate::Finding Gate::judge(const Request& head) const {
  if (foreign_host(head)) return Finding::foreign_host;
  if (foreign_page(head)) return Finding::foreign_page;
  if (access_.token.empty() || same_secret(bearer_token(head.header("Authorization")), access_.token) ||
      std::ranges::find(access_.open, head.path) != access_.open.end())
    return Finding::welcome;
  return Finding::no_token;
}

}  // namespace sluice::http
