#include "enrich/names.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "util/one_line.hpp"

namespace sluice::enrich {
namespace {

/// "abc" for messages, one line and not too much of it.
std::string shown(std::string_view text) {
  std::string out = one_line(std::string(text.substr(0, 64)));
  return '"' + out + (text.size() > 64 ? "...\"" : "\"");
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class Facts, std::size_t N>
std::string wrong_texts(const std::array<Attribute<Facts>, N>& attributes, const Facts& facts) {
  for (const auto& attribute : attributes)
    if ((facts.*attribute.member).size() > kLongestText)
      return std::string(attribute.key) + " has more than 255 bytes";
  return "";
}

/// The columns of files: keys of the attributes with what stands before and behind them.
template <class Facts, std::size_t N>
std::vector<std::string> columns(std::initializer_list<const char*> before,
                                 const std::array<Attribute<Facts>, N>& attributes, const char* behind) {
  std::vector<std::string> out(before.begin(), before.end());
  for (const auto& attribute : attributes) out.emplace_back(attribute.key);
  out.emplace_back(behind);
  return out;
}

/// Puts the attributes' values there, which begin at `first`.
template <class Facts, std::size_t N>
void put_texts(const std::array<Attribute<Facts>, N>& attributes, const std::vector<std::string>& values,
               std::size_t first, Facts& facts) {
  for (std::size_t i = 0; i < N; ++i) facts.*attributes[i].member = values[first + i];
}

std::string wrong_network(const NetworkSettings& one) {
  if (!IpPrefix::parse(one.prefix))
    return "prefix is " + shown(one.prefix) + "; it takes a prefix such as 192.0.2.0/24 or 2001:db8::/32";
  return wrong_texts(kNetworkAttributes, one.facts);
}

std::string wrong_interface(const InterfaceSettings& one) {
  if (!IpPrefix::parse(one.exporter))
    return "exporter is " + shown(one.exporter) + "; it takes an address or a prefix such as 198.51.100.0/24";
  const std::string& boundary = one.facts.boundary;
  if (!boundary.empty() && boundary != "external" && boundary != "internal")
    return "boundary is " + shown(boundary) + "; it takes external or internal";
  return wrong_texts(kInterfaceAttributes, one.facts);
}

/// Faults of rows as they are found, and no more than are told.
class Faults {
 public:
  Faults(std::string setting, std::string file) : setting_(std::move(setting)), file_(std::move(file)) {}
  void add(std::uint64_t line, std::string text) {
    if (++found_ <= kMostFaults) told_.push_back({setting_, file_, line, std::move(text)});
  }
  void add(std::vector<FileFault> faults) {
    for (FileFault& fault : faults) add(fault.line, std::move(fault.text));
  }
  std::vector<NamesFault> end() {
    if (found_ > kMostFaults)
      told_.push_back({setting_, file_, 0, "has " + std::to_string(found_ - kMostFaults) + " more mistakes"});
    // By lines, those of one line and those of none as they were found.
    std::map<std::pair<std::uint64_t, std::size_t>, NamesFault> sorted;
    for (std::size_t i = 0; i < told_.size(); ++i) {
      const std::uint64_t line = told_[i].line == 0 ? ~0ULL : told_[i].line;
      sorted.emplace(std::pair(line, i), std::move(told_[i]));
    }
    told_.clear();
    for (auto& [at, one] : sorted) told_.push_back(std::move(one));
    return std::move(told_);
  }

 private:
  std::string setting_, file_;
  std::size_t found_ = 0;
  std::vector<NamesFault> told_;
};

}  // namespace

std::string NamesFault::sentence() const {
  if (file.empty()) return text;
  return file + (line == 0 ? ": " : ":" + std::to_string(line) + ": ") + text;
}

InterfaceTable::InterfaceTable(std::vector<InterfaceSettings> rows) {
  for (InterfaceSettings& row : rows) {
    const auto prefix = IpPrefix::parse(row.exporter);
    if (!prefix) continue;
    auto found = std::ranges::find(exporters_, *prefix, [](const auto& one) { return one.first; });
    if (found == exporters_.end()) found = exporters_.insert(exporters_.end(), {*prefix, {}});
    found->second[row.index] = std::move(row.facts);
  }
  std::ranges::sort(exporters_, std::greater{}, [](const auto& one) { return one.first.length; });
}

/// A longer prefix without the interface leaves it to a shorter one.
const InterfaceFacts* InterfaceTable::find(const IpAddress& exporter, std::uint32_t index) const {
  for (const auto& [prefix, indexes] : exporters_) {
    if (!prefix.contains(exporter)) continue;
    if (const auto found = indexes.find(index); found != indexes.end()) return &found->second;
  }
  return nullptr;
}

std::size_t InterfaceTable::size() const {
  std::size_t out = 0;
  for (const auto& [prefix, indexes] : exporters_) out += indexes.size();
  return out;
}

std::vector<NamesFault> read_networks(const std::string& path, std::vector<NetworkSettings>& out) {
  static const std::vector<std::string> kColumns = columns({"prefix"}, kNetworkAttributes, "asn");
  static const std::vector<std::string> kNeeded{"prefix"};
  Faults faults("enrich.networks_file", path);
  faults.add(
      read_csv(path, kColumns, kNeeded, [&](std::uint64_t line, const std::vector<std::string>& values) {
        NetworkSettings one{values.front(), {}};
        put_texts(kNetworkAttributes, values, 1, one.facts);
        std::string wrong = wrong_network(one);
        const std::string& as = values.back();
        if (wrong.empty() && !as.empty() && !read_number(as, one.facts.as))
          wrong = "asn is " + shown(as) + "; it takes a number up to 4294967295";
        wrong.empty() ? out.push_back(std::move(one)) : faults.add(line, std::move(wrong));
      }));
  return faults.end();
}

std::vector<NamesFault> read_interfaces(const std::string& path, std::vector<InterfaceSettings>& out) {
  static const std::vector<std::string> kColumns =
      columns({"exporter", "index"}, kInterfaceAttributes, "speed");
  static const std::vector<std::string> kNeeded{"exporter", "index"};
  Faults faults("enrich.interfaces_file", path);
  faults.add(
      read_csv(path, kColumns, kNeeded, [&](std::uint64_t line, const std::vector<std::string>& values) {
        InterfaceSettings one{values.front(), 0, {}};
        put_texts(kInterfaceAttributes, values, 2, one.facts);
        std::string wrong = wrong_interface(one);
        if (wrong.empty() && !read_number(values[1], one.index))
          wrong = "index is " + shown(values[1]) + "; it takes the ifIndex, a number up to 4294967295";
        const std::string& speed = values.back();
        if (wrong.empty() && !speed.empty() && !read_number(speed, one.facts.speed))
          wrong = "speed is " + shown(speed) + "; it takes bits per second as a number";
        wrong.empty() ? out.push_back(std::move(one)) : faults.add(line, std::move(wrong));
      }));
  return faults.end();
}

std::shared_ptr<const Names> make_names(const SourceSettings& settings, const NamesFiles& files) {
  auto out = std::make_shared<Names>();
  std::vector<Networks::Entry> entries;
  for (const auto* const list : {&files.networks, &settings.networks})
    for (const NetworkSettings& one : *list)
      if (const auto prefix = IpPrefix::parse(one.prefix)) entries.emplace_back(*prefix, one.facts);
  out->networks = Networks(std::move(entries));
  std::vector<InterfaceSettings> interfaces = files.interfaces;
  interfaces.insert(interfaces.end(), settings.interfaces.begin(), settings.interfaces.end());
  out->interfaces = InterfaceTable(std::move(interfaces));
  out->ases = files.ases;
  out->countries = files.countries;
  for (const RuleSettings& rule : settings.rules) {
    const Rule& made = out->rules.emplace_back(rule);
    (made.about_interfaces() ? out->interface_rules : out->flow_rules) = true;
  }
  out->as_from = settings.as_from;
  out->cached_addresses = settings.cached_addresses;
  return out;
}

}  // namespace sluice::enrich
