#pragma once
// Files of both layouts with a flow in them, and what is read back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "nfdump/archive.hpp"
#include "support/nfdump_builder.hpp"

namespace sluice::nfdump::test {

using sluice::test::element;
using sluice::test::HostBytes;
using sluice::test::NfdumpFile;

/// A file that goes with its test.
class Written {
 public:
  explicit Written(const std::vector<std::byte>& bytes) {
    static int number = 0;
    path_ = std::filesystem::path(testing::TempDir()) /
            ("nfdump_" + std::to_string(getpid()) + '_' + std::to_string(++number));
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  ~Written() { std::filesystem::remove(path_); }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct ReadBack {
  std::string error;
  std::string warning;
  Counts counts;
  std::vector<FlowRecord> flows;
  std::vector<Origin> origins;   ///< of each flow
  std::vector<bool> has_extras;  ///< of each flow
  FlowBatch last;                ///< the last batch that had any
};

inline ReadBack read_back(const std::vector<std::byte>& bytes) {
  const Written file(bytes);
  ReadBack out;
  auto archive = Archive::open(file.path());
  if (!archive) {
    out.error = archive.error();
    return out;
  }
  FlowBatch batch;
  while (archive->next(batch)) {
    for (const FlowRecord& flow : batch.flows()) {
      out.flows.push_back(flow);
      out.origins.push_back(batch.origin_of(flow));
      out.has_extras.push_back(batch.extras_of(flow) != nullptr);
    }
    std::swap(out.last, batch);
  }
  out.counts = archive->counts();
  out.warning = archive->warning();
  return out;
}

// The commonest parts of records.

inline HostBytes generic2(HostBytes h, unsigned proto = 6, unsigned destination_port = 443) {
  h.u64(1'700'000'000'001).u64(1'700'000'003'002).u64(1'700'000'004'003);  // first, last, received
  h.u64(10).u64(15000).u16(40000).u16(destination_port);                   // packets, bytes, ports
  return h.u8(proto).u8(0x1b).u8(64).u8(184);                              // protocol, flags, status, ToS
}
inline HostBytes v4_pair(HostBytes h) { return h.u32(0xc0000201).u32(0xc633640a); }
/// A record of type 11.
inline HostBytes flow2(const NfdumpFile& file, unsigned elements, const HostBytes& body, unsigned flags = 0,
                       unsigned exporter = 1) {
  return file.host().u16(elements).u8(0).u8(0).u16(exporter).u8(flags).u8(9).add(body);
}
inline HostBytes plain_flow2(const NfdumpFile& file, unsigned flags = 0) {
  HostBytes body = element(file.host(), 1, generic2(file.host()));
  body = element(body, 2, v4_pair(file.host()));
  return flow2(file, 2, body, flags);
}
inline HostBytes exporter_record(const NfdumpFile& file, unsigned version = 9) {
  HostBytes out = file.host().u32(version);
  file.host().big() ? out.zeros(12).u32(0x7f000001) : out.zeros(8).u32(0x7f000001).zeros(4);
  return out.u16(2).u16(1).u32(42);
}
/// A record of type 2.
inline HostBytes map_record(const NfdumpFile& file, std::initializer_list<unsigned> ids, unsigned id = 1) {
  HostBytes out = file.host().u16(id).u16(0);
  for (const unsigned extension : ids) out.u16(extension);
  return out.u16(0);
}
/// A record of type 10 without extensions.
inline HostBytes flow1(const NfdumpFile& file, unsigned flags = 0, unsigned map = 1) {
  HostBytes out = file.host().u8(flags).u8(9).u16(map).u16(1).u16(2).u32(1'700'000'000).u32(1'700'000'003);
  out.u8(64).u8(0x1b).u8(6).u8(184).u16(40000).u16(443).u16(1).u8(0).u8(2);
  if (flags & 1)
    out.u64(0x20010db800000000).u64(1).u64(0x20010db800000000).u64(2);
  else
    out.u32(0xc0000201).u32(0xc633640a);
  flags & 2 ? out.u64(10) : out.u32(10);
  return flags & 4 ? out.u64(15000) : out.u32(15000);
}

}  // namespace sluice::nfdump::test
