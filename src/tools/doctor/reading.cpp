#include "doctor/reading.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace sluice::doctor {
namespace {

/// name="value",... up to the closing brace, which is taken too.
std::optional<Labels> take_labels(std::string_view& rest) {
  Labels out;
  while (!rest.empty() && rest.front() != '}') {
    if (rest.front() == ',') rest.remove_prefix(1);
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key(rest.substr(0, equals));
    rest.remove_prefix(equals + 2);
    std::string value;
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\' && rest.size() > 1) {
        rest.remove_prefix(1);
        value += rest.front() == 'n' ? '\n' : rest.front();
      } else {
        value += rest.front();
      }
      rest.remove_prefix(1);
    }
    if (rest.empty()) return std::nullopt;
    rest.remove_prefix(1);
    out[key] = value;
  }
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  return out;
}

bool carries(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto found = labels.find(one.first);
    return found != labels.end() && found->second == one.second;
  });
}

}  // namespace

Reading Reading::parse(std::string_view text) {
  Reading out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto after_name = line.find_first_of("{ ");
    if (line.starts_with('#') || after_name == std::string_view::npos) continue;
    const std::string name(line.substr(0, after_name));
    Sample sample;
    const bool labelled = line[after_name] == '{';
    line.remove_prefix(after_name + 1);
    if (labelled) {
      auto labels = take_labels(line);
      if (!labels) continue;
      sample.labels = std::move(*labels);
    }
    const std::string value(line);
    char* stop = nullptr;
    sample.value = std::strtod(value.c_str(), &stop);
    if (stop == value.c_str()) continue;
    out.samples_[name].push_back(std::move(sample));
  }
  return out;
}

const std::vector<Sample>& Reading::of(const std::string& name) const {
  static const std::vector<Sample> none;
  const auto found = samples_.find(name);
  return found == samples_.end() ? none : found->second;
}

double Reading::sum(const std::string& name, const Labels& labels) const {
  double out = 0;
  for (const Sample& sample : of(name))
    if (carries(sample.labels, labels)) out += sample.value;
  return out;
}

}  // namespace sluice::doctor
