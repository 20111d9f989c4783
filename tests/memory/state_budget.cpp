// Memory under the worst that strangers can teach: 10,000 made-up sources with templates, streams, names and
// data that waits, as dense as they fit into datagrams, and one device among them that sends flows.
//
//     state_budget flood [DATAGRAMS]   stays within decode.state_bytes and 10 %, by what operator new has
//                                      handed out; the device loses nothing (default 20000)
//     state_budget limit [DATAGRAMS]   with a limit around the process (RLIMIT_AS) far below the budget: few
//                                      datagrams are lost, and counted; the device's flows are decoded
//     state_budget each                each allocation fails once, one after the other: nothing is left half
//                                      made
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/batch.hpp"
#include "support/dice.hpp"

namespace {

std::atomic<std::uint64_t> allocated{0};
std::atomic<std::uint64_t> until_failure{0};  // 0: none fails

void* taken(std::size_t size) {
  if (until_failure.load(std::memory_order_relaxed) && until_failure.fetch_sub(1) == 1)
    throw std::bad_alloc();
  void* const out = std::malloc(size ? size : 1);
  if (!out) throw std::bad_alloc();
  allocated.fetch_add(malloc_usable_size(out) + sizeof(std::size_t), std::memory_order_relaxed);
  return out;
}

void given(void* what) noexcept {
  if (!what) return;
  allocated.fetch_sub(malloc_usable_size(what) + sizeof(std::size_t), std::memory_order_relaxed);
  std::free(what);
}

}  // namespace

void* operator new(std::size_t size) { return taken(size); }
void* operator new[](std::size_t size) { return taken(size); }
void operator delete(void* what) noexcept { given(what); }
void operator delete[](void* what) noexcept { given(what); }
void operator delete(void* what, std::size_t) noexcept { given(what); }
void operator delete[](void* what, std::size_t) noexcept { given(what); }

namespace sluice {
namespace {

using test::Dice;

using decode::DecodeCount;
using decode::DecodeError;

constexpr std::uint32_t kSources = 10000;
constexpr std::uint64_t kStartNs = 1700000000ULL * 1000000000;
constexpr std::size_t kMost = 1400;  // bytes of a datagram

/// An IPFIX message.
class Message {
 public:
  explicit Message(std::uint32_t domain) { u16(10), u16(0), u32(1700000000), u32(0), u32(domain); }
  void u8(std::uint32_t v) { bytes_.push_back(static_cast<std::byte>(v)); }
  void u16(std::uint32_t v) { u8(v >> 8), u8(v & 0xff); }
  void u32(std::uint32_t v) { u16(v >> 16), u16(v & 0xffff); }
  void begin(std::uint32_t set) { at_ = bytes_.size(), u16(set), u16(0); }
  void end() { length(at_ + 2, bytes_.size() - at_); }
  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::byte>& done() {
    length(2, bytes_.size());
    return bytes_;
  }

 private:
  void length(std::size_t at, std::size_t n) {
    bytes_[at] = static_cast<std::byte>(n >> 8);
    bytes_[at + 1] = static_cast<std::byte>(n);
  }
  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

Message templates(Dice& dice) {
  Message m(dice.below(4));
  m.begin(2);
  while (m.size() + 8 <= kMost) m.u16(256 + dice.below(65000)), m.u16(1), m.u16(1 + dice.below(30)), m.u16(4);
  m.end();
  return m;
}

/// Names of 31 bytes for interfaces, with the template that says so.
Message names(Dice& dice) {
  Message m(dice.below(4));
  m.begin(3), m.u16(300), m.u16(2), m.u16(1), m.u16(10), m.u16(4), m.u16(82), m.u16(31), m.end();
  m.begin(300);
  while (m.size() + 35 <= kMost) {
    m.u32(1 + dice.below(1U << 30));
    for (int i = 0; i < 31; ++i) m.u8('a' + dice.below(26));
  }
  m.end();
  return m;
}

/// Small sets of data whose template never comes.
Message orphans(Dice& dice) {
  Message m(dice.below(4));
  while (m.size() + 8 <= kMost) m.begin(256 + dice.below(65000)), m.u32(7), m.end();
  return m;
}

/// A stream of its own, by nothing but a header.
Message stream(Dice& dice) { return Message(static_cast<std::uint32_t>(dice.roll())); }

Message device_template() {
  Message m(1);
  m.begin(2), m.u16(256), m.u16(1), m.u16(1), m.u16(4), m.end();
  return m;
}
Message device_data() {
  Message m(1);
  m.begin(256), m.u32(1500), m.end();
  return m;
}

struct World {
  decode::Limits limits;
  decode::ExporterTable exporters{limits, {}};
  decode::DatagramDecoder decoder{exporters};
  FlowBatch batch;
  Dice dice{11};
  std::uint64_t now_ns = kStartNs;
  Message data_ = device_data();
  std::uint64_t lost = 0, device_sent = 0, device_flows = 0;

