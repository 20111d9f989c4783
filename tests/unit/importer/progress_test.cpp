#include "importer/progress.hpp"

#include <gtest/gtest.h>

namespace sluice::importer::test {
namespace {

TEST(Amount, HasThreeDigits) {
  const std::pair<double, const char*> cases[] = {{0, "0"},         {999, "999"},       {999.6, "1.00 k"},
                                                  {1040, "1.04 k"}, {12345, "12.3 k"},  {123456, "123 k"},
                                                  {1e6, "1.00 M"},  {2.94e9, "2.94 G"}, {99.97e3, "100 k"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(amount(value), text);
}

TEST(Progress, TellsRateAndTimeLeft) {
  Progress p{.bytes = 1'000'000,
             .bytes_in_all = 4'000'000,
             .files = 3,
             .files_in_all = 12,
             .flows = 5'200'000,
             .seconds = 1300};
  EXPECT_EQ(line_of(p),
            "[#####               ]  25 %  1.00 MB of 4.00 MB  3 of 12 files  4.00 k flows/s  1:05:00 left");
  p.bytes = p.bytes_in_all;
  EXPECT_EQ(line_of(p),
            "[####################] 100 %  4.00 MB of 4.00 MB  3 of 12 files  4.00 k flows/s  0:00:00 left");
}

TEST(Progress, OfNothingIsWhole) {
  EXPECT_EQ(line_of({}), "[####################] 100 %  0 B of 0 B  0 of 0 files  0 flows/s");
}

}  // namespace
}  // namespace sluice::importer::test
