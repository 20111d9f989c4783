// Archives of nfdump: records/s of one core, read alone and on to rows of protobuf as `sluice import` does
// it. Files are as nfcapd writes them of NetFlow v9 with AS, masks and next hops, some hundred bytes a
// record, in blocks of 1 MB.
#include <benchmark/benchmark.h>
#include <lz4.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdlib>

#include "nfdump/archive.hpp"
#include "sluice/encode/rows.hpp"
#include "support/nfdump_builder.hpp"

namespace {

using namespace sluice;
using test::element;
using test::HostBytes;
using test::NfdumpFile;
using Octets = std::vector<std::byte>;

constexpr int kBlocks = 12, kFlowsOfBlock = 8000, kFlowsOfDatagram = 24;

Octets pack_lz4(const Octets& plain) {
  Octets out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))));
  out.resize(static_cast<std::size_t>(
      LZ4_compress_default(reinterpret_cast<const char*>(plain.data()), reinterpret_cast<char*>(out.data()),
                           static_cast<int>(plain.size()), static_cast<int>(out.size()))));
  return out;
}
Octets pack_zstd(const Octets& plain) {
  Octets out(ZSTD_compressBound(plain.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1));
  return out;
}

struct Random {
  std::uint32_t state = 1;
  std::uint32_t operator()(std::uint32_t n) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % n;
  }
};

HostBytes exporter(const NfdumpFile& file) {
  return file.host().u32(9).zeros(8).u32(0xc0000201).zeros(4).u16(2).u16(1).u32(42);
}

Octets layout1() {
  NfdumpFile file(1);
  Random random;
  std::uint64_t received = 1'700'000'000'000;
  file.record(7, exporter(file))
      .record(2, file.host().u16(1).u16(0).u16(5).u16(7).u16(8).u16(9).u16(23).u16(27).u16(0));
  for (int block = 0; block < kBlocks; ++block) {
    for (int i = 0; i < kFlowsOfBlock; ++i) {
      if (i % kFlowsOfDatagram == 0) received += random(20);
      HostBytes flow = file.host()
                           .u8(0)
                           .u8(9)
                           .u16(1)
                           .u16(random(1000))
                           .u16(random(1000))
                           .u32(1'700'000'000)
                           .u32(1'700'000'003);
      flow.u8(64).u8(0x1b).u8(6).u8(0).u16(1024 + random(60000)).u16(443).u16(1).u8(0).u8(0);
      flow.u32(0x0a000000 + random(65536))
          .u32(0xc6336400 + random(256))
          .u32(1 + random(100))
          .u32(40 + random(100000));
      flow.u32(random(48))
          .u32(random(48))
          .u32(64500 + random(100))
          .u32(random(60000))
          .u8(0)
          .u8(0)
          .u8(24)
          .u8(16);
      file.record(10, flow.u32(0xcb007101).u32(0xc0000201).u64(received));
    }
    file.block();
  }
  return file.bytes();
}

Octets layout2(NfdumpFile::Pack pack, unsigned compression) {
  NfdumpFile file(2);
  file.compression(compression);
  Random random;
  std::uint64_t received = 1'700'000'000'000;
  file.record(7, exporter(file));
  for (int block = 0; block < kBlocks; ++block) {
    for (int i = 0; i < kFlowsOfBlock; ++i) {
      if (i % kFlowsOfDatagram == 0) received += random(20);
      const auto h = [&] { return file.host(); };
      HostBytes flow = h().u16(6).u16(0).u16(1).u8(0).u8(9);
      flow = element(flow, 1,
                     h().u64(received - 3000 - random(1000))
                         .u64(received - random(1000))
                         .u64(received)
                         .u64(1 + random(100))
                         .u64(40 + random(100000))
                         .u16(1024 + random(60000))
                         .u16(443)
                         .u8(6)
                         .u8(0x1b)
                         .u8(64)
                         .u8(0));
      flow = element(flow, 2, h().u32(0x0a000000 + random(65536)).u32(0xc6336400 + random(256)));
      flow = element(flow, 4, h().u32(random(48)).u32(random(48)).u8(24).u8(16).zeros(6));
      flow = element(flow, 7, h().u32(64500 + random(100)).u32(random(60000)));
      flow = element(flow, 10, h().u32(0xcb007101));
      file.record(11, element(flow, 12, h().u32(0xc0000201)));
    }
    file.block(pack);
  }
  return file.bytes();
}

/// A file for as long as the benchmarks run.
class File {
 public:
  explicit File(const Octets& bytes) {
    char name[] = "/tmp/nfdump_bench_XXXXXX";
    const int fd = mkstemp(name);
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    close(fd);
    path_ = name;
  }
  ~File() { unlink(path_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void run(benchmark::State& state, const File* file, bool encode) {
  FlowBatch batch;
  encode::RowBuffer rows;
  const auto encoder = encode::make_row_encoder({});
  std::uint64_t flows = 0;
  for (auto _ : state) {
    auto archive = nfdump::Archive::open(file->path());
    if (!archive) std::abort();
    while (archive->next(batch)) {
      flows += batch.size();
      if (!encode) continue;
      rows.clear();
      encoder->encode(batch, rows);
      benchmark::DoNotOptimize(rows.bytes().data());
    }
  }
  if (flows == 0 || flows % (kBlocks * kFlowsOfBlock) != 0) std::abort();
  state.SetItemsProcessed(static_cast<std::int64_t>(flows));
}

}  // namespace

int main(int argc, char** argv) {
  const File one(layout1()), two(layout2(NfdumpFile::plain, 0)), lz4(layout2(pack_lz4, 3)),
      zstd(layout2(pack_zstd, 4));
  const std::pair<std::string, const File*> files[] = {
      {"layout1", &one}, {"layout2", &two}, {"layout2-lz4", &lz4}, {"layout2-zstd", &zstd}};
  for (const auto& [name, file] : files) {
    benchmark::RegisterBenchmark((name + "/read").c_str(), run, file, false);
    benchmark::RegisterBenchmark((name + "/encode").c_str(), run, file, true);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
