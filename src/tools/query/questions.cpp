#include "query/questions.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace sluice::query {
namespace {

constexpr std::string_view kHeading = "## ";
constexpr std::string_view kReading = "Read it: ";
constexpr std::string_view kParameters = "Parameters:";

struct Lines {
  std::vector<std::string> text;
  std::size_t at = 0;

  bool end() const { return at == text.size(); }
  const std::string& line() const { return text[at]; }
};

std::string wrong(std::size_t line, const std::string& what) {
  return "docs/queries.md:" + std::to_string(line + 1) + ": " + what;
}

/// "## 7. Who scans?"; other headings are no questions.
std::optional<Question> heading(const std::string& line) {
  if (!line.starts_with(kHeading)) return std::nullopt;
  const auto dot = line.find(". ", kHeading.size());
  if (dot == std::string::npos) return std::nullopt;
  const std::string digits = line.substr(kHeading.size(), dot - kHeading.size());
  if (digits.empty() || digits.size() > 4 || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  Question question;
  question.number = static_cast<unsigned>(std::stoul(digits));
  question.title = line.substr(dot + 2);
  return question;
}

Parameter parameter_of(std::string_view span) {
  const auto equals = span.find('=');
  Parameter out;
  out.placeholder.name = span.substr(0, equals);
  if (equals != std::string_view::npos) out.fallback = span.substr(equals + 1);
  return out;
}

/// Length of what stands in the parentheses that text begins behind; they may be nested.
std::size_t until_closed(std::string_view text) {
  int depth = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return text.size();
}

/// "`port=53` (the port), `limit=10`"; what stands in parentheses explains the one before it.
std::vector<Parameter> parameters(std::string_view text) {
  std::vector<Parameter> out;
  for (auto at = text.find_first_of("`("); at != std::string_view::npos; at = text.find_first_of("`(")) {
    const bool span = text[at] == '`';
    text.remove_prefix(at + 1);
    const std::string_view inside = text.substr(0, span ? text.find('`') : until_closed(text));
    if (span)
      out.push_back(parameter_of(inside));
    else if (!out.empty())
      out.back().meaning = inside;
    text.remove_prefix(std::min(inside.size() + 1, text.size()));
  }
  return out;
}

std::string take_block(Lines& lines) {
  std::string sql;
  for (++lines.at; !lines.end() && lines.line() != "```"; ++lines.at) sql += lines.line() + '\n';
  return sql;
}

/// A paragraph: the line and those after it up to a blank one.
std::string take_paragraph(Lines& lines) {
  std::string out = lines.line();
  while (lines.at + 1 < lines.text.size() && !lines.text[lines.at + 1].empty())
    out += ' ' + lines.text[++lines.at];
  return out;
}

/// Gives each parameter of the document its type, or says what does not fit. Empty: all is well.
std::string join(Question& question) {
  const auto wanted = placeholders(question.sql);
  std::map<std::string, std::string> fallbacks;
  for (Parameter& parameter : question.parameters) {
    const auto& name = parameter.placeholder.name;
    const auto found = std::ranges::find(wanted, name, &Placeholder::name);
    if (found == wanted.end()) return "parameter " + name + " is not in the SQL";
    if (!fallbacks.emplace(name, parameter.fallback).second)
      return "parameter " + name + " stands there twice";
    parameter.placeholder = *found;
  }
  for (const Placeholder& one : wanted)
    if (!fallbacks.contains(one.name)) return "parameter " + one.name + " has no default";
  const auto resolved = resolve(wanted, fallbacks, std::chrono::system_clock::time_point());
  return resolved ? "" : "default of " + resolved.error();
}

std::string wrong_with(Question& question) {
  if (question.title.empty()) return "the question is empty";
  if (question.sql.empty()) return "the question has no ```sql block";
  if (question.reading.empty()) return "the question has no line \"Read it: ...\"";
  return join(question);
}

/// From behind the heading to before the next. Empty: all is well.
std::string take_question(Lines& lines, Question& question) {
  for (; !lines.end() && !lines.line().starts_with(kHeading); ++lines.at) {
    if (lines.line() == "```sql") {
      if (!question.sql.empty()) return "a second ```sql block";
      question.sql = take_block(lines);
      if (lines.end()) return "the ```sql block has no end";
    } else if (lines.line().starts_with(kReading)) {
      question.reading = take_paragraph(lines).substr(kReading.size());
    } else if (lines.line().starts_with(kParameters)) {
      question.parameters = parameters(take_paragraph(lines));
    }
  }
  return wrong_with(question);
}

}  // namespace

Result<std::vector<Question>, std::string> parse_questions(std::string_view text) {
  Lines lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.text.push_back(line);
  std::vector<Question> out;
  while (!lines.end()) {
    const std::size_t at = lines.at++;
    auto question = heading(lines.text[at]);
    if (!question) continue;
    if (question->number != out.size() + 1)
      return failure(wrong(at, "question " + std::to_string(question->number) + " should be number " +
                                   std::to_string(out.size() + 1)));
    if (const std::string what = take_question(lines, *question); !what.empty())
      return failure(wrong(at, what));
    out.push_back(std::move(*question));
  }
  return out;
}

}  // namespace sluice::query
