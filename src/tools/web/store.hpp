#pragma once
// The store behind the page: ClickHouse or `sluice store`, asked with limits, and never anything but to read.
// Any thread; no state is shared between calls.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/tls.hpp"
#include "http/url.hpp"
#include "query/client.hpp"
#include "web/error.hpp"

namespace sluice::web {

/// What is asked. All values are bound: the text is made of names and functions of the program's own tables.
struct Statement {
  std::string sql;
  std::map<std::string, std::string> parameters;
};

struct StoreLimits {
  std::chrono::seconds time{30};
  std::uint64_t memory = 2ULL << 30;
};

struct StoreAccess {
  http::Url url;
  query::Login login;
  http::Trust trust;
  std::string database = "sluice";
  StoreLimits limits;
};

struct Progress {
  std::uint64_t rows = 0;
  std::uint64_t of = 0;
};

class Store {
 public:
  explicit Store(StoreAccess access) : access_(std::move(access)) {}

  /// The answer in `format` piece by piece, until `take` returns false. `id` marks the statement.
  Or<query::Cost> ask(const Statement& statement, const std::string& id, const std::string& format,
                      bool as_it_comes, const query::Take& take) const;
  /// Rows as arrays, for short answers.
  Or<std::vector<json>> rows(const Statement& statement, const std::string& id = "web") const;

  /// How far the statement with this mark is; nothing where it does not run.
  std::optional<Progress> progress(const std::string& id) const;
  /// Has it stopped; returns before it is.
  void stop(const std::string& id) const;

  const StoreAccess& access() const { return access_; }

 private:
  StoreAccess access_;
};

/// Lines of JSONCompactEachRow. An error where one is no JSON.
Or<std::vector<json>> rows_of(std::string_view text);

}  // namespace sluice::web
