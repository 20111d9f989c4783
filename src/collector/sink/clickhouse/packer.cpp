#include "sink/clickhouse/packer.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <new>
#include <vector>

namespace sluice::sink {
namespace {

constexpr int kZstdLevel = 1;
constexpr std::size_t kPiece = 1U << 18;

/// Both libraries fail for want of memory alone: what they are given is theirs to take.
std::size_t checked(std::size_t status, bool failed) {
  if (failed) throw std::bad_alloc();
  return status;
}

class Lz4Packer final : public Packer {
 public:
  Lz4Packer() : room_(std::max<std::size_t>(LZ4F_compressBound(kPiece, &kWanted), LZ4F_HEADER_SIZE_MAX)) {
    if (LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION)) != 0) throw std::bad_alloc();
  }
  ~Lz4Packer() override { LZ4F_freeCompressionContext(context_); }
  Lz4Packer(const Lz4Packer&) = delete;
  Lz4Packer& operator=(const Lz4Packer&) = delete;

  void begin(std::string& out) override {
    put(LZ4F_compressBegin(context_, room_.data(), room_.size(), &kWanted), out);
  }
  void add(std::string_view bytes, std::string& out) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size())))
      put(LZ4F_compressUpdate(context_, room_.data(), room_.size(), bytes.data(),
                              std::min(kPiece, bytes.size()), nullptr),
          out);
  }
  void end(std::string& out) override {
    put(LZ4F_compressEnd(context_, room_.data(), room_.size(), nullptr), out);
  }

 private:
  void put(std::size_t status, std::string& out) const {
    out.append(room_.data(), checked(status, LZ4F_isError(status) != 0));
  }

  static constexpr LZ4F_preferences_t kWanted{
      {LZ4F_max256KB, LZ4F_blockLinked, LZ4F_noContentChecksum, LZ4F_frame, 0, 0, LZ4F_noBlockChecksum},
      0,
      0,
      0,
      {}};

  std::vector<char> room_;
  LZ4F_cctx* context_ = nullptr;
};

class ZstdPacker final : public Packer {
 public:
  ZstdPacker() : room_(ZSTD_CStreamOutSize()), context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
  }
  ~ZstdPacker() override { ZSTD_freeCCtx(context_); }
  ZstdPacker(const ZstdPacker&) = delete;
  ZstdPacker& operator=(const ZstdPacker&) = delete;

  void begin(std::string& /*out*/) override { ZSTD_CCtx_reset(context_, ZSTD_reset_session_only); }
  void add(std::string_view bytes, std::string& out) override { go_on(bytes, ZSTD_e_continue, out); }
  void end(std::string& out) override { go_on({}, ZSTD_e_end, out); }

 private:
  /// Until all is taken, and at the end all is out.
  void go_on(std::string_view bytes, ZSTD_EndDirective how, std::string& out) {
    ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer to{room_.data(), room_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &to, &from, how);
      checked(left, ZSTD_isError(left) != 0);
      out.append(room_.data(), to.pos);
      if (how == ZSTD_e_end ? left == 0 : from.pos == from.size) return;
    }
  }

  std::vector<char> room_;
  ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Packer> make_packer(Packing packing) {
  switch (packing) {
    case Packing::lz4:
      return std::make_unique<Lz4Packer>();
    case Packing::zstd:
      return std::make_unique<ZstdPacker>();
    case Packing::none:
      break;
  }
  return nullptr;
}

}  // namespace sluice::sink
