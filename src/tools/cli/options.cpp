#include "cli/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "cli/cli.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::cli {
namespace {

template <class T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shown(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  return {text, end};
}

Check number(double least, bool inclusive) {
  return [=](const std::string& text) -> std::string {
    const auto value = parsed<double>(text);
    if (value && std::isfinite(*value) && (inclusive ? *value >= least : *value > least)) return {};
    return in_quotes(text) + " is no number " + (inclusive ? "from " : "above ") + shown(least) +
           (inclusive ? " up" : "");
  };
}

}  // namespace

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return out;
}

Check number_from(double least) { return number(least, true); }
Check number_above(double least) { return number(least, false); }

Check whole_number(std::uint64_t least, std::uint64_t most) {
  return [=](const std::string& text) -> std::string {
    const auto value = parsed<std::uint64_t>(text);
    if (value && *value >= least && *value <= most) return {};
    std::string range = most == UINT64_MAX ? " up" : " to " + std::to_string(most);
    return in_quotes(text) + " is no whole number from " + std::to_string(least) + range;
  };
}

Check one_of(std::vector<std::string> choices) {
  return [choices = std::move(choices)](const std::string& text) -> std::string {
    return std::ranges::find(choices, text) != choices.end() ? std::string()
                                                             : in_quotes(text) + " is not " + listed(choices);
  };
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : "|") + word;
  return out;
}

Check ip_address() {
  return [](const std::string& text) -> std::string {
    return IpAddress::parse(text) ? std::string() : in_quotes(text) + " is no IPv4 or IPv6 address";
  };
}

int mistake(std::string_view command, std::string_view sentence) {
  const std::string name = command.empty() ? "sluice" : "sluice " + std::string(command);
  std::fprintf(stderr, "%s: %.*s; see %s --help\n", name.c_str(), static_cast<int>(sentence.size()),
               sentence.data(), name.c_str());
  return kMistake;
}

int failed(std::string_view command, std::string_view sentence) {
  std::fprintf(stderr, "sluice %.*s: %.*s\n", static_cast<int>(command.size()), command.data(),
               static_cast<int>(sentence.size()), sentence.data());
  return kFailed;
}

}  // namespace sluice::cli
