#pragma once
// A tree of settings as they were written, each with the place that an error message names. YAML, environment
// and --set all become this, so that one reader serves the three.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::setting {

enum class Layer { file, environment, set };

struct Origin {
  Layer layer = Layer::file;
  int line = 0;        ///< of the file; 0 elsewhere
  std::string source;  ///< "setting/x.yaml:12", "--set kafka.topic", "environment SLUICE_KAFKA__TOPIC"
};

/// A mistake while it can still be sorted by its place.
struct Finding {
  Origin origin;
  std::string message;
};

struct Value {
  enum class Kind { null, text, list, map };
  Kind kind = Kind::null;
  std::string text;
  /// The text was not parsed as YAML yet: where a list or a map is wanted it is YAML text, else it stands as
  /// it is.
  bool raw = false;
  /// A sink written as top-level `kafka:`.
  bool shorthand = false;
  /// A fault of this value was told already; it says nothing any more.
  bool broken = false;
  Origin origin;
  std::vector<Value> items;       ///< of a list, or the values of a map
  std::vector<std::string> keys;  ///< of a map, parallel to items

  static Value of(std::string text);
  static Value list();
  static Value map();

  Value* find(std::string_view key);
  const Value* find(std::string_view key) const;
  Value& set(std::string key, Value value);  ///< replaces or appends
  void remove(std::string_view key);
};

/// Parses YAML text. `file` is the path for origins line by line; where it is empty all values have `origin`.
/// Nothing where it is no YAML; what is wrong is appended to `findings` either way.
std::optional<Value> parse_yaml(const std::string& text, const std::string& file, const Origin& origin,
                                std::vector<Finding>& findings);

/// As block-style YAML; text that load() would substitute is escaped.
std::string emit_yaml(const Value& value);

}  // namespace sluice::setting
