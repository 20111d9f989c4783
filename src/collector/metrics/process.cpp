// The process's own figures, from /proc and getrusage. What cannot be read is left out.
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "metrics/collectable.hpp"

namespace sluice::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  // One of them is the directory that is being read.
  return static_cast<double>(std::distance(entries, std::filesystem::directory_iterator{}) - 1);
}

std::optional<double> descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

/// Unix time at which the kernel was started, proc(5), /proc/stat.
std::optional<double> boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word; in.ignore(std::numeric_limits<std::streamsize>::max(), '\n'))
    if (double value = 0; word == "btime" && in >> value) return value;
  return std::nullopt;
}

/// Field 22 of /proc/self/stat, in ticks since boot. The name in field 2 may hold blanks and parentheses.
std::optional<double> start_ticks() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; number < 22; ++number) rest >> field;
  if (double ticks = 0; rest >> ticks) return ticks;
  return std::nullopt;
}

std::optional<double> start_time() {
  const auto boot = boot_time();
  const auto ticks = start_ticks();
  if (!boot || !ticks) return std::nullopt;
  return *boot + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Memory {
  std::optional<double> virtual_bytes, resident_bytes;
};
Memory memory() {
  std::ifstream in("/proc/self/statm");
  double total = 0;
  double resident = 0;
  if (!(in >> total >> resident)) return {};
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {.virtual_bytes = total * page, .resident_bytes = resident * page};
}

}  // namespace

std::vector<MetricFamily> process_families() {
  std::vector<MetricFamily> out;
  const auto add = [&out](const char* name, MetricType type, std::optional<double> value, const char* help) {
    if (!value) return;
    prometheus::ClientMetric metric;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = *value;
    out.push_back({.name = name, .help = help, .type = type, .metric = {metric}});
  };
  const Memory used = memory();
  add("process_cpu_seconds_total", MetricType::Counter, cpu_seconds(),
      "User and system CPU time of all threads");
  add("process_resident_memory_bytes", MetricType::Gauge, used.resident_bytes, "Resident memory");
  add("process_virtual_memory_bytes", MetricType::Gauge, used.virtual_bytes, "Virtual memory");
  add("process_open_fds", MetricType::Gauge, open_descriptors(), "Open file descriptors");
  add("process_max_fds", MetricType::Gauge, descriptor_limit(), "Limit of open file descriptors");
  add("process_start_time_seconds", MetricType::Gauge, start_time(),
      "Unix time at which the process started");
  return out;
}

}  // namespace sluice::metrics
