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

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

/// "a, b or c"
std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return out;
}

std::string commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return listed(names);
}

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
  return CLI::Validator(
      [choices = std::move(choices)](std::string& text) -> std::string {
        return std::ranges::find(choices, text) != choices.end()
                   ? std::string()
                   : in_quotes(text) + " is not " + listed(choices);
      },
      "");
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

std::string sentence_of(const CLI::ParseError& error, const CLI::App& command) {
  const std::string text = error.what();
  const bool takes_commands = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  const auto rest = command.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !rest.empty()) {
    if (rest.front().starts_with('-')) return "unknown option " + rest.front();
    return (takes_commands ? "unknown command " : "unexpected argument ") + in_quotes(rest.front());
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error)) {
    if (takes_commands)
      return rest.empty() ? commands_of(command) + " is missing"
                          : in_quotes(rest.front()) + " is not " + commands_of(command);
    return text.substr(0, text.find(" is required")) + " is missing";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    const std::string option = text.substr(0, text.find(':'));
    return option +
           (text.find("missing") != std::string::npos ? " needs a value" : " was given more than once");
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error))
    if (const auto at = text.find(" excludes "); at != std::string::npos)
      return text.substr(0, at) + " and " + after(text, " excludes ") + " exclude each other";
  return text;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_positional() && option->get_lnames().empty()) return {};
  return option->get_type_size() == 0 ? std::string() : ' ' + option->get_type_name();
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ')';
  if (option->get_required() && !option->get_positional()) text += " (required)";
  return text;
}

}  // namespace sluice::cli
