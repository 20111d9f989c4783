#pragma once
// A believable mock exporter: what `sluice generate` runs. Sends sFlow v5, NetFlow v5, v9 or IPFIX datagrams
// of made-up flows by UDP, writes them to a capture file, or leaves network and decoding out and produces
// finished messages to Kafka. All randomness comes from the seed: the same seed and options give the same
// flows.
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/record.hpp"
#include "sluice/util/result.hpp"

namespace sluice::generate {

struct Options {
  FlowType protocol = FlowType::netflow9;  ///< sflow5, netflow5, netflow9 or ipfix
  /// "HOST:PORT", "[V6]:PORT" or "kafka://BROKERS/TOPIC[?framing=batch|single|plain]". May be empty with
  /// `write`.
  std::string to;
  /// A capture file to write the datagrams to instead of sending them; "" to send.
  std::string write;
  /// Each is a UDP source of its own: by address on IPv4 loopback (127.0.0.2 and on), by port elsewhere.
  std::uint32_t exporters = 1;
  double rate = 100;        ///< datagrams a second, of all exporters together; 0: as fast as possible
  std::uint64_t flows = 0;  ///< flows to send in all, shared evenly by the exporters; 0: until stopped
  std::chrono::milliseconds duration{0};  ///< stops after this time; 0: no bound
  std::uint64_t seed = 1;
  std::uint32_t sampling = 1000;         ///< announced rate, 1 in N; 0: none is announced (not for sFlow)
  std::uint32_t flows_per_datagram = 0;  ///< 0: as many as fit into 1400 bytes
  double ipv6_share = 0.2;               ///< of the flows, 0 to 1; NetFlow v5 has IPv4 only
  std::chrono::seconds template_interval{
      60};  ///< templates and sampling options are sent first and then this often
  std::uint32_t template_datagrams = 0;  ///< and after this many datagrams of an exporter; 0: by time alone
  std::chrono::seconds counter_interval{20};  ///< sFlow counter samples; 0: none
  /// Unix time of the first datagram, nanoseconds; time then runs with the datagrams (at `rate`, or 10,000 a
  /// second where that is 0) instead of with the clock, so every byte follows from the options. 0: now.
  std::uint64_t start_time_ns = 0;
  std::uint16_t source_port =
      0;  ///< UDP source port; where exporters differ by port, the first one's; 0: any
  std::uint32_t observation_domain =
      1;  ///< of the first exporter; the others count up (sFlow: sub-agent, v5: engine)
  std::uint32_t conversations = 8192;  ///< population of talking pairs, for each address family
  bool gso = false;                    ///< UDP_SEGMENT: datagrams of the same size leave in one system call
  bool closed_loop = false;  ///< pauses while a receiver's socket on this machine is more than half full
  bool templates = true;     ///< false: templates and sampling options are never sent

  // Faults: each a share of the datagrams of flows, 0 to 1, but for the first sixteen and the last of a
  // count, where they could not be told. A datagram has one of them at the most.
  double gap = 0;                   ///< counted in the sequence but never sent
  double reorder = 0;               ///< leaves after one to three of those made after it
  double duplicate = 0;             ///< leaves twice
  double malformed = 0;             ///< its last flow is in a set or a sample that cannot be read
  std::uint32_t restart_after = 0;  ///< datagrams of flows after which an exporter starts anew; 0: never
  std::chrono::seconds late_templates{0};  ///< templates and sampling options come first after this time
  bool ipv6_template = true;               ///< v9, IPFIX; false: it is never sent
};

/// The faults of one exporter, or of all.
struct FaultCounts {
  std::uint64_t skipped_datagrams = 0;  ///< of `gap`; these and their flows are in no other count
  std::uint64_t skipped_flows = 0;
  std::uint64_t reordered_datagrams = 0;   ///< really overtaken
  std::uint64_t duplicated_datagrams = 0;  ///< second copies; these and their flows are in no other count
  std::uint64_t duplicated_flows = 0;
  std::uint64_t damaged_datagrams = 0;  ///< sent, and counted as such, with one flow that cannot be read:
  std::uint64_t damaged_flows = 0;      ///< which is in no other count
  std::uint64_t untold_flows = 0;       ///< sent before their template was, if it ever was
  std::uint64_t restarts = 0;
};

/// What was sent.
struct Report {
  struct Exporter {
    std::string address;  ///< UDP source address, or as which it is booked in Kafka
    std::uint16_t port = 0;
    std::uint32_t observation_domain = 0;
    std::uint64_t datagrams = 0;
    std::uint64_t flows = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t options_records = 0;
    FaultCounts faults{};
  };
  std::uint64_t datagrams = 0;  ///< of flows, templates and counters; none for Kafka
  std::uint64_t flows = 0;
  std::uint64_t packets = 0;  ///< sum over the flows, as exported (not multiplied by the sampling rate)
  std::uint64_t bytes = 0;    ///< likewise
  std::uint64_t octets = 0;   ///< UDP payload sent, second copies included, or bytes of encoded rows produced
  std::uint64_t templates = 0;  ///< template definitions
  std::uint64_t options_records = 0;
  std::uint64_t counter_samples = 0;
  FaultCounts faults{};
  std::uint64_t refused = 0;  ///< times the receiving host said that nobody listens (ICMP port unreachable)
  std::uint64_t undelivered = 0;  ///< Kafka: flows that the sink shed or could not deliver
  double seconds = 0;
  std::vector<Exporter> exporters;
};

/// "sflow", "netflow5", "netflow9", "ipfix"; the error says so where it is none of them.
Result<FlowType, std::string> parse_protocol(std::string_view name);

/// One sentence about the first option that cannot be; nothing where all is well.
Result<void, std::string> validate(const Options& options);

/// Runs on the calling thread until the flows are sent, the duration is over or a stop is requested.
/// `progress` (may be empty) gets one line of text about once a second, on the same thread. The error is one
/// sentence.
Result<Report, std::string> run(const Options& options, std::stop_token stop,
                                std::function<void(std::string_view)> progress = {});

/// The report as one line of JSON, without a newline.
std::string to_json(const Report& report);

}  // namespace sluice::generate
