// docs/api.md and the code tell the same: every key of every answer, in both directions.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "api/handlers.hpp"
#include "unit/metrics/full_snapshot.hpp"

namespace sluice::api {
namespace {

using nlohmann::json;

/// The block of JSON below each heading "### GET PATH", by path.
std::map<std::string, json> documented() {
  static const std::string kHeading = "### GET ";
  std::map<std::string, json> out;
  std::ifstream in(SLUICE_SOURCE_DIR "/docs/api.md");
  std::string path, text;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kHeading)) path = line.substr(kHeading.size());
    if (inside && line == "```") {
      out[path] = json::parse(text, nullptr, false);
      inside = false;
    } else if (inside) {
      text += line + '\n';
    } else if (line == "```json") {
      inside = true;
      text.clear();
    }
  }
  return out;
}

/// "protocols[].held.bytes": every key below, and not those that are reasons.
void collect_keys(const json& value, const std::string& where, std::set<std::string>& keys) {
  if (value.is_array())
    for (const json& element : value) collect_keys(element, where + "[]", keys);
  if (!value.is_object() || where.ends_with(".errors") || where.ends_with(".failed_flows") ||
      where.ends_with(".bad_messages") || where.ends_with(".ended"))
    return;
  for (const auto& [key, inner] : value.items()) {
    const std::string name = where.empty() ? key : where + "." + key;
    keys.insert(name);
    collect_keys(inner, name, keys);
  }
}

std::set<std::string> keys_of(const json& value) {
  std::set<std::string> keys;
  collect_keys(value, "", keys);
  return keys;
}

TEST(ApiDocument, KeysAreTheCodes) {
  const auto told = documented();
  ASSERT_EQ(told.size(), 6U);
  const http::Handler handler = make_api_handler(metrics::test::full_snapshot);
  for (const auto& [path, example] : told) {
    SCOPED_TRACE(path);
    ASSERT_TRUE(example.is_object()) << "no JSON";
    const auto answer = handler({.method = "GET", .path = path});
    ASSERT_EQ(answer.status, 200U);
    EXPECT_EQ(keys_of(example), keys_of(json::parse(answer.body)));
  }
}

}  // namespace
}  // namespace sluice::api
