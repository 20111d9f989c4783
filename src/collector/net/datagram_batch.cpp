#include "net/datagram_batch.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "util/clock.hpp"

namespace sluice::net {
namespace {

constexpr unsigned kMostDatagrams = 1024;  // the kernel's own bound of recvmmsg (UIO_MAXIOV)
constexpr std::size_t kMostPayload = 65535;
constexpr std::size_t kMostSegments = 128;  // of one UDP_GRO message, by the kernel
// Slots that lie a power of two apart would all begin in the same few cache sets.
constexpr std::size_t kSkew = 2048;

using Control = std::array<std::byte, CMSG_SPACE(sizeof(int))>;

bool is_mapped(const std::uint8_t* v6) {
  static constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(v6, kPrefix.data(), kPrefix.size()) == 0;
}

void set_source(Datagram& datagram, const sockaddr_in6& from) {
  // sockaddr_in6 has room for both; the port lies at the same place.
  datagram.source_port = ntohs(from.sin6_port);
  IpAddress& out = datagram.source;
  if (from.sin6_family == AF_INET) {
    std::memcpy(out.bytes.data(), reinterpret_cast<const std::byte*>(&from) + offsetof(sockaddr_in, sin_addr),
                4);
    out.size = 4;
  } else if (from.sin6_family == AF_INET6 && is_mapped(from.sin6_addr.s6_addr)) {
    std::memcpy(out.bytes.data(), from.sin6_addr.s6_addr + 12, 4);
    out.size = 4;
  } else if (from.sin6_family == AF_INET6) {
    std::memcpy(out.bytes.data(), from.sin6_addr.s6_addr, 16);
    out.size = 16;
  }
}

/// Size of the segments that UDP_GRO joined, or 0 where the message is one datagram.
std::size_t segment_size(msghdr& header) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(c), sizeof size);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  return 0;
}

}  // namespace

/// What recvmmsg is given. One slot of address space for each datagram, wide enough for the largest: pages
/// that no datagram reaches are never backed by memory, so ordinary ones live in a page each, and the rare
/// large one is contiguous without a copy. Measured equal to compact 2 KB buffers.
struct DatagramBatch::Slots {
  explicit Slots(const BatchOptions& options)
      : largest(options.largest),
        stride((options.largest + kSkew) & ~std::size_t{63}),
        bytes(stride * options.datagrams),
        messages(options.datagrams),
        vectors(options.datagrams),
        sources(options.datagrams),
        controls(options.gro ? options.datagrams : 0) {
    void* mapped =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    // Huge pages would back all of it at the first touch.
    ::madvise(mapped, bytes, MADV_NOHUGEPAGE);
    memory = static_cast<std::byte*>(mapped);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      vectors[i] = {.iov_base = memory + i * stride, .iov_len = largest};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &sources[i];
      if (!controls.empty()) messages[i].msg_hdr.msg_control = controls[i].data();
      rearm(i);
    }
  }
  ~Slots() { ::munmap(memory, bytes); }
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  /// What the kernel overwrote.
  void rearm(std::size_t i) {
    messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6);
    messages[i].msg_hdr.msg_controllen = controls.empty() ? 0 : sizeof(Control);
  }

  std::size_t largest;
  std::size_t stride;
  std::size_t bytes;
  std::byte* memory = nullptr;
  std::vector<mmsghdr> messages;
  std::vector<iovec> vectors;
  std::vector<sockaddr_in6> sources;
  std::vector<Control> controls;
};

DatagramBatch::DatagramBatch(const BatchOptions& options)
    : options_{.datagrams = std::clamp(options.datagrams, 1U, kMostDatagrams),
               .largest = std::clamp<std::size_t>(options.largest, 1, kMostPayload),
               .gro = options.gro},
      slots_(std::make_unique<Slots>(options_)) {
  datagrams_.reserve(options_.datagrams);
}

DatagramBatch::~DatagramBatch() = default;

void DatagramBatch::clear() {
  datagrams_.clear();
  truncated_ = 0;
  full_ = false;
}

void DatagramBatch::add_message(std::size_t slot) {
  mmsghdr& message = slots_->messages[slot];
  const Bytes bytes(slots_->memory + slot * slots_->stride, message.msg_len);
  Datagram datagram;
  set_source(datagram, slots_->sources[slot]);
  const std::size_t joined = options_.gro ? segment_size(message.msg_hdr) : 0;
  // More pieces than the kernel ever joins would be a mistake of ours; then it is one datagram.
  const std::size_t step = joined > 0 && bytes.size() / joined <= kMostSegments ? joined : bytes.size();
  std::size_t at = 0;
  do {  // an empty datagram is one too
    datagram.payload = bytes.subspan(at, std::min(step, bytes.size() - at));
    datagrams_.push_back(datagram);
    at += step;
  } while (at < bytes.size());
  if (message.msg_hdr.msg_flags & MSG_TRUNC) ++truncated_;
}

int receive(const UdpSocket& socket, DatagramBatch& batch) {
  batch.clear();
  auto& messages = batch.slots_->messages;
  const int got =
      ::recvmmsg(socket.fd(), messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT, nullptr);
  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
  batch.received_ns_ = unix_ns();
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    batch.add_message(i);
    batch.slots_->rearm(i);
  }
  batch.full_ = static_cast<std::size_t>(got) == messages.size();
  return static_cast<int>(batch.datagrams_.size());
}

}  // namespace sluice::net
