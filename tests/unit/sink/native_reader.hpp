#pragma once
// A reader of ClickHouse's Native format for tests, which has nothing in common with the writer.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/address.hpp"

namespace sluice::test {

using Values = std::vector<std::string>;

inline std::string joined(const Values& values) {
  std::string out = "[";
  for (const std::string& value : values) out += value + ",";
  return out + "]";
}

/// As the format's document describes it; values as text.
class NativeReader {
 public:
  explicit NativeReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  std::map<std::string, Values> block(std::size_t& rows) {
    const std::uint64_t columns = varint();
    rows = varint();
    std::map<std::string, Values> out;
    for (std::uint64_t i = 0; i < columns; ++i) {
      const std::string name = string();
      out[name] = values(string(), rows);
    }
    return out;
  }

  /// Of a block of one row whose columns are arrays, their elements.
  std::map<std::string, Values> arrays() {
    const std::uint64_t columns = varint();
    EXPECT_EQ(varint(), 1U);
    std::map<std::string, Values> out;
    for (std::uint64_t i = 0; i < columns; ++i) {
      const std::string name = string(), type = string();
      EXPECT_TRUE(type.starts_with("Array(")) << name << " is " << type;
      const std::uint64_t elements = little(8);
      out[name] = values(inner(type, "Array"), elements);
    }
    return out;
  }

 private:
  std::string_view take(std::size_t size) {
    EXPECT_LE(size, rest_.size());
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  std::uint64_t little(std::size_t width) {
    std::uint64_t out = 0;
    const std::string_view bytes = take(width);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return out;
  }
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint64_t byte = little(1);
      out |= (byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
  }
  std::string string() { return std::string(take(varint())); }

  std::string value(const std::string& type) {
    if (type == "Int8") return std::to_string(static_cast<std::int8_t>(little(1)));
    if (type == "UInt32") return std::to_string(little(4));
    if (type == "UInt64" || type == "DateTime64(9, 'UTC')") return std::to_string(little(8));
    if (type == "IPv6") return IpAddress::from_bytes(std::as_bytes(std::span(take(16)))).to_string();
    EXPECT_EQ(type, "String");
    return string();
  }
  static std::string inner(const std::string& type, std::string_view outer) {
    return type.substr(outer.size() + 1, type.size() - outer.size() - 2);
  }
  Values values(const std::string& type, std::size_t rows) {
    Values out;
    if (type.starts_with("Nullable")) {
      const std::string_view nulls = take(rows);
      out = values(inner(type, "Nullable"), rows);
      for (std::size_t i = 0; i < rows; ++i)
        if (nulls[i] != 0) out[i] = "NULL";
    } else if (type.starts_with("Array")) {
      std::vector<std::uint64_t> sizes;
      for (std::uint64_t i = 0, before = 0; i < rows; ++i) {
        const std::uint64_t end = little(8);
        sizes.push_back(end - before);
        before = end;
      }
      std::uint64_t all = 0;
      for (const std::uint64_t size : sizes) all += size;
      const Values elements = values(inner(type, "Array"), all);
      auto at = elements.begin();
      for (const std::uint64_t size : sizes) {
        const auto end = at + static_cast<std::ptrdiff_t>(size);
        out.push_back(joined({at, end}));
        at = end;
      }
    } else {
      for (std::size_t i = 0; i < rows; ++i) out.push_back(value(type));
    }
    return out;
  }

  std::string_view rest_;
};

}  // namespace sluice::test
