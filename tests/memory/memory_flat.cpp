// Ten million datagrams of 10,000 spoofed exporters with random templates, options and data without
// templates: what the decoder keeps stays within its limits, every limit is seen at work and counted, and the
// process is no larger at the end than it was after the first million, give or take 10 %.
//
//     memory_flat [DATAGRAMS]      default 10000000; more than a million
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/batch.hpp"
#include "support/dice.hpp"

namespace sluice {
namespace {

using test::Dice;

using decode::DecodeError;
using decode::HeldCount;
using decode::Protocol;

constexpr std::uint32_t kSources = 10000;
constexpr std::uint64_t kStartNs = 1700000000ULL * 1000000000;
constexpr std::uint64_t kStepNs = 1000000;  // of the world's time, for each datagram
constexpr std::uint64_t kSecondNs = 1000000000;

decode::Limits small_limits() {
  decode::Limits limits;
  limits.max_exporters = 8000;
  limits.max_templates = 16;
  limits.max_template_fields = 24;
  limits.max_samplers = 16;
  limits.max_names = 16;
  limits.max_streams = 16;
  limits.template_timeout_ns = 400 * kSecondNs;
  limits.held_bytes_per_exporter = 8 << 10;
  limits.held_bytes = 8 << 20;
  limits.held_timeout_ns = 60 * kSecondNs;
  return limits;
}

/// One datagram, written over the one before.
class Message {
 public:
  void clear() { bytes_.clear(); }
  void u8(std::uint32_t v) { bytes_.push_back(static_cast<std::byte>(v)); }
  void u16(std::uint32_t v) { u8(v >> 8), u8(v & 0xff); }
  void u32(std::uint32_t v) { u16(v >> 16), u16(v & 0xffff); }
  void set_u16(std::size_t at, std::size_t v) {
    bytes_[at] = static_cast<std::byte>(v >> 8);
    bytes_[at + 1] = static_cast<std::byte>(v);
  }
  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// What strangers send.
class World {
 public:
  struct Sent {
    Bytes payload;
    IpAddress source;
  };

  Sent next(std::uint64_t now_ns) {
    // A quarter comes from a hundred that talk much: they meet the limits of one exporter.
    const std::uint32_t source = dice_.below(4) == 0 ? dice_.below(100) : dice_.below(kSources);
    ipfix_ = dice_.below(2) == 0;
    header(now_ns);
    switch (dice_.below(10)) {
      case 0:
      case 1:
      case 2:
        for (std::uint32_t n = dice_.between(1, 3); n > 0; --n) random_template(id());
        break;
      case 3:
        known_template_and_data();
        break;
      case 4:
        options();
        break;
      case 5:
        withdrawal_or_noise();
        break;
      default:
        for (std::uint32_t n = dice_.between(1, 3); n > 0; --n) data(id(), dice_.between(1, 400));
        break;
    }
    if (ipfix_) message_.set_u16(2, message_.size());
    return {message_.bytes(), IpAddress::v4(0x0a000000 + source)};
  }

 private:
  static constexpr std::uint32_t kKnown = 256;  // to 263, of one layout each

  std::uint32_t id() {
    return dice_.below(4) == 0 ? dice_.between(kKnown, kKnown + 7) : dice_.between(264, 65535);
  }

  void header(std::uint64_t now_ns) {
    const auto seconds = static_cast<std::uint32_t>(now_ns / kSecondNs);
    // Mostly one of two domains, else any: streams are bounded too, and full within the first million.
    const std::uint32_t domain =
        dice_.below(4) == 0 ? static_cast<std::uint32_t>(dice_.roll()) : dice_.below(2);
    message_.clear();
    message_.u16(ipfix_ ? 10 : 9);
    message_.u16(1);
    if (!ipfix_) message_.u32(86400000);
    message_.u32(seconds);
    message_.u32(static_cast<std::uint32_t>(dice_.roll()));
    message_.u32(domain);
  }

