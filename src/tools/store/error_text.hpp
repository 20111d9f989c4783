#pragma once
// ClickHouse's errors: their form, their numbers, and the status of HTTP that a server gives for them.
#include <string>
#include <string_view>

namespace sluice::store {

/// Numbers of errors that are made here.
namespace code {
inline constexpr int kSyntax = 62;
inline constexpr int kUnknownSetting = 115;
inline constexpr int kNotImplemented = 48;
inline constexpr int kIncorrectData = 117;
inline constexpr int kReadonly = 164;
inline constexpr int kRequiredPassword = 194;
inline constexpr int kSessionIsLocked = 373;
inline constexpr int kSessionNotFound = 372;
inline constexpr int kInvalidSessionTimeout = 374;
inline constexpr int kIntoOutfileNotAllowed = 358;
inline constexpr int kTooManyQueries = 202;
inline constexpr int kQueryIsTooLarge = 229;
inline constexpr int kAccessDenied = 497;
inline constexpr int kAuthenticationFailed = 516;
}  // namespace code

/// "Code: 62. DB::Exception: TEXT. (SYNTAX_ERROR)"
std::string error_text(int code, std::string_view text);

/// The number after "Code: "; 0 where there is none.
int code_of(std::string_view error);

/// As a server shows it: said once (the engine wraps some errors in themselves), with the version, and a line
/// break at the end.
std::string shown_error(std::string_view error, std::string_view version);

/// The status of HTTP for an error of that number.
unsigned status_of(int code);

}  // namespace sluice::store
