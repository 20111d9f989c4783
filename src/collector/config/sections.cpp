// The settings that hold other settings: lists of listeners, exporters and prefixes.
#include <string_view>

#include "config/tables.hpp"
#include "flow/endpoint.hpp"
#include "setting/text.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

constexpr const char* kListenerForm =
    "it takes \"ADDRESS:PORT\", such as \"0.0.0.0:2055\" or \"[::]:2055\", or a map of address, port, "
    "transport, protocol, receive_buffer, decapsulate, allow and tls";

bool read_listener(Reading& in, const std::string& path, const Value& value, Listener& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind == Value::Kind::text) {
    const auto endpoint = parse_endpoint(value.text);
    if (!endpoint) {
      in.fault(path, value.origin, path + " is " + quote(value.text) + "; " + kListenerForm);
      return false;
    }
    out.address = endpoint->address.to_string();
    out.port = endpoint->port;
    return true;
  }
  if (value.kind != Value::Kind::map) {
    in.fault(path, value.origin, path + " is " + described(value) + "; " + kListenerForm);
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, listener_table(), path, value, out);
  if (value.find("port") == nullptr)
    in.fault(path, value.origin, path + " has no port; add one, such as port: 2055");
  return in.findings().size() == before;
}

bool read_exporter(Reading& in, const std::string& path, const Value& value, ExporterRule& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind != Value::Kind::map) {
    in.fault(
        path, value.origin,
        path + " is " + described(value) + "; it takes a map such as {prefix: 192.0.2.0/24, name: core}");
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, exporter_table(), path, value, out);
  if (value.find("prefix") == nullptr)
    in.fault(path, value.origin, path + " has no prefix; add one, such as prefix: 192.0.2.0/24");
  return in.findings().size() == before;
}

}  // namespace

void read_listeners(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list = as_list(in, path, value, "it takes a list such as [\"0.0.0.0:2055\", \"[::]:6343\"]");
  if (!list) return;
  config.listeners.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    // One that is wrong stays in the list, so that messages about the others keep their numbers.
    if (!read_listener(in, element(path, i), list->items[i], config.listeners.emplace_back()))
      config.listeners.back().port = 0;
  }
}

void read_exporters(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of maps such as [{prefix: 192.0.2.0/24, name: core}]");
  if (!list) return;
  config.exporters.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    if (!read_exporter(in, element(path, i), list->items[i], config.exporters.emplace_back()))
      config.exporters.back().prefix.clear();
  }
}

void read_prefixes(Reading& in, const std::string& path, const Value& value, std::vector<std::string>& out) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of prefixes such as [192.0.2.0/24, \"2001:db8::/32\"]");
  if (!list) return;
  out.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string wants =
        "it takes a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1";
    const auto text = as_text(in, element(path, i), list->items[i], wants);
    if (!text) continue;
    if (!IpPrefix::parse(*text))
      in.fault(element(path, i), list->items[i].origin,
               element(path, i) + " is " + quote(*text) + "; " + wants);
    out.push_back(*text);
  }
}

void read_hosts(Reading& in, const std::string& path, const Value& value, std::vector<std::string>& out) {
  in.note(path, value);
  const std::string wants = "it takes host names without a port, such as [metrics.example.org, sluice]";
  const auto list = as_list(in, path, value, wants);
  if (!list) return;
  out.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto text = as_text(in, element(path, i), list->items[i], wants);
    if (!text) continue;
    if (!is_host_name(*text))
      in.fault(element(path, i), list->items[i].origin,
               element(path, i) + " is " + quote(*text) + "; " + wants);
    out.push_back(*text);
  }
}

void read_listener_allow(Reading& in, const std::string& path, const Value& value, Listener& listener) {
  read_prefixes(in, path, value, listener.allow);
}

}  // namespace sluice::config
