#pragma once
// ClickHouse's own compressed blocks (compress=1, decompress=1), one after another: a checksum of 16 bytes
// over what follows it, the method, the sizes of header and data together and of the data unpacked (4 bytes
// each), the data.
#include <memory>

#include "http/codec.hpp"
#include "store/exchange.hpp"

namespace sluice::store {

/// Takes LZ4, ZSTD and stored blocks of up to 64 MiB.
std::unique_ptr<http::Decoder> make_block_decoder();
/// Writes LZ4, as a server answers, in blocks of up to 1 MiB.
std::unique_ptr<http::Encoder> make_block_encoder();

/// What of an exchange is in blocks, inside any content coding.
struct InBlocks {
  bool body = false;    ///< decompress=1
  bool answer = false;  ///< compress=1; an error that comes before the answer is plain, and has its status
};

/// Borrows the exchange. Errors are answered at the exchange itself.
std::unique_ptr<Exchange> in_blocks(Exchange& exchange, InBlocks which);

}  // namespace sluice::store
