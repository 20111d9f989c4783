#pragma once
// /metrics as numbers. Values; any thread.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::doctor {

using Labels = std::map<std::string, std::string>;

struct Sample {
  Labels labels;
  double value = 0;
};

class Reading {
 public:
  /// The Prometheus text format. Lines that are none are passed over.
  static Reading parse(std::string_view text);

  const std::vector<Sample>& of(const std::string& name) const;
  bool has(const std::string& name) const { return !of(name).empty(); }
  /// The sum of the samples that carry all of `labels`; 0 without any.
  double sum(const std::string& name, const Labels& labels = {}) const;

 private:
  std::map<std::string, std::vector<Sample>, std::less<>> samples_;
};

}  // namespace sluice::doctor
