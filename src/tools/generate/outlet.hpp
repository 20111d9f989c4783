#pragma once
// Where a mock exporter's datagrams go: sockets or a capture file.
#include <memory>
#include <span>
#include <string>

#include "flow/endpoint.hpp"
#include "generate/generate.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::generate {

class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Where the exporter sends from.
  virtual Endpoint source(std::uint32_t exporter) const = 0;
  /// Datagrams of one exporter, in order; all are gone when it returns. `times_ns[i]` is the Unix time of
  /// datagram i.
  virtual Result<void, std::string> send(std::uint32_t exporter, std::span<const Bytes> datagrams,
                                         std::span<const std::uint64_t> times_ns) = 0;
  /// How often a receiving host said that nobody listens.
  virtual std::uint64_t refused() const { return 0; }
  /// What is buffered is written out; an error that shows only now is told.
  virtual Result<void, std::string> finish() { return {}; }
};

Result<std::unique_ptr<Outlet>, std::string> open_udp(const Options& options);
Result<std::unique_ptr<Outlet>, std::string> open_capture(const Options& options);

}  // namespace sluice::generate
