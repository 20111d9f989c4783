#include "cli/options.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "sluice/cli/cli.hpp"
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

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

CLI::Validator number(double least, bool inclusive) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto value = parsed<double>(text);
        if (value && std::isfinite(*value) && (inclusive ? *value >= least : *value > least)) return {};
        return in_quotes(text) + " is no number " + (inclusive ? "from " : "above ") + shown(least) +
               (inclusive ? " up" : "");
      },
      "");
}

std::string after(const std::string& text, std::string_view mark) {
  const auto at = text.find(mark);
  return at == std::string::npos ? text : text.substr(at + mark.size());
}

}  // namespace

CLI::Validator number_from(double least) { return number(least, true); }
CLI::Validator number_above(double least) { return number(least, false); }

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto value = parsed<std::uint64_t>(text);
        if (value && *value >= least && *value <= most) return {};
        std::string range = most == UINT64_MAX ? " up" : " to " + std::to_string(most);
        return in_quotes(text) + " is no whole number from " + std::to_string(least) + range;
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> choices) {
  std::string names;
  for (const auto& choice : choices) names += (names.empty() ? "" : "|") + choice;
  return CLI::Validator(
      [choices = std::move(choices)](std::string& text) -> std::string {
        std::string list;
        for (std::size_t i = 0; i < choices.size(); ++i) {
          if (choices[i] == text) return {};
          list += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
        }
        return in_quotes(text) + " is not " + list;
      },
      names);
}

CLI::Validator ip_address() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        return IpAddress::parse(text) ? std::string() : in_quotes(text) + " is no IPv4 or IPv6 address";
      },
      "");
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

std::string sentence_of(const CLI::ParseError& error, bool at_command) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
    // "The following argument was not expected: a" or "... arguments were not expected: b a", the last first
    const std::string names = after(text, "expected: ");
    const std::string first = names.substr(names.rfind(' ') == std::string::npos ? 0 : names.rfind(' ') + 1);
    if (first.starts_with('-')) return "unknown option " + first;
    return (at_command ? "unexpected argument " : "unknown command ") + in_quotes(first);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error)) {
    const std::string what = text.substr(0, text.find(" is required"));
    return what + " is missing";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    const std::string option = text.substr(0, text.find(':'));
    return text.find("missing") != std::string::npos || text.find("at least") != std::string::npos
               ? option + " needs a value"
               : option + " was given more than once";
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error)) {
    const auto at = text.find(" excludes ");
    if (at != std::string::npos)
      return text.substr(0, at) + " and " + after(text, " excludes ") + " exclude each other";
  }
  return text;
}

}  // namespace sluice::cli
