#pragma once
// How a command says what it takes: options that are bound to variables of its own, checks of their values,
// words for its help. CLI11 does the work behind it, in command.cpp alone: its headers take longer to compile
// than all commands together. On the main thread.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sluice::cli {

/// What a command does; returns the exit status. What it needs lives as long as it.
using Action = std::function<int()>;

/// What is wrong with the value of an option, as a part of a sentence; "" where nothing is.
using Check = std::function<std::string(const std::string& value)>;

/// An option, flag or argument of a command. A handle: the command line owns what it stands for.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// Of its value, in the help: "FILE".
  Option type_name(const std::string& name) const;
  /// The help shows the value that the variable has now.
  Option default_shown() const;
  Option required() const;
  Option check(Check check) const;
  /// Not both in one command line.
  Option excludes(Option other) const;
  /// For a list: each time it is given it takes one value, not all that follow.
  Option one_value_each() const;

 private:
  CLI::Option* option_;
};

/// A command, or the whole of `sluice`. A handle, as above.
class Command {
 public:
  Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

  Command add_subcommand(const std::string& name, const std::string& what) const;
  /// One of its subcommands must be given.
  void wants_subcommand() const;
  /// `names`: "-c,--config", "--set", or "FILE" for what stands without a name. The variable outlives the
  /// command line.
  Option add_option(const std::string& names, std::string& value, const std::string& what) const;
  Option add_option(const std::string& names, std::vector<std::string>& value, const std::string& what) const;
  Option add_option(const std::string& names, double& value, const std::string& what) const;
  Option add_option(const std::string& names, std::uint16_t& value, const std::string& what) const;
  Option add_option(const std::string& names, std::uint32_t& value, const std::string& what) const;
  Option add_option(const std::string& names, std::uint64_t& value, const std::string& what) const;
  Option add_flag(const std::string& names, bool& value, const std::string& what) const;
  /// What the help says after the options.
  void footer(const std::string& text) const;
  /// What is done where this is the command that was given.
  void action(Action action) const;

 private:
  CLI::App* app_;
  Action* chosen_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& about, const std::string& footer);
  ~CommandLine();

  Command root();
  /// Does what the arguments say, or `otherwise` where they name no command; prints help where they ask for
  /// it, and what is wrong with them. Returns the exit status.
  int run(int argc, char** argv, const Action& otherwise);

 private:
  std::unique_ptr<CLI::App> app_;
  Action chosen_;
};

/// "2.1.2"
std::string_view cli11_version();

}  // namespace sluice::cli
