#include "store/error_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::store {
namespace {

constexpr std::string_view kPrefix = "Code: ";

std::string_view name_of(int code) {
  switch (code) {
    case code::kSyntax:
      return "SYNTAX_ERROR";
    case code::kUnknownSetting:
      return "UNKNOWN_SETTING";
    case code::kNotImplemented:
      return "NOT_IMPLEMENTED";
    case code::kIncorrectData:
      return "INCORRECT_DATA";
    case code::kReadonly:
      return "READONLY";
    case code::kRequiredPassword:
      return "REQUIRED_PASSWORD";
    case code::kSessionIsLocked:
      return "SESSION_IS_LOCKED";
    case code::kSessionNotFound:
      return "SESSION_NOT_FOUND";
    case code::kInvalidSessionTimeout:
      return "INVALID_SESSION_TIMEOUT";
    case code::kIntoOutfileNotAllowed:
      return "INTO_OUTFILE_NOT_ALLOWED";
    case code::kTooManyQueries:
      return "TOO_MANY_SIMULTANEOUS_QUERIES";
    case code::kQueryIsTooLarge:
      return "QUERY_IS_TOO_LARGE";
    case code::kAccessDenied:
      return "ACCESS_DENIED";
    case code::kAuthenticationFailed:
      return "AUTHENTICATION_FAILED";
    default:
      return "UNKNOWN_EXCEPTION";
  }
}

struct StatusOfCodes {
  unsigned status;
  std::array<int, 32> codes;  // zeros after the last
};

// What a server of ClickHouse answers; every other code is a 500.
constexpr std::array kStatuses{
    StatusOfCodes{400, {6,  8,   15,  25,  26,  27,  36,  37,  38,  41,  44,  53, 62,
                        72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676}},
    StatusOfCodes{401, {194}},
    StatusOfCodes{403, {192, 193, 497, 512, 516}},
    StatusOfCodes{404, {46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511}},
    StatusOfCodes{408, {159}},
    StatusOfCodes{411, {381}},
    StatusOfCodes{413, {229}},
    StatusOfCodes{415, {779}},
    StatusOfCodes{501, {48}},
    StatusOfCodes{503, {76, 209, 439}},
};

/// The length of "Code: N. DB::Exception: " at the beginning; 0 where there is none.
std::size_t prefix_length(std::string_view error) {
  constexpr std::string_view kAfter = ". DB::Exception: ";
  if (!error.starts_with(kPrefix)) return 0;
  const std::size_t digits_end = error.find_first_not_of("0123456789", kPrefix.size());
  if (digits_end == std::string_view::npos || !error.substr(digits_end).starts_with(kAfter)) return 0;
  return digits_end + kAfter.size();
}

/// Where the "(NAME)" begins with which an error ends; npos where there is none.
std::size_t name_begin(std::string_view error) {
  if (!error.ends_with(')')) return std::string_view::npos;
  const std::size_t open = error.rfind('(');
  if (open == std::string_view::npos) return open;
  const std::string_view name = error.substr(open + 1, error.size() - open - 2);
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos
             ? open
             : std::string_view::npos;
}

/// "Code: 1. DB::Exception: Code: 1. DB::Exception: text. (NAME) (version 26.7). (NAME)": one layer taken
/// off.
bool unwrap(std::string& error) {
  const std::size_t prefix = prefix_length(error);
  if (prefix == 0 || prefix_length(std::string_view(error).substr(prefix)) != prefix) return false;
  error.erase(0, prefix);
  constexpr std::string_view kVersion = " (version ";
  if (const std::size_t version = error.rfind(kVersion);
      version != std::string::npos && error.ends_with(')') && error.find(')', version) == error.size() - 1)
    error.erase(version);
  if (const std::size_t name = name_begin(error); name != std::string::npos && name >= 2)
    error.erase(name - 2);
  return true;
}

}  // namespace

std::string error_text(int code, std::string_view text) {
  return std::string(kPrefix) + std::to_string(code) + ". DB::Exception: " + std::string(text) + ". (" +
         std::string(name_of(code)) + ')';
}

int code_of(std::string_view error) {
  int code = 0;
  if (error.starts_with(kPrefix))
    std::from_chars(error.data() + kPrefix.size(), error.data() + error.size(), code);
  return code;
}

std::string shown_error(std::string_view error, std::string_view version) {
  std::string text(error.substr(0, error.find_last_not_of('\n') + 1));
  while (unwrap(text)) {
  }
  if (text.rfind(" (version ") == std::string::npos) text += " (version " + std::string(version) + ')';
  return text + '\n';
}

unsigned status_of(int code) {
  for (const auto& [status, codes] : kStatuses)
    if (code != 0 && std::ranges::find(codes, code) != codes.end()) return status;
  return 500;
}

}  // namespace sluice::store
