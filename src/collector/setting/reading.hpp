#pragma once
// What one run of the reader has seen: which setting came from where, which was wrong.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "setting/value.hpp"

namespace sluice::setting {

class Reading {
 public:
  /// `all_paths` of settings are what a word at the wrong place may have meant.
  explicit Reading(std::vector<Finding>& findings, std::vector<std::string> all_paths = {})
      : findings_(findings), all_paths_(std::move(all_paths)) {}

  void note(const std::string& path, const Value& value) { origins_.insert_or_assign(path, value.origin); }
  /// The value at `path` is wrong: "PATH is "...", MESSAGE" is the caller's to word.
  void fault(const std::string& path, const Origin& origin, std::string message) {
    failed_.insert(path);
    findings_.push_back({origin, std::move(message)});
  }
  /// A fault told elsewhere.
  void mark_failed(const std::string& path) { failed_.insert(path); }
  bool given(const std::string& path) const { return origins_.contains(path); }
  /// Rules over several settings keep quiet where one of them is wrong by itself.
  bool failed(const std::string& path) const { return failed_.contains(path); }
  Origin origin(const std::string& path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? Origin{Layer::file, 0, "defaults"} : found->second;
  }
  const std::map<std::string, Origin>& origins() const { return origins_; }
  std::vector<Finding>& findings() { return findings_; }
  const std::vector<std::string>& all_paths() const { return all_paths_; }

 private:
  std::vector<Finding>& findings_;
  const std::vector<std::string> all_paths_;
  std::map<std::string, Origin> origins_;
  std::set<std::string> failed_;
};

/// The text of a scalar; a fault where it is a list, a map or nothing. `wants` is "it takes ...".
std::optional<std::string> as_text(Reading& in, const std::string& path, const Value& value,
                                   const std::string& wants);
/// The value as a map (of nothing where it is empty), or a fault.
std::optional<Value> as_map(Reading& in, const std::string& path, const Value& value,
                            const std::string& wants);
std::optional<Value> as_list(Reading& in, const std::string& path, const Value& value,
                             const std::string& wants);
/// What stands there, for a message: `"text"`, `a list`, `a map`, `empty`.
std::string described(const Value& value);
/// The fault of a text that no codec takes; `hint` beats `wants` where there is one.
void refuse(Reading& in, const std::string& path, const Value& value, const std::string& text,
            const std::string& hint, const std::string& wants);

/// A secret written in place, and one in a file that the value names; only one of the two may be given.
void read_secret(Reading& in, const std::string& path, const Value& value, std::string& target);
void read_secret_file(Reading& in, const std::string& path, const Value& value, std::string& target);
/// A whole small file. Nothing, and the reason ("No such file or directory") in `reason`, where it cannot be
/// read.
std::optional<std::string> read_small_file(const std::string& path, std::string& reason);
/// "listeners[2]".
std::string element(const std::string& path, std::size_t index);
/// " (line 12)", or "" where the value is from no file.
std::string line_of(const Origin& origin);

}  // namespace sluice::setting
