#pragma once
// Content codings of HTTP (RFC 9110 section 8.4), in pieces: gzip, deflate, zstd, lz4, br.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/util/result.hpp"

namespace sluice::store {

enum class Coding { identity, gzip, deflate, zstd, lz4, br };

/// "gzip, deflate, zstd, lz4, br", for a header.
std::string_view known_codings();
std::string_view name(Coding coding);
/// Of a Content-Encoding; empty and "identity" are identity. Nothing for one that is not known, or several.
std::optional<Coding> parse_coding(std::string_view text);
/// The one to answer in, of an Accept-Encoding: the cheapest to make that the client takes.
Coding choose_coding(std::string_view accept_encoding);

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

/// Null for identity.
std::unique_ptr<Decoder> make_decoder(Coding coding);
std::unique_ptr<Encoder> make_encoder(Coding coding);

}  // namespace sluice::store
