#include "setting/reading.hpp"

#include "setting/text.hpp"

namespace sluice::setting {
namespace {

/// Environment and --set give lists and maps as YAML text.
std::optional<Value> unfolded(Reading& in, const std::string& path, const Value& value) {
  if (value.kind != Value::Kind::text || !value.raw) return value;
  const std::size_t before = in.findings().size();
  auto parsed = parse_yaml(value.text, "", value.origin, in.findings());
  if (!parsed || in.findings().size() > before) {
    // The place is known already; name the setting too, since the text may hold several.
    for (std::size_t i = before; i < in.findings().size(); ++i)
      in.findings()[i].message = path + ": " + in.findings()[i].message;
    in.note(path, value);
    in.mark_failed(path);
    return std::nullopt;
  }
  parsed->shorthand = value.shorthand;
  return parsed;
}

std::optional<Value> as_kind(Reading& in, const std::string& path, const Value& value,
                             const std::string& wants, Value::Kind kind) {
  if (value.broken) {
    in.mark_failed(path);
    return std::nullopt;
  }
  auto out = unfolded(in, path, value);
  if (!out) return std::nullopt;
  if (out->kind == Value::Kind::null) out->kind = kind;
  if (out->kind == kind) return out;
  in.fault(path, value.origin, path + " is " + described(*out) + "; " + wants);
  return std::nullopt;
}

}  // namespace

std::string described(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "empty";
    case Value::Kind::text:
      return quote(value.text);
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
      return "a map";
  }
  return {};
}

std::optional<std::string> as_text(Reading& in, const std::string& path, const Value& value,
                                   const std::string& wants) {
  if (value.broken) {
    in.mark_failed(path);
    return std::nullopt;
  }
  if (value.kind == Value::Kind::text) return value.text;
  in.fault(path, value.origin, path + " is " + described(value) + "; " + wants);
  return std::nullopt;
}

std::optional<Value> as_map(Reading& in, const std::string& path, const Value& value,
                            const std::string& wants) {
  return as_kind(in, path, value, wants, Value::Kind::map);
}

std::optional<Value> as_list(Reading& in, const std::string& path, const Value& value,
                             const std::string& wants) {
  return as_kind(in, path, value, wants, Value::Kind::list);
}

void refuse(Reading& in, const std::string& path, const Value& value, const std::string& text,
            const std::string& hint, const std::string& wants) {
  in.fault(path, value.origin, path + " is " + quote(text) + "; " + (hint.empty() ? wants : hint));
}

std::string element(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

std::string line_of(const Origin& origin) {
  return origin.line > 0 ? " (line " + std::to_string(origin.line) + ")" : "";
}

}  // namespace sluice::setting