  std::size_t begin_set(std::uint32_t set) {
    message_.u16(set);
    message_.u16(0);
    return message_.size() - 4;
  }
  void end_set(std::size_t at) { message_.set_u16(at + 2, message_.size() - at); }

  void random_template(std::uint32_t id) {
    const std::size_t set = begin_set(ipfix_ ? 2 : 0);
    const std::uint32_t fields = dice_.between(1, 30);  // past the limit now and then
    message_.u16(id);
    message_.u16(fields);
    for (std::uint32_t i = 0; i < fields; ++i) {
      const bool enterprise = ipfix_ && dice_.below(8) == 0;
      message_.u16(dice_.between(1, 500) | (enterprise ? 0x8000U : 0U));
      message_.u16(dice_.below(30) == 0   ? 65535
                   : dice_.below(40) == 0 ? dice_.below(60000)
                                          : dice_.between(1, 16));
      if (enterprise) message_.u32(dice_.below(50000));
    }
    end_set(set);
  }

  void data(std::uint32_t id, std::uint32_t length) {
    const std::size_t set = begin_set(id);
    for (std::uint32_t i = 0; i < length; ++i) message_.u8(static_cast<std::uint32_t>(i * 37));
    end_set(set);
  }

  /// Addresses, ports, counters: what waited for it is decoded.
  void known_template_and_data() {
    const std::uint32_t id = dice_.between(kKnown, kKnown + 7);
    const std::size_t set = begin_set(ipfix_ ? 2 : 0);
    message_.u16(id);
    message_.u16(6);
    for (const std::uint32_t element : {8U, 12U, 7U, 11U, 2U, 1U}) {
      message_.u16(element);
      message_.u16(element == 7 || element == 11 ? 2 : 4);
    }
    end_set(set);
    data(id, 20 * dice_.between(1, 20));
  }

  /// Sampling rates by sampler (302, 34) and interface names (10, 82), of any numbers.
  void options() {
    const std::size_t set = begin_set(ipfix_ ? 3 : 1);
    message_.u16(264);
    message_.u16(ipfix_ ? 5 : 4);
    message_.u16(ipfix_ ? 1 : 16);
    for (const std::uint32_t element : {ipfix_ ? 149U : 1U, 302U, 34U, 10U, 82U}) {
      message_.u16(element);
      message_.u16(element == 82 ? 8 : 4);
    }
    end_set(set);
    const std::size_t records = begin_set(264);
    for (std::uint32_t n = dice_.between(1, 8); n > 0; --n) {
      message_.u32(1);
      message_.u32(dice_.below(1000));
      message_.u32(dice_.between(1, 1000));
      message_.u32(dice_.below(1000));
      for (int i = 0; i < 8; ++i) message_.u8(dice_.between('a', 'z'));
    }
    end_set(records);
  }

  void withdrawal_or_noise() {
    if (ipfix_ && dice_.below(2) == 0) {
      const std::size_t set = begin_set(2);
      message_.u16(dice_.below(200) == 0 ? 2 : id());
      message_.u16(0);
      return end_set(set);
    }
    const std::size_t set = begin_set(dice_.below(700));
    for (std::uint32_t n = dice_.below(200); n > 0; --n)
      message_.u8(static_cast<std::uint32_t>(dice_.roll()) & 0xff);
    if (dice_.below(2) == 0) end_set(set);
  }

  Dice dice_{7};
  Message message_;
  bool ipfix_ = false;
};

std::uint64_t resident_bytes() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class Run {
 public:
  void datagrams(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      now_ns_ += kStepNs;
      const World::Sent sent = world_.next(now_ns_);
      batch_.clear();
      const decode::DecodeReport report = decoder_.decode({sent.payload, sent.source, 2055, now_ns_}, batch_);
      for (std::size_t e = 0; e < errors_.size(); ++e) errors_[e] += report.errors[e];
      flows_ += report.count(decode::DecodeCount::flows);
      recovered_ += report.recovered_records;
      if (now_ns_ % kSecondNs == 0) tick();
    }
  }

