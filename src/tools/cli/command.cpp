#include "cli/command.hpp"

#include <CLI/CLI.hpp>

#include "cli/options.hpp"

namespace sluice::cli {
namespace {

/// Help with what an operator needs of an option: its value, its default, whether it must be given.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_positional() && option->get_lnames().empty()) return {};
    return option->get_type_size() == 0 ? std::string() : ' ' + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ')';
    if (option->get_required() && !option->get_positional()) text += " (required)";
    return text;
  }
};

/// What the operator was at when the command line turned out wrong.
const CLI::App& given_command(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : *given.front();
}

std::string commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return listed(names);
}

std::string after(const std::string& text, std::string_view mark) {
  const auto at = text.find(mark);
  return at == std::string::npos ? text : text.substr(at + mark.size());
}

/// What is wrong with a command line, in our words. `command` is the subcommand that was given, or the whole.
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

}  // namespace

Option Option::type_name(const std::string& name) const { return Option(option_->type_name(name)); }
Option Option::default_shown() const { return Option(option_->capture_default_str()); }
Option Option::required() const { return Option(option_->required()); }
Option Option::excludes(Option other) const { return Option(option_->excludes(other.option_)); }
Option Option::one_value_each() const { return Option(option_->allow_extra_args(false)); }
Option Option::check(Check check) const {
  return Option(option_->check(
      CLI::Validator([check = std::move(check)](std::string& value) { return check(value); }, "")));
}

Command Command::add_subcommand(const std::string& name, const std::string& what) const {
  return {*app_->add_subcommand(name, what), *chosen_};
}
void Command::wants_subcommand() const { app_->require_subcommand(1); }
void Command::footer(const std::string& text) const { app_->footer(text); }
void Command::action(Action action) const {
  app_->callback([action = std::move(action), chosen = chosen_] { *chosen = action; });
}
Option Command::add_option(const std::string& names, std::string& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_option(const std::string& names, std::vector<std::string>& value,
                           const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_option(const std::string& names, double& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_option(const std::string& names, std::uint16_t& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_option(const std::string& names, std::uint32_t& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_option(const std::string& names, std::uint64_t& value, const std::string& what) const {
  return Option(app_->add_option(names, value, what));
}
Option Command::add_flag(const std::string& names, bool& value, const std::string& what) const {
  return Option(app_->add_flag(names, value, what));
}

CommandLine::CommandLine(const std::string& name, const std::string& about, const std::string& footer)
    : app_(std::make_unique<CLI::App>(about, name)) {
  app_->footer(footer);
  app_->set_help_flag("-h,--help", "Print this help and exit");
  app_->require_subcommand(0, 1);
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(36);
  app_->formatter(formatter);
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return {*app_, chosen_}; }

int CommandLine::run(int argc, char** argv, const Action& otherwise) {
  chosen_ = otherwise;
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app_->exit(help);
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = given_command(*app_);
    return mistake(&command == app_.get() ? "" : command.get_name(), sentence_of(error, command));
  }
  return chosen_();
}

std::string_view cli11_version() { return CLI11_VERSION; }

}  // namespace sluice::cli
