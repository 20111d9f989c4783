#pragma once
// Content codings of HTTP (RFC 9110 section 8.4), in pieces. gzip and deflate are here; who wants others
// makes them in the same form. Values of one thread at a time.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/util/result.hpp"

namespace sluice::http {

class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  virtual ~Decoder() = default;
  /// Takes from `in`, writes up to `size` bytes to `out`. With nothing consumed and nothing produced more
  /// input is wanted. The error is a sentence.
  virtual Result<Step, std::string> step(std::string_view in, char* out, std::size_t size) = 0;
  /// Whether the input may end here.
  virtual bool complete() const = 0;
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends to `out` what is ready. An error, which only a lack of memory can be, is an exception.
  virtual void encode(std::string_view in, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
};

/// gzip and deflate: zlib tells them apart by the header. Members of gzip may follow one another (RFC 1952).
std::unique_ptr<Decoder> make_zlib_decoder();
std::unique_ptr<Encoder> make_gzip_encoder();
std::unique_ptr<Encoder> make_deflate_encoder();

/// Bytes by which encoders let their output grow.
inline constexpr std::size_t kEncoderPiece = 1U << 16;
/// Lets `write(to, size)` put up to `size` bytes at the end of `out`; it returns how many it did.
template <class F>
void grow(std::string& out, F&& write) {
  const std::size_t before = out.size();
  out.resize(before + kEncoderPiece);
  out.resize(before + write(out.data() + before, kEncoderPiece));
}

/// Calls `take` with the name of each coding that an Accept-Encoding takes, in its order and case; not with
/// those of quality 0, which forbids them (RFC 9110 section 12.4.2).
void for_each_accepted(std::string_view accept_encoding, const std::function<void(std::string_view)>& take);

}  // namespace sluice::http
