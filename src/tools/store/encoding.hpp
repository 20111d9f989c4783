#pragma once
// The content codings that the store speaks, as ClickHouse does: gzip, deflate, zstd, lz4, br.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/codec.hpp"

namespace sluice::store {

enum class Coding { identity, gzip, deflate, zstd, lz4, br };

/// "gzip, deflate, zstd, lz4, br", for a header.
std::string_view known_codings();
std::string_view name(Coding coding);
/// Of a Content-Encoding; empty and "identity" are identity. Nothing for one that is not known, or several.
std::optional<Coding> parse_coding(std::string_view text);
/// The one to answer in, of an Accept-Encoding: the cheapest to make that the client takes.
Coding choose_coding(std::string_view accept_encoding);

/// Null for identity.
std::unique_ptr<http::Decoder> make_decoder(Coding coding);
std::unique_ptr<http::Encoder> make_encoder(Coding coding);

}  // namespace sluice::store
