#pragma once
// Writes small files in MaxMind's format (version 2.0 of its specification): records of 24 bits, IPv6 with
// IPv4 at
// ::/96, values that are maps of texts, numbers and maps. For tests; as slow as it is short.
#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "sluice/flow/address.hpp"

namespace sluice::test {

class MmdbWriter {
 public:
  struct Value;
  using Map = std::map<std::string, Value>;
  struct Value {
    std::variant<std::string, std::uint32_t, Map> of;
    Value(const char* text) : of(std::string(text)) {}
    Value(std::uint32_t number) : of(number) {}
    Value(Map map) : of(std::move(map)) {}
  };

  explicit MmdbWriter(std::string type) : type_(std::move(type)) {}

  void add(const std::string& prefix, const Map& value) {
    const IpPrefix parsed = IpPrefix::parse(prefix).value();
    std::array<std::uint8_t, 16> bits{};
    const unsigned shift = parsed.address.is_v4() ? 12 : 0;
    for (std::size_t i = 0; i < parsed.address.size; ++i) bits[shift + i] = parsed.address.bytes[i];
    const unsigned length = parsed.length + 8 * shift;
    std::size_t node = 0;
    for (unsigned i = 0; i + 1 < length; ++i) {
      std::int64_t& next = nodes_[node][bit(bits, i)];
      if (next < 0) {
        next = static_cast<std::int64_t>(nodes_.size());
        nodes_.push_back(kEmpty);
        node = nodes_.size() - 1;
      } else {
        node = static_cast<std::size_t>(next);
      }
    }
    leaves_.push_back({node, bit(bits, length - 1), data_.size()});
    put(data_, Value(value));
  }

  void write(const std::string& path) const {
    std::string out;
    std::vector<std::array<std::uint64_t, 2>> records;
    for (const auto& node : nodes_) {
      auto& record = records.emplace_back();
      for (std::size_t side = 0; side < 2; ++side)
        record[side] = node[side] < 0 ? nodes_.size() : static_cast<std::uint64_t>(node[side]);
    }
    for (const auto& leaf : leaves_) records[leaf.node][leaf.side] = nodes_.size() + 16 + leaf.offset;
    for (const auto& record : records)
      for (const std::uint64_t value : record)
        for (const int byte : {16, 8, 0}) out.push_back(static_cast<char>(value >> byte));
    out += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    std::string about;
    const auto say = [&](const std::string& key, unsigned type, std::uint64_t value, int size) {
      put(about, Value(key.c_str()));
      if (type < 8) {
        head(about, type, static_cast<std::size_t>(size));
      } else {  // the greater ones have a byte of their own
        head(about, 0, static_cast<std::size_t>(size));
        about.push_back(static_cast<char>(type - 7));
      }
      for (int byte = 8 * (size - 1); byte >= 0; byte -= 8) about.push_back(static_cast<char>(value >> byte));
    };
    constexpr unsigned kUint16 = 5, kUint32 = 6, kUint64 = 9, kArray = 11;
    head(about, 7, 9);
    say("binary_format_major_version", kUint16, 2, 2);
    say("binary_format_minor_version", kUint16, 0, 2);
    say("ip_version", kUint16, 6, 2);
    say("record_size", kUint16, 24, 2);
    say("node_count", kUint32, nodes_.size(), 4);
    say("build_epoch", kUint64, 1750000000, 8);
    put(about, Value("database_type"));
    put(about, Value(type_.c_str()));
    put(about, Value("description"));
    put(about, Value(Map{}));
    put(about, Value("languages"));
    head(about, 0, 1);
    about.push_back(static_cast<char>(kArray - 7));
    put(about, Value("en"));
    std::ofstream(path, std::ios::binary) << out << about;
  }

 private:
  using Node = std::array<std::int64_t, 2>;
  static constexpr Node kEmpty{-1, -1};
  struct Leaf {
    std::size_t node, side, offset;
  };

  static std::size_t bit(const std::array<std::uint8_t, 16>& bits, unsigned i) {
    return bits[i / 8] >> (7 - i % 8) & 1U;
  }
  static void head(std::string& out, unsigned type, std::size_t size) {
    out.push_back(static_cast<char>(type << 5 | std::min<std::size_t>(size, 29)));
    if (size >= 29) out.push_back(static_cast<char>(size - 29));  // longer than 284 bytes is nothing here
  }
  static void put(std::string& out, const Value& value) {
    if (const auto* const text = std::get_if<std::string>(&value.of)) {
      head(out, 2, text->size());
      out += *text;
    } else if (const auto* const number = std::get_if<std::uint32_t>(&value.of)) {
      head(out, 6, 4);
      for (const int byte : {24, 16, 8, 0}) out.push_back(static_cast<char>(*number >> byte));
    } else {
      const Map& map = std::get<Map>(value.of);
      head(out, 7, map.size());
      for (const auto& [key, of] : map) {
        put(out, Value(key.c_str()));
        put(out, of);
      }
    }
  }

  std::string type_;
  std::vector<Node> nodes_{kEmpty};
  std::vector<Leaf> leaves_;
  std::string data_;
};

}  // namespace sluice::test
