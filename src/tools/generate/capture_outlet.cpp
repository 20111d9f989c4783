// Datagrams as Ethernet, IPv4 and UDP frames in a capture file.
#include <pcap/pcap.h>

#include <vector>

#include "generate/byte_writer.hpp"
#include "generate/destination.hpp"
#include "generate/outlet.hpp"
#include "generate/packet_writer.hpp"
#include "generate/sentence.hpp"

namespace sluice::generate {
namespace {

constexpr std::size_t kHeaders = 14 + 20 + 8;
constexpr std::uint16_t kFirstPort = 49152;

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
  void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
};

class CaptureOutlet final : public Outlet {
 public:
  CaptureOutlet(std::unique_ptr<pcap_t, ClosePcap> handle, std::unique_ptr<pcap_dumper_t, ClosePcap> dumper,
                const Options& options, const Endpoint& to)
      : handle_(std::move(handle)),
        dumper_(std::move(dumper)),
        to_(to),
        path_(options.write),
        source_port_(options.source_port) {}

  Endpoint source(std::uint32_t exporter) const override {
    const auto address = has_many_addresses(to_) ? loopback_source(exporter)
                                                 : IpAddress::v4(10U << 24 | 255U << 16 | (exporter + 1));
    const auto port =
        source_port_ != 0 ? source_port_ : static_cast<std::uint16_t>(kFirstPort + exporter % 16384);
    return {address, port};
  }

  Result<void, std::string> send(std::uint32_t exporter, std::span<const Bytes> datagrams,
                                 std::span<const std::uint64_t> times_ns) override {
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      frame_.resize(kHeaders + datagrams[i].size());
      write_frame_of(source(exporter), datagrams[i]);
      pcap_pkthdr header{};
      header.ts.tv_sec = static_cast<time_t>(times_ns[i] / 1000000000);
      header.ts.tv_usec =
          static_cast<suseconds_t>(times_ns[i] % 1000000000);  // nanoseconds, as the file says
      header.caplen = header.len = static_cast<bpf_u_int32>(frame_.size());
      pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header,
                reinterpret_cast<const u_char*>(frame_.data()));
      if (ferror(pcap_dump_file(dumper_.get()))) return failed();
    }
    return {};
  }

  Result<void, std::string> finish() override {
    if (pcap_dump_flush(dumper_.get()) != 0) return failed();
    return {};
  }

 private:
  Result<void, std::string> failed() const {
    return failure(join({"cannot write to ", path_, ": ", std::strerror(errno)}));
  }

  void write_frame_of(const Endpoint& from, Bytes payload) {
    ByteWriter out(frame_);
    out.mac(0x020000000001);
    out.mac(0x020000000002);
    out.be<std::uint16_t>(0x0800);
    out.be<std::uint16_t>(0x4500);
    out.be(static_cast<std::uint16_t>(20 + 8 + payload.size()));
    out.be(identification_++);
    out.be<std::uint16_t>(0x4000);  // don't fragment
    out.be<std::uint16_t>(64 << 8 | 17);
    out.be<std::uint16_t>(0);
    out.raw(from.address.bytes.data(), 4);
    out.raw(to_.address.bytes.data(), 4);
    out.patch(14 + 10, internet_checksum(out.written().subspan(14)));
    out.be(from.port);
    out.be(to_.port);
    out.be(static_cast<std::uint16_t>(8 + payload.size()));
    out.be<std::uint16_t>(0);
    out.raw(payload);
    // RFC 768: over a pseudo header of both addresses, the protocol and the length; 0 means none.
    const Bytes written = out.written();
    std::uint32_t pseudo = 17U + 8U + static_cast<std::uint32_t>(payload.size());
    for (std::size_t at = 14 + 12; at < 14 + 20; at += 2)
      pseudo += load_be<std::uint16_t>(written.data() + at);
    const std::uint16_t sum = internet_checksum(written.subspan(14 + 20), pseudo);
    out.patch(14 + 20 + 6, sum == 0 ? std::uint16_t{0xffff} : sum);
  }

  std::unique_ptr<pcap_t, ClosePcap> handle_;
  std::unique_ptr<pcap_dumper_t, ClosePcap> dumper_;
  const Endpoint to_;
  const std::string path_;
  const std::uint16_t source_port_;
  std::uint16_t identification_ = 1;
  std::vector<std::byte> frame_;
};

}  // namespace

Result<std::unique_ptr<Outlet>, std::string> open_capture(const Options& options) {
  Endpoint to{IpAddress::v4(10U << 24 | 1), usual_port(options.protocol)};
  if (!options.to.empty()) {
    auto named = resolve(options.to);
    if (!named) return failure(named.error());
    if (!named->address.is_v4())
      return failure(std::string(
          "--write makes IPv4 frames, but --to is an IPv6 address: leave --to out or name an IPv4 address"));
    to = *named;
  }
  std::unique_ptr<pcap_t, ClosePcap> handle(
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144, PCAP_TSTAMP_PRECISION_NANO));
  if (!handle) return failure(std::string("cannot set up a capture file: out of memory"));
  std::unique_ptr<pcap_dumper_t, ClosePcap> dumper(pcap_dump_open(handle.get(), options.write.c_str()));
  if (!dumper) return failure(join({"cannot write the capture: ", pcap_geterr(handle.get())}));
  return std::make_unique<CaptureOutlet>(std::move(handle), std::move(dumper), options, to);
}

}  // namespace sluice::generate
