#pragma once
// Questions as pages ask them, at a fixed time.
#include <gmock/gmock.h>

#include "web/question.hpp"

namespace sluice::web::test {

/// 2026-11-29 10:00:00 UTC.
inline constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'795'946'400)};

inline Or<Question> read(json body, View view = View::series) { return read_question(body, view, kNow, {}); }

inline Question question(json body, View view = View::series) {
  auto out = read(std::move(body), view);
  EXPECT_TRUE(out) << (out ? "" : out.error().text);
  return out ? *out : Question{};
}

}  // namespace sluice::web::test
