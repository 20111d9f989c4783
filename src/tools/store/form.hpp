#pragma once
// The parameters of a URL, percent-encoded as application/x-www-form-urlencoded.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::store {

class Form {
 public:
  /// "a=1&b=x%20y"; a "%" without two hex digits after it stands for itself, as on a server.
  static Form parse(std::string_view query);

  /// The last one of that name, as on a server; nothing where there is none.
  const std::string* find(std::string_view name) const;
  std::string get(std::string_view name) const {
    const std::string* const value = find(name);
    return value == nullptr ? std::string() : *value;
  }
  /// In the order given.
  const std::vector<std::pair<std::string, std::string>>& all() const { return values_; }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace sluice::store
