#pragma once
// What the decoders take and give: a datagram in, flows into a batch, and a report of what was found and what
// was wrong. No sockets, no logging, no clock and no globals here: time comes in with the datagram.
#include <array>
#include <cstdint>
#include <string_view>

#include "sluice/decode/counts.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/flow/batch.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::decode {

enum class Protocol : std::uint8_t { unknown, sflow5, netflow5, netflow9, ipfix, count };
/// "sflow", "netflow5", "netflow9", "ipfix", "unknown": metric label and text.
std::string_view name(Protocol protocol);

/// Why something in a datagram could not be decoded. Also the metric label and the log text.
enum class DecodeError : std::uint8_t {
  truncated_header,    ///< the datagram ends inside its header
  unknown_version,     ///< the version word belongs to no protocol that this listener takes
  bad_length,          ///< the header's own length (IPFIX) or count (v5) does not fit the datagram
  bad_set,             ///< a set's length is below 4 or reaches past the datagram; the rest is not read
  unknown_set,         ///< a set of a reserved id; skipped by length
  bad_template,        ///< a template definition that cannot be right (truncated, record length 0)
  template_too_large,  ///< more fields than, or records longer than, the configured limits
  template_limit,      ///< the exporter has its full number of templates
  missing_template,    ///< a data set whose template did not come, in time or while there was room to wait
  bad_record,          ///< a record that ends before its fields do (variable length)
  bad_sample,          ///< an sFlow sample whose length or content does not fit
  bad_sample_record,   ///< a record inside an sFlow sample that does not fit
  unknown_sample,      ///< an sFlow sample of a format not known; skipped by length
  sampler_limit,       ///< the exporter has announced its full number of samplers
  name_limit,          ///< the exporter has named its full number of names
  exporter_limit,      ///< the table of exporters is full
  connection_limit,    ///< the exporter has its full number of connections; old ones are forgotten
  state_limit,         ///< no room in the budget of all state for what the datagram teaches
  state_evicted,       ///< things that were taught and then forgotten for want of room; no report tells them
  rate_limit,          ///< the datagram is one more than the exporter may send in a second
  out_of_memory,       ///< the datagram is lost: the process got no memory for it
  count
};
/// "truncated_header", ...: the metric label.
std::string_view name(DecodeError error);
/// One sentence for a log line.
std::string_view sentence(DecodeError error);

/// One of an exporter's observation domains (in NetFlow v9: source ids), as one protocol has it. Templates
/// and sampling rates of one are nothing to another.
struct Domain {
  Protocol version = Protocol::unknown;
  std::uint32_t id = 0;
  friend bool operator==(const Domain&, const Domain&) = default;
};

/// One UDP payload with what the socket knew about it. Borrows the bytes for the duration of a call.
struct Datagram {
  Bytes payload;
  IpAddress source;  ///< v4-mapped already unmapped
  std::uint16_t source_port = 0;
  std::uint64_t received_ns = 0;                 ///< Unix time
  std::uint16_t socket = 0;                      ///< which of the collector's sockets it came by
  Decapsulate decapsulate = Decapsulate::outer;  ///< as the listener is set
};

/// What one datagram held. Plain numbers; the caller adds them up.
struct DecodeReport {
  Protocol protocol = Protocol::unknown;
  Counts<DecodeCount, std::uint32_t> counts;  ///< datagrams and bytes are DatagramDecoder's to count
  std::uint32_t held_sets = 0;                ///< data sets that now wait for their template; no error
  /// Data sets whose template is not known, held or not: how many, in how many bytes, and the id of the
  /// latest.
  std::uint32_t undecoded_sets = 0;
  std::uint32_t undecoded_bytes = 0;
  std::uint16_t undecoded_set = 0;
  /// Of flow_records and options_records together: those of data that waited for a template of this datagram.
  /// Same version and domain, but other datagrams, so they are no part of this one's sequence.
  std::uint32_t recovered_records = 0;
  std::uint32_t recovered_options_records = 0;  ///< of recovered_records
  std::uint32_t template_records = 0;           ///< definitions and withdrawals as sent, taken or not
  std::array<std::uint32_t, static_cast<std::size_t>(DecodeError::count)> errors{};

  void add(DecodeCount what, std::uint32_t n = 1) { counts[what] += n; }
  std::uint32_t count(DecodeCount what) const { return counts[what]; }
  void fail(DecodeError error, std::uint32_t n = 1) { errors[static_cast<std::size_t>(error)] += n; }
  std::uint32_t count(DecodeError error) const { return errors[static_cast<std::size_t>(error)]; }
  bool any_error() const {
    for (const auto n : errors)
      if (n) return true;
    return false;
  }
};

/// Watches a decode as it goes, for `sluice decode --raw`: what was sent, in the order it was sent, as a
/// tree. Decoders call it only where one is given; views hold for the duration of the call.
class RawObserver {
 public:
  virtual ~RawObserver() = default;
  virtual void open(std::string_view what) = 0;  ///< "header", "set", "template", "field", "record", "sample"
  virtual void number(std::string_view name, std::uint64_t value) = 0;
  virtual void bytes(std::string_view name, Bytes value) = 0;
  virtual void close() = 0;
};

class Exporter;

/// One protocol. Stateless but for scratch memory; what must outlive a datagram is in the Exporter, whose
/// lock the caller holds. Used by one thread at a time.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// What the exporter's counters are filed under; `unknown` for a format that is not among ours.
  virtual Protocol protocol() const = 0;
  /// Whether the datagram's first bytes are this protocol's version.
  virtual bool claims(Bytes payload) const = 0;
  /// Appends an origin and its flows to the batch. Whatever is wrong goes to the report and costs nothing but
  /// itself. Never throws on account of the bytes.
  virtual void decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch, DecodeReport& report,
                      RawObserver* observer) = 0;
};

}  // namespace sluice::decode
