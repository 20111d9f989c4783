#pragma once
// Reads the generator's datagrams by the protocols' documents alone: nothing of the writers nor of the
// decoders is used, so that a mistake in either shows.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "sluice/util/byte_reader.hpp"

namespace sluice::generate::test {

/// Values of a record by element number, at most 8 bytes of each.
using Record = std::map<std::uint16_t, std::uint64_t>;

/// What one v9 or IPFIX datagram held.
struct SetsSeen {
  std::uint32_t sequence = 0, domain = 0, seconds = 0, uptime = 0;
  std::size_t templates = 0, options_templates = 0, unknown_sets = 0;
  std::size_t header_count = 0;  // v9
  std::vector<Record> flows, options;
  std::size_t data_records() const { return flows.size() + options.size(); }
};

/// Keeps templates from datagram to datagram, as a collector does.
class SetWalker {
 public:
  SetsSeen operator()(Bytes datagram) {
    ByteReader in(datagram);
    SetsSeen seen;
    const auto version = in.be<std::uint16_t>();
    const bool ipfix = version == 10;
    EXPECT_TRUE(ipfix || version == 9) << version;
    const auto second = in.be<std::uint16_t>();
    if (ipfix) {
      EXPECT_EQ(second, datagram.size());
    } else {
      seen.header_count = second;
      seen.uptime = in.be<std::uint32_t>();
    }
    seen.seconds = in.be<std::uint32_t>();
    seen.sequence = in.be<std::uint32_t>();
    seen.domain = in.be<std::uint32_t>();
    while (in.remaining() > 0) {
      const auto id = in.be<std::uint16_t>();
      const auto length = in.be<std::uint16_t>();
      EXPECT_GE(length, 4);
      EXPECT_EQ(length % 4, 0);
      const Bytes body = in.take(length - 4U);
      EXPECT_TRUE(in.ok());
      if (!in.ok()) break;
      set(id, body, ipfix, seen);
    }
    EXPECT_TRUE(in.ok());
    return seen;
  }

 private:
  struct Field {
    std::uint16_t id, length;
  };
  struct Template {
    std::vector<Field> fields;
    bool options = false;
  };

  void set(std::uint16_t id, Bytes body, bool ipfix, SetsSeen& seen) {
    if (id == (ipfix ? 2 : 0)) return templates(body, seen);
    if (id == (ipfix ? 3 : 1)) return options_template(body, ipfix, seen);
    EXPECT_GE(id, 256);
    const auto known = templates_.find(id);
    if (known == templates_.end()) {
      ++seen.unknown_sets;
      return;
    }
    std::size_t size = 0;
    for (const auto& field : known->second.fields) size += field.length;
    ByteReader in(body);
    while (in.remaining() >= size) {
      Record record;
      for (std::size_t i = 0; i < known->second.fields.size(); ++i) {
        const Bytes value = in.take(known->second.fields[i].length);
        EXPECT_TRUE(record.emplace(known->second.fields[i].id, load_be_any(value)).second);
      }
      (known->second.options ? seen.options : seen.flows).push_back(record);
    }
    EXPECT_LT(in.remaining(), 4U);
    for (const auto pad : in.rest()) EXPECT_EQ(pad, std::byte{0});
  }

  void fields(ByteReader& in, std::size_t count, Template& out) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = in.be<std::uint16_t>();
      out.fields.push_back({id, in.be<std::uint16_t>()});
    }
    EXPECT_TRUE(in.ok());
  }

  void templates(Bytes body, SetsSeen& seen) {
    ByteReader in(body);
    while (in.remaining() >= 4) {
      const auto id = in.be<std::uint16_t>();
      Template definition;
      fields(in, in.be<std::uint16_t>(), definition);
      templates_[id] = definition;
      ++seen.templates;
    }
  }

  void options_template(Bytes body, bool ipfix, SetsSeen& seen) {
    ByteReader in(body);
    const auto id = in.be<std::uint16_t>();
    const auto first = in.be<std::uint16_t>(), second = in.be<std::uint16_t>();
    Template definition{{}, true};
    // v9: bytes of scope and of options; IPFIX: fields in all, of which scope.
    if (ipfix) {
      EXPECT_GE(second, 1);
    }
    fields(in, ipfix ? first : (first + second) / 4U, definition);
    templates_[id] = definition;
    ++seen.options_templates;
  }

  std::map<std::uint16_t, Template> templates_;
};

}  // namespace sluice::generate::test
