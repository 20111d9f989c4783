#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "metrics/collectable.hpp"
#include "util/unique_fd.hpp"

namespace sluice::metrics {
namespace {

double value(const char* name) {
  const auto all = process_families();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == name; });
  if (found == all.end()) return -1;
  const auto& metric = found->metric.at(0);
  return found->type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
}

TEST(ProcessFamilies, CountsDescriptors) {
  const double before = value("process_open_fds");
  EXPECT_GE(before, 1);
  std::vector<UniqueFd> more;
  for (int i = 0; i < 5; ++i) more.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(value("process_open_fds"), before + 5);
}

TEST(ProcessFamilies, StartLiesBetweenBootAndNow) {
  const double start = value("process_start_time_seconds");
  const auto now = static_cast<double>(::time(nullptr));
  // The kernel rounds the time of boot to a second.
  EXPECT_LE(start, now + 2);
  EXPECT_GT(start, now - 3600) << "a test that is an hour old";
}

TEST(ProcessFamilies, ResidentMemoryFollowsWhatIsTouched) {
  const double before = value("process_resident_memory_bytes");
  EXPECT_GT(before, 0);
  EXPECT_LE(before, value("process_virtual_memory_bytes"));
  constexpr std::size_t kMore = 64 << 20;
  const std::vector<char> touched(kMore, 'x');
  EXPECT_GT(value("process_resident_memory_bytes"), before + 0.9 * kMore) << touched[kMore / 2];
}

TEST(ProcessFamilies, CpuTimeGrowsWithWork) {
  const double before = value("process_cpu_seconds_total");
  volatile unsigned work = 0;
  do {
    for (int i = 0; i < 1000000; ++i) work = work + 1;
  } while (value("process_cpu_seconds_total") < before + 0.01);
  EXPECT_LE(value("process_cpu_seconds_total"), before + 5);
}

}  // namespace
}  // namespace sluice::metrics
