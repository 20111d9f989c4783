#include "store/error_text.hpp"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

TEST(ErrorText, HasClickHousesForm) {
  const std::string text = error_text(code::kUnknownSetting, "Unknown setting 'x'");
  EXPECT_EQ(text, "Code: 115. DB::Exception: Unknown setting 'x'. (UNKNOWN_SETTING)");
  EXPECT_EQ(code_of(text), 115);
  EXPECT_EQ(code_of("something else"), 0);
}

TEST(ErrorText, ShownWithTheVersion) {
  EXPECT_EQ(shown_error("Code: 60. DB::Exception: No t. (UNKNOWN_TABLE)", "26.7"),
            "Code: 60. DB::Exception: No t. (UNKNOWN_TABLE) (version 26.7)\n");
  EXPECT_EQ(shown_error("Code: 60. DB::Exception: No t. (UNKNOWN_TABLE) (version 1.2)\n", "26.7"),
            "Code: 60. DB::Exception: No t. (UNKNOWN_TABLE) (version 1.2)\n");
}

TEST(ErrorText, WrappedErrorsAreSaidOnce) {
  EXPECT_EQ(
      shown_error(
          "Code: 73. DB::Exception: Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format X. "
          "(UNKNOWN_FORMAT) (version 26.7). (UNKNOWN_FORMAT) (version 26.7). (UNKNOWN_FORMAT)",
          "26.7"),
      "Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) (version 26.7)\n");
  // The outer one says more than the inner.
  const std::string other =
      "Code: 1. DB::Exception: While: Code: 73. DB::Exception: x. (A) (version 26.7). (B)";
  EXPECT_EQ(shown_error(other, "26.7"), other + "\n");
}

TEST(ErrorText, StatusesAreThoseOfAServer) {
  for (const auto& [status, code] : {std::pair{400U, 62},
                                     {404U, 60},
                                     {404U, 81},
                                     {404U, 115},
                                     {403U, 516},
                                     {401U, 194},
                                     {408U, 159},
                                     {501U, 48},
                                     {413U, 229},
                                     {500U, 243},
                                     {500U, 164},
                                     {500U, 0}})
    EXPECT_EQ(status_of(code), status) << code;
}

}  // namespace
}  // namespace sluice::store
