#pragma once
// UDP datagrams out of files: pcap and pcapng captures, and raw datagram files. A CaptureFile belongs to one
// thread. Everything is read once, front to back; memory is bounded but for raw files that are no IPFIX
// files, which are read whole.
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"

namespace sluice::source {

/// One UDP datagram. The payload borrows the reader's memory until its next next().
struct CapturedDatagram {
  std::uint64_t time_ns = 0;  ///< Unix time of capture; 0 where the file has none
  IpAddress source;           ///< empty where the file has none (raw files)
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Bytes payload;
  bool truncated = false;  ///< the capture holds less of it than was sent
};

/// What a file held so far.
struct CaptureCounts {
  std::uint64_t packets = 0;      ///< frames of a capture; datagrams of a raw file
  std::uint64_t datagrams = 0;    ///< UDP datagrams handed out
  std::uint64_t other = 0;        ///< frames that hold no UDP, or headers cut too short to tell
  std::uint64_t fragments = 0;    ///< IP fragments of UDP datagrams
  std::uint64_t reassembled = 0;  ///< datagrams made of fragments
  std::uint64_t incomplete =
      0;                        ///< datagrams of which fragments are missing; complete at the end of the file
  std::uint64_t truncated = 0;  ///< datagrams handed out that are not whole
};

enum class FileKind : std::uint8_t { capture, raw };

class FileReader;

class CaptureFile {
 public:
  /// Opens a pcap (either byte order, micro- or nanoseconds) or pcapng file of link type NULL, LOOP,
  /// Ethernet, Linux cooked v1 and v2, RAW, IPv4, IPv6 or PPP; else, by its extension (.dat, .bin, .raw) or
  /// its version word, a raw file: one datagram, or several IPFIX messages or NetFlow v5 datagrams back to
  /// back where their lengths fill the file exactly; or an IPFIX file (RFC 5655), which is longer than a
  /// datagram can be. The error is a sentence that names the file.
  static Result<CaptureFile, std::string> open(const std::string& path);

  CaptureFile(CaptureFile&&) noexcept;
  CaptureFile& operator=(CaptureFile&&) noexcept;
  ~CaptureFile();

  /// The next datagram, fragments put together; false at the end.
  bool next(CapturedDatagram& out);
  /// After the end: what was wrong with the file, such as that it is cut short; "" where nothing was. What
  /// came before was handed out.
  const std::string& warning() const;
  const CaptureCounts& counts() const;
  FileKind kind() const;

 private:
  explicit CaptureFile(std::unique_ptr<FileReader> reader);
  std::unique_ptr<FileReader> reader_;
};

/// Whether the payload begins with the version word of sFlow v5, NetFlow v5, v9 or IPFIX.
bool is_flow_export(Bytes payload);

}  // namespace sluice::source