  /// False where a limit was never met, or kept more than it allows.
  bool limits_held() {
    bool fine = true;
    const auto seen = [&](const char* what, std::uint64_t count) {
      std::printf("%-48s %12llu\n", what, static_cast<unsigned long long>(count));
      if (count == 0) fine = std::printf("  never met\n") < 0;
    };
    const auto error = [&](DecodeError e) { return errors_[static_cast<std::size_t>(e)]; };
    const auto held = [&](HeldCount what) {
      return exporters_.held().count(Protocol::netflow9, what) +
             exporters_.held().count(Protocol::ipfix, what);
    };
    seen("flows", flows_);
    seen("datagrams of exporters past max_exporters", exporters_.refused());
    seen("templates past max_templates", error(DecodeError::template_limit));
    seen("templates past max_template_fields or length", error(DecodeError::template_too_large));
    seen("samplers past max_samplers", error(DecodeError::sampler_limit));
    seen("datagrams that wait", held(HeldCount::datagrams));
    seen("datagrams that waited and were decoded", held(HeldCount::decoded_datagrams));
    seen("datagrams that waited in vain", held(HeldCount::expired_datagrams));
    seen("datagrams without room to wait", held(HeldCount::refused_datagrams));
    seen("records decoded of what waited", recovered_);
    seen("fullest exporter's templates", most_templates_);
    seen("most held by all, bytes", most_held_);
    const decode::Limits limits = small_limits();
    fine = fine && most_templates_ <= limits.max_templates && most_held_ <= limits.held_bytes;
    fine = fine && most_samplers_ <= limits.max_samplers && most_names_ <= limits.max_names;
    return fine && exporters_.size() == limits.max_exporters;
  }

 private:
  void tick() {
    exporters_.expire_held(now_ns_);
    most_held_ = std::max(most_held_, exporters_.held().used());
    if (now_ns_ % (60 * kSecondNs) != 0) return;
    exporters_.expire(now_ns_);
    exporters_.for_each([&](decode::Exporter& exporter) {
      most_templates_ = std::max<std::uint64_t>(most_templates_, exporter.templates.size());
      most_samplers_ = std::max<std::uint64_t>(most_samplers_, exporter.samplers.size());
      most_names_ = std::max<std::uint64_t>(most_names_, exporter.names.size());
    });
  }

  World world_;
  decode::ExporterTable exporters_{small_limits(), {}};
  decode::DatagramDecoder decoder_{exporters_};
  FlowBatch batch_;
  std::uint64_t now_ns_ = kStartNs;
  std::array<std::uint64_t, static_cast<std::size_t>(DecodeError::count)> errors_{};
  std::uint64_t flows_ = 0, recovered_ = 0, most_templates_ = 0, most_samplers_ = 0, most_names_ = 0,
                most_held_ = 0;
};

int run(std::uint64_t datagrams) {
  constexpr std::uint64_t kFull = 1000000;  // so many, and every table has been full
  Run run;
  run.datagrams(kFull);
  const std::uint64_t early = resident_bytes();
  run.datagrams(datagrams - kFull);
  const std::uint64_t late = resident_bytes();
  const bool limits = run.limits_held();
  std::printf("resident after a million %llu kB, at the end %llu kB\n",
              static_cast<unsigned long long>(early >> 10), static_cast<unsigned long long>(late >> 10));
  if (!limits) std::printf("FAILED: a limit was not met, or not kept\n");
  if (late > early + early / 10) std::printf("FAILED: memory grew by more than 10 %%\n");
  return limits && late <= early + early / 10 ? 0 : 1;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  const std::uint64_t datagrams = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10000000;
  if (datagrams > 1000000) return sluice::run(datagrams);
  std::fprintf(stderr, "memory_flat: %s datagrams, more than 1000000 are needed\n", argv[1]);
  return 2;
}
