// The settings of BMP, `enrich.bmp`.
#include "config/tables.hpp"
#include "flow/endpoint.hpp"
#include "setting/text.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKB = 1ULL << 10, kMB = 1ULL << 20, kGB = 1ULL << 30;
constexpr std::uint64_t kMostRoutes = 1'000'000'000;

using Texts = std::vector<std::string>;

void read_addresses(Reading& in, const std::string& path, const Value& value, Texts& out) {
  in.note(path, value);
  const std::string wants = "it takes addresses of routers such as [192.0.2.1, \"2001:db8::1\"]";
  const auto list = as_list(in, path, value, wants);
  if (!list) return;
  out.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto given = as_text(in, element(path, i), list->items[i], wants);
    if (!given) continue;
    if (!IpAddress::parse(*given))
      in.fault(element(path, i), list->items[i].origin,
               element(path, i) + " is " + quote(*given) + "; " + wants);
    out.push_back(*given);
  }
}

template <Texts Bmp::* List>
Row<Config> list_row(const char* key, const char* type, const char* meaning,
                     void (*read)(Reading&, const std::string&, const Value&, Texts&)) {
  Row<Config> out = special<Config>(
      key, type, meaning, "[]",
      [read](Reading& in, const std::string& path, const Value& value, Config& config) {
        read(in, path, value, config.bmp.*List);
      },
      [](const Config& config) {
        return list_of(config.bmp.*List, [](const std::string& one) { return Value::of(one); });
      });
  out.same = [](const Config& a, const Config& b) { return a.bmp.*List == b.bmp.*List; };
  out.copy = [](const Config& from, Config& to) { to.bmp.*List = from.bmp.*List; };
  return out;
}

template <auto Member, class V>
Row<Config> limit(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<Config, &Config::bmp, &Bmp::limits, Member>(std::string("enrich.bmp.") + key, std::move(codec),
                                                         unit, meaning);
}

void add_limits(Table<Config>& t) {
  using L = bmp::Limits;
  t.push_back(limit<&L::sessions>("max_sessions", integer<std::uint32_t>(1, 10'000), "sessions",
                                  "BMP sessions at once; one more takes the place of the oldest that has "
                                  "sent no message yet, else it is refused and counted"));
  t.push_back(limit<&L::sessions_per_address>("max_sessions_per_address", integer<std::uint32_t>(1, 10'000),
                                              "sessions", "The same for those of one address"));
  t.push_back(limit<&L::peers_per_session>("max_peers_per_session", integer<std::uint32_t>(1, 100'000),
                                           "peers", "BGP peers that one session may tell of"));
  t.push_back(limit<&L::routes>("max_routes", integer<std::uint64_t>(1, kMostRoutes), "routes",
                                "Routes of all sessions; more are left out and counted"));
  t.push_back(limit<&L::routes_per_session>("max_routes_per_session", integer<std::uint64_t>(1, kMostRoutes),
                                            "routes", "The same for those of one session"));
  t.push_back(limit<&L::bytes_per_session>(
      "memory_per_session", size(1 * kMB, 1024 * kGB), "bytes",
      "Memory for the routes of one session, of which a route takes some 50 bytes"));
  t.push_back(limit<&L::message_bytes>("max_message", size(4 * kKB, 16 * kMB), "bytes",
                                       "Longest BMP message; a longer one ends its session"));
  t.push_back(limit<&L::message_timeout>("message_timeout", duration(100ms, 10min), "",
                                         "How long a message may take from its first byte to its last, and a "
                                         "session to its first message; a slower one is ended"));
}

}  // namespace

void add_bmp(Table<Config>& t) {
  t.push_back(row<Config, &Config::bmp, &Bmp::listen>(
      "enrich.bmp.listen",
      text("ADDRESS:PORT",
           "an address and a port such as \"0.0.0.0:11019\" or \"[::]:11019\", or \"\" to turn it off",
           [](std::string_view given) { return given.empty() || parse_endpoint(given).has_value(); }),
      "", "Where routers' BMP sessions are taken, which tell the routes of flows; empty: nowhere"));
  t.push_back(list_row<&Bmp::allow>("enrich.bmp.allow", "list of prefixes",
                                    "Who may connect there; empty: everybody", read_prefixes));
  t.push_back(list_row<&Bmp::defaults>(
      "enrich.bmp.default", "list of addresses",
      "Routers whose routes serve exporters that have no session of their own, in order", read_addresses));
  t.push_back(row<Config, &Config::bmp, &Bmp::keep>(
      "enrich.bmp.keep", duration(0ms, 24h), "",
      "How long routes outlive their session, until its next one tells them anew"));
  add_limits(t);
}

}  // namespace sluice::config