  decode::DecodeReport send(Message& message, const IpAddress& from) {
    batch.clear();
    now_ns += 100000;
    const auto report = decoder.decode({message.done(), from, 2055, now_ns}, batch);
    lost += report.count(DecodeError::out_of_memory);
    return report;
  }
  Message from_stranger() {
    switch (dice.below(10)) {
      case 0:
        return names(dice);
      case 1:
        return orphans(dice);
      case 2:
      case 3:
        return stream(dice);
      default:
        return templates(dice);
    }
  }
  IpAddress stranger() { return IpAddress::v4(0x0a000000 + dice.below(kSources)); }
  void device() {
    ++device_sent;
    device_flows += send(data_, IpAddress::v4(0xc0000201)).count(DecodeCount::flows);
  }
  decode::DecodeReport send(Message&& message, const IpAddress& from) { return send(message, from); }
  void datagrams(std::uint64_t n, std::uint64_t& most) {
    for (std::uint64_t i = 0; i < n; ++i) {
      send(from_stranger(), stranger());
      if (i % 100 == 0) device();
      most = std::max(most, allocated.load());
    }
  }
};

std::uint64_t resident_bytes() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

unsigned long long mb(std::uint64_t bytes) { return bytes >> 20; }

int flood(std::uint64_t datagrams) {
  const std::uint64_t resident = resident_bytes();
  World world;
  world.send(device_template(), IpAddress::v4(0xc0000201));
  world.device();
  const std::uint64_t before = allocated;
  std::uint64_t most = 0;
  world.datagrams(datagrams, most);
  const std::uint64_t budget = world.limits.state_bytes;
  std::printf("budget %llu MB, used %llu MB; most allocated %llu MB, resident %llu MB\n", mb(budget),
              mb(world.exporters.budget().used()), mb(most - before), mb(resident_bytes() - resident));
  std::printf("exporters evicted %llu, refused %llu; the device sent %llu, decoded %llu\n",
              static_cast<unsigned long long>(world.exporters.budget().evicted_exporters()),
              static_cast<unsigned long long>(world.exporters.refused()),
              static_cast<unsigned long long>(world.device_sent),
              static_cast<unsigned long long>(world.device_flows));
  const bool full = world.exporters.budget().evicted_exporters() > 0;
  const bool fine = full && most - before <= budget + budget / 10 && world.device_flows == world.device_sent;
  std::puts(fine ? "held" : "NOT HELD");
  return fine ? 0 : 1;
}

int limit(std::uint64_t datagrams) {
  World world;
  world.send(device_template(), IpAddress::v4(0xc0000201));
  world.device();
  // Made before, since what makes them needs memory too.
  std::vector<Message> sent;
  for (int i = 0; i < 2000; ++i) sent.push_back(world.from_stranger());
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlimit around{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + (64 << 20),
                      RLIM_INFINITY};
  if (::setrlimit(RLIMIT_AS, &around) != 0) return std::puts("no limit can be set"), 1;
  for (std::uint64_t i = 0; i < datagrams; ++i) {
    world.send(sent[i % sent.size()], world.stranger());
    if (i % 100 == 0) world.device();
  }
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &none);
  world.device_sent = world.device_flows = 0;
  world.device();
  std::printf("datagrams lost for want of memory %llu\n", static_cast<unsigned long long>(world.lost));
  world.exporters.for_each([](decode::Exporter& exporter) {
    exporter.templates.for_each([](const decode::Domain&, const decode::Template& tmpl) {
      if (!tmpl.plan) std::abort();
    });
  });
  const bool fine = world.lost > 0 && world.lost < datagrams / 10 && world.device_flows == 1;
  std::puts(fine ? "held" : "NOT HELD");
  return fine ? 0 : 1;
}

/// What a new exporter can be sent; the last one brings a flow.
int each() {
  std::uint64_t failed = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    World world;
    Dice dice{11};
    const IpAddress who = IpAddress::v4(0xc0000201);
    std::vector<Message> sent{stream(dice), orphans(dice), names(dice), templates(dice)};
    until_failure = nth;
    for (Message& message : sent) {
      world.batch.clear();
      world.decoder.decode({message.done(), who, 2055, world.now_ns}, world.batch);
    }
    const bool reached = until_failure == 0;
    until_failure = 0;
    const std::uint64_t seen =
        world.exporters.size()
            ? world.exporters.all().front()->errors(decode::Protocol::ipfix, DecodeError::out_of_memory)
            : 1;  // the exporter itself could not be made
    world.exporters.for_each([](decode::Exporter& exporter) {
      exporter.templates.for_each([](const decode::Domain&, const decode::Template& tmpl) {
        if (!tmpl.plan) std::abort();
      });
    });
    world.send(device_template(), who);
    world.device();
    // All is given back, so what was taken was taken once.
    world.exporters.for_each([](decode::Exporter& exporter) {
      exporter.evict(false);
      if (exporter.account.used() != decode::Exporter::kCost) {
        std::printf("%llu bytes are left in the books\n",
                    static_cast<unsigned long long>(exporter.account.used() - decode::Exporter::kCost));
        std::exit(1);
      }
    });
    if (world.device_flows != 1)
      return std::printf("no flow after failure %llu\n", (unsigned long long)nth), 1;
    if (!reached) break;
    failed += seen > 0;
  }
  std::printf("%llu failures, each counted\n", static_cast<unsigned long long>(failed));
  return failed > 50 ? 0 : 1;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const std::uint64_t datagrams = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20000;
  if (what == "flood") return sluice::flood(datagrams);
  if (what == "limit") return sluice::limit(datagrams);
  if (what == "each") return sluice::each();
  std::fputs("usage: state_budget flood|limit|each [DATAGRAMS]\n", stderr);
  return 2;
}
