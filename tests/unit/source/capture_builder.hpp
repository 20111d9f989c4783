#pragma once
// Builds packets and capture files byte by byte, so that the tests of the reader do not rest on its library.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "source/capture.hpp"

namespace sluice::source::test {

using Octets = std::vector<std::uint8_t>;

/// Appends integers big-endian.
class Wire {
 public:
  Wire& u8(unsigned v) { return octets.push_back(static_cast<std::uint8_t>(v)), *this; }
  Wire& u16(unsigned v) { return u8(v >> 8).u8(v & 255); }
  Wire& u32(std::uint32_t v) { return u16(v >> 16).u16(v & 65535); }
  Wire& add(const Octets& more) { return octets.insert(octets.end(), more.begin(), more.end()), *this; }
  Wire& zeros(std::size_t n) { return octets.resize(octets.size() + n), *this; }
  Octets octets;
};

/// A payload that looks like NetFlow v9, `size` bytes (at least 4), all its bytes told by `seed`.
inline Octets flow_payload(std::size_t size, unsigned seed) {
  Octets out = {0, 9, 0, 1};
  for (std::size_t i = 4; i < size; ++i) out.push_back(static_cast<std::uint8_t>(i * 7 + i / 256 + seed));
  return out;
}

inline Octets udp(unsigned source_port, unsigned destination_port, const Octets& payload) {
  return Wire()
      .u16(source_port)
      .u16(destination_port)
      .u16(static_cast<unsigned>(payload.size() + 8))
      .u16(0)
      .add(payload)
      .octets;
}

struct V4 {
  std::uint32_t source = 0xc0000201;       // 192.0.2.1
  std::uint32_t destination = 0xc6336401;  // 198.51.100.1
  unsigned id = 1;
  unsigned flags_offset = 0;
  unsigned protocol = 17;
  unsigned option_words = 0;
};

inline Octets ipv4(const V4& h, const Octets& data) {
  const unsigned words = 5 + h.option_words;
  return Wire()
      .u8(0x40 | words)
      .u8(0)
      .u16(static_cast<unsigned>(words * 4 + data.size()))
      .u16(h.id)
      .u16(h.flags_offset)
      .u8(64)
      .u8(h.protocol)
      .u16(0)
      .u32(h.source)
      .u32(h.destination)
      .zeros(h.option_words * 4)
      .add(data)
      .octets;
}

/// 2001:db8::1 to 2001:db8::2
inline Octets ipv6(unsigned next_header, const Octets& data) {
  return Wire()
      .u32(0x60000000)
      .u16(static_cast<unsigned>(data.size()))
      .u8(next_header)
      .u8(64)
      .u32(0x20010db8)
      .zeros(11)
      .u8(1)
      .u32(0x20010db8)
      .zeros(11)
      .u8(2)
      .add(data)
      .octets;
}

inline Octets ethernet(unsigned ethertype, const Octets& data) {
  return Wire().zeros(12).u16(ethertype).add(data).octets;
}

struct Frame {
  Octets octets;
  std::uint32_t seconds = 1700000000;
  std::uint32_t fraction = 0;
  std::uint32_t cut_to = 0xffffffff;  ///< bytes that the capture kept
};

struct PcapStyle {
  bool big_endian = false;
  bool nanoseconds = false;
  std::uint32_t link_type = 1;
};

inline void put(Octets& out, std::uint32_t value, unsigned width, bool big_endian) {
  for (unsigned i = 0; i < width; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (big_endian ? 8 * (width - 1 - i) : 8 * i)));
}

inline Octets pcap(const PcapStyle& style, const std::vector<Frame>& frames) {
  Octets out;
  const bool be = style.big_endian;
  put(out, style.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4, be);
  put(out, 2, 2, be);
  put(out, 4, 2, be);
  put(out, 0, 4, be);
  put(out, 0, 4, be);
  put(out, 262144, 4, be);
  put(out, style.link_type, 4, be);
  for (const auto& frame : frames) {
    const auto kept = std::min(frame.cut_to, static_cast<std::uint32_t>(frame.octets.size()));
    put(out, frame.seconds, 4, be);
    put(out, frame.fraction, 4, be);
    put(out, kept, 4, be);
    put(out, static_cast<std::uint32_t>(frame.octets.size()), 4, be);
    out.insert(out.end(), frame.octets.begin(), frame.octets.begin() + kept);
  }
  return out;
}

/// Section header, one interface with nanoseconds (if_tsresol 9), one enhanced packet block a frame.
inline Octets pcapng(bool be, std::uint32_t link_type, const std::vector<Frame>& frames) {
  Octets out;
  const auto block = [&](std::uint32_t type, const Octets& body) {
    const auto padded = static_cast<std::uint32_t>((body.size() + 3) / 4 * 4);
    put(out, type, 4, be);
    put(out, padded + 12, 4, be);
    out.insert(out.end(), body.begin(), body.end());
    out.resize(out.size() + padded - body.size());
    put(out, padded + 12, 4, be);
  };
  Octets section;
  put(section, 0x1a2b3c4d, 4, be);
  put(section, 1, 2, be);
  put(section, 0, 2, be);
  put(section, 0xffffffff, 4, be);
  put(section, 0xffffffff, 4, be);
  block(0x0a0d0d0a, section);
  Octets interface;
  put(interface, link_type, 2, be);
  put(interface, 0, 2, be);
  put(interface, 262144, 4, be);
  put(interface, 9, 2, be);
  put(interface, 1, 2, be);
  interface.insert(interface.end(), {9, 0, 0, 0});
  put(interface, 0, 4, be);
  block(1, interface);
  for (const auto& frame : frames) {
    const std::uint64_t time = frame.seconds * 1000000000ULL + frame.fraction;
    const auto size = static_cast<std::uint32_t>(frame.octets.size());
    Octets body;
    put(body, 0, 4, be);
    put(body, static_cast<std::uint32_t>(time >> 32), 4, be);
    put(body, static_cast<std::uint32_t>(time), 4, be);
    put(body, size, 4, be);
    put(body, size, 4, be);
    body.insert(body.end(), frame.octets.begin(), frame.octets.end());
    block(6, body);
  }
  return out;
}

/// A file that goes when the test ends.
class TemporaryFile {
 public:
  TemporaryFile(std::string_view name, const Octets& content) {
    std::string folder = (std::filesystem::temp_directory_path() / "sluice-source-XXXXXX").string();
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    path_ = (folder_ / name).string();
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  const std::string& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

/// A datagram with its own bytes.
struct Read {
  std::uint64_t time_ns;
  std::string from, to;
  Octets payload;
  bool truncated;
};

inline Octets copy(Bytes bytes) {
  Octets out;
  for (const auto b : bytes) out.push_back(std::to_integer<std::uint8_t>(b));
  return out;
}

inline std::vector<Read> read_all(CaptureFile& file) {
  std::vector<Read> out;
  CapturedDatagram d;
  while (file.next(d))
    out.push_back({d.time_ns, d.source.to_string() + ":" + std::to_string(d.source_port),
                   d.destination.to_string() + ":" + std::to_string(d.destination_port), copy(d.payload),
                   d.truncated});
  return out;
}

}  // namespace sluice::source::test
