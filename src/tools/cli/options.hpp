#pragma once
// Checks of option values, each with a sentence of its own for a value that cannot be.
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// A finite number of at least `least`, or above it.
CLI::Validator number_from(double least);
CLI::Validator number_above(double least);
/// A whole number in decimal from `least` to `most`.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
CLI::Validator one_of(std::vector<std::string> choices);
CLI::Validator ip_address();

/// "sluice decode: what is wrong; see `sluice decode --help`" on stderr; returns kMistake.
int mistake(std::string_view command, std::string_view sentence);
/// "sluice decode: what failed" on stderr; returns kFailed.
int failed(std::string_view command, std::string_view sentence);

/// What is wrong with a command line, in our words. `command` is the subcommand that was given, or the whole.
std::string sentence_of(const CLI::ParseError& error, const CLI::App& command);

/// Help with what an operator needs of an option: its value, its default, whether it must be given.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace sluice::cli
