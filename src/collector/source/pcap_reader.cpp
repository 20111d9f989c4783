#include <pcap/pcap.h>

#include "source/file_reader.hpp"
#include "source/ip.hpp"

namespace sluice::source {
namespace {

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

class PcapReader final : public FileReader {
 public:
  PcapReader(std::string path, PcapHandle handle)
      : FileReader(FileKind::capture), path_(std::move(path)), handle_(std::move(handle)) {
    link_type_ = pcap_datalink(handle_.get());
  }

  bool next(CapturedDatagram& out) override {
    while (!ended_) {
      pcap_pkthdr* header = nullptr;
      const u_char* data = nullptr;
      const int status = pcap_next_ex(handle_.get(), &header, &data);
      if (status != 1) {
        end(status);
        break;
      }
      ++counts.packets;
      // tv_usec holds nanoseconds, as asked for when the file was opened.
      const auto time_ns = static_cast<std::uint64_t>(header->ts.tv_sec) * 1'000'000'000 +
                           static_cast<std::uint64_t>(header->ts.tv_usec);
      const Bytes frame(reinterpret_cast<const std::byte*>(data), header->caplen);
      if (!extractor_.extract(ip_packet(link_type_, frame), time_ns, out, counts)) continue;
      ++counts.datagrams;
      if (out.truncated) ++counts.truncated;
      return true;
    }
    return false;
  }

 private:
  void end(int status) {
    ended_ = true;
    counts.incomplete = extractor_.incomplete();
    if (status == PCAP_ERROR_BREAK) return;  // libpcap's word for the end of a file
    warning = path_ + ": is cut short or damaged after " + std::to_string(counts.packets) +
              " packets, which were read (" + pcap_geterr(handle_.get()) + ")";
  }

  const std::string path_;
  PcapHandle handle_;
  int link_type_;
  UdpExtractor extractor_;
  bool ended_ = false;
};

std::string link_name(int link_type) {
  const char* text = pcap_datalink_val_to_name(link_type);
  return std::to_string(link_type) + (text ? std::string(" (") + text + ")" : "");
}

}  // namespace

ReaderResult open_pcap(const std::string& path, FileHandle file) {
  char error[PCAP_ERRBUF_SIZE] = "";
  PcapHandle handle(pcap_fopen_offline_with_tstamp_precision(file.get(), PCAP_TSTAMP_PRECISION_NANO, error));
  if (!handle) return failure(path + ": is no capture that can be read: " + error);
  file.release();  // the handle closes it
  const int link_type = pcap_datalink(handle.get());
  if (!link_type_known(link_type))
    return failure(path + ": was captured on link type " + link_name(link_type) +
                   "; Ethernet, Linux cooked, loopback, raw IP and PPP can be read");
  return std::make_unique<PcapReader>(path, std::move(handle));
}

}  // namespace sluice::source
