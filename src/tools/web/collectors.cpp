#include "web/collectors.hpp"

#include <algorithm>
#include <cstdio>

#include "query/client.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::web {
namespace {

constexpr std::chrono::seconds kFresh{10};
constexpr std::chrono::milliseconds kPatience{2000};
constexpr double kWorthTelling = 0.001;
constexpr double kMuch = 0.05;

std::string percent(double share) {
  char text[40];
  std::snprintf(text, sizeof(text), share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100);
  return text;
}

std::uint64_t number(const json& object, const char* section, const char* key) {
  if (!object.is_object() || !object.contains(section) || !object[section].is_object()) return 0;
  const json& value = object[section].value(key, json());
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

json note(double share, std::string text) {
  return {{"level", share >= kMuch ? "warning" : "info"}, {"text", std::move(text)}};
}

/// "edge-3", else its address.
std::string named(const json& exporter) {
  const std::string name = exporter.value("name", "");
  return name.empty() ? exporter.value("address", "an exporter") : name;
}

void tell_lost(const json& exporter, json& out) {
  const json ledger = exporter.value("ledger", json());
  const std::uint64_t received = number(ledger, "datagrams", "received"),
                      lost = number(ledger, "datagrams", "lost");
  if (lost == 0) return;
  const double share = static_cast<double>(lost) / static_cast<double>(lost + received);
  if (share < kWorthTelling) return;
  const std::uint64_t kernel = number(ledger, "datagrams", "lost_in_kernel");
  out.push_back(note(
      share, named(exporter) + ": " + percent(share) +
                 " of its datagrams did not arrive since the collector began (" + std::to_string(lost) +
                 " of " + std::to_string(lost + received) +
                 (kernel > 0 ? ", " + std::to_string(kernel) + " of them in the collector's kernel)" : ")")));
}

}  // namespace

json losses_in(const json& exporters, const std::vector<std::string>& addresses) {
  json out = json::array();
  if (!exporters.is_array()) return out;
  for (const json& exporter : exporters) {
    if (!exporter.is_object()) continue;
    const std::string address = exporter.value("address", "");
    if (addresses.empty() || std::ranges::find(addresses, address) != addresses.end())
      tell_lost(exporter, out);
  }
  return out;
}

Collectors::Collectors(std::vector<CollectorAccess> all)
    : all_(std::move(all)), known_([this] {
        std::vector<Known> out;
        for (const CollectorAccess& one : all_) out.push_back(ask(one));
        return Refreshed<std::vector<Known>>::Made{std::move(out), kFresh};
      }) {}

Collectors::Known Collectors::ask(const CollectorAccess& one) {
  Known out;
  const auto answer = query::get(one.url, "/api/v1/exporters", one.token, {}, kPatience);
  if (!answer) {
    out.text = answer.error().text;
    return out;
  }
  const json body = json::parse(*answer, nullptr, false);
  out.ok = body.is_object() && body.contains("exporters");
  if (out.ok)
    out.exporters = body["exporters"];
  else
    out.text = "what answers there is no collector";
  return out;
}

json Collectors::notes(const std::vector<std::string>& exporters) {
  const auto known = known_.get();
  json out = json::array();
  for (const Known& collector : *known) {
    if (!collector.ok)
      out.push_back({{"level", "warning"}, {"text", "what was lost is not known: " + collector.text}});
    for (json& one : losses_in(collector.exporters, exporters)) out.push_back(std::move(one));
  }
  return out;
}

json Collectors::states() {
  const auto known = known_.get();
  json out = json::array();
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const Known& collector = (*known)[i];
    out.push_back({{"url", all_[i].url.to_string()}, {"ok", collector.ok}});
    if (!collector.ok) out.back()["text"] = collector.text;
  }
  return out;
}

}  // namespace sluice::web
