#include "source/capture.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "source/file_reader.hpp"

namespace sluice::source {
namespace {

enum class Magic { capture, gzip, other };

Magic magic_of(Bytes start) {
  ByteReader reader(start);
  const auto word = reader.be<std::uint32_t>();
  switch (word) {
    case 0xa1b2c3d4:  // pcap, microseconds
    case 0xd4c3b2a1:
    case 0xa1b23c4d:  // pcap, nanoseconds
    case 0x4d3cb2a1:
    case 0xa1b2cd34:  // pcap with the longer record header of a patched libpcap of old
    case 0x34cdb2a1:
    case 0x0a0d0d0a:  // pcapng section header
      return Magic::capture;
    default:
      return word >> 16 == 0x1f8b ? Magic::gzip : Magic::other;
  }
}

bool has_raw_extension(std::string_view path) {
  return path.ends_with(".dat") || path.ends_with(".bin") || path.ends_with(".raw");
}

}  // namespace

bool is_flow_export(Bytes payload) {
  if (payload.size() < 4) return false;
  const auto version = load_be<std::uint16_t>(payload.data());
  return version == 5 || version == 9 || version == 10 || load_be<std::uint32_t>(payload.data()) == 5;
}

Result<CaptureFile, std::string> CaptureFile::open(const std::string& path) {
  FileHandle file(std::fopen(path.c_str(), "rb"));
  if (!file) return failure(path + ": cannot be opened: " + std::strerror(errno));
  std::array<std::byte, 4> start{};
  const std::size_t got = std::fread(start.data(), 1, start.size(), file.get());
  if (std::ferror(file.get())) return failure(path + ": cannot be read: " + std::strerror(errno));
  if (got == 0) return failure(path + ": is empty");
  if (std::fseek(file.get(), 0, SEEK_SET) != 0)
    return failure(path + ": is a stream; a regular file is needed");

  const Bytes head(start.data(), got);
  const Magic magic = magic_of(head);
  if (magic == Magic::gzip) return failure(path + ": is compressed by gzip; run gunzip on it first");
  if (magic == Magic::other && !has_raw_extension(path) && !is_flow_export(head))
    return failure(
        path +
        ": is neither a pcap or pcapng capture nor a datagram that begins with the version word of "
        "sFlow v5, NetFlow or IPFIX");
  auto reader = magic == Magic::capture ? open_pcap(path, std::move(file)) : open_raw(path, std::move(file));
  if (!reader) return failure(std::move(reader.error()));
  return CaptureFile(std::move(*reader));
}

CaptureFile::CaptureFile(std::unique_ptr<FileReader> reader) : reader_(std::move(reader)) {}
CaptureFile::CaptureFile(CaptureFile&&) noexcept = default;
CaptureFile& CaptureFile::operator=(CaptureFile&&) noexcept = default;
CaptureFile::~CaptureFile() = default;

bool CaptureFile::next(CapturedDatagram& out) { return reader_->next(out); }
const std::string& CaptureFile::warning() const { return reader_->warning; }
const CaptureCounts& CaptureFile::counts() const { return reader_->counts; }
FileKind CaptureFile::kind() const { return reader_->kind; }

}  // namespace sluice::source
