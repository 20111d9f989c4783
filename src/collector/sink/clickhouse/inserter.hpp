#pragma once
// Writes blocks of protobuf rows into flows_raw, one INSERT a block, over ClickHouse's HTTP interface. The
// rollups hang on flows_raw. A block of very many rows goes in pieces, an INSERT each: it becomes columns in
// memory here, and once more in the server.
//
// A block may be sent more than once: the answer to the first time may have been lost. So each INSERT carries
// a token that follows from the block's bytes, which are the same wherever the block has been meanwhile (the
// spool, another process), and the tables drop an INSERT whose token they have seen; with
// deduplicate_blocks_in_dependent_materialized_views the rollups do too. It goes into flows_raw and not into
// a Null table before it, which could not drop anything.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/tls.hpp"
#include "http/url.hpp"
#include "sink/block_writer.hpp"
#include "sink/clickhouse/native.hpp"
#include "sink/clickhouse/settings.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

/// What the settings amount to.
struct InsertTarget {
  std::vector<http::Url> servers;
  http::Trust trust;
};

/// Nothing, and `mistake` told, where they amount to nothing; asks nobody.
std::optional<InsertTarget> insert_target(const std::string& sink_name, const ClickhouseSettings& settings,
                                          const OnMistake& mistake);

/// `user_fields` may be null.
std::unique_ptr<BlockWriter> make_inserter(InsertTarget target, const ClickhouseSettings& settings,
                                           UserFieldsPtr user_fields = nullptr);

/// What goes in one INSERT: rows of a block, which outlives it.
struct InsertPiece {
  std::size_t first = 0;  ///< of its rows, in the block
  std::size_t rows = 0;
  Bytes bytes{};
};
inline constexpr std::size_t kInsertRows = 131'072;

/// The block from end to end in pieces of so many rows at the most, one at least; what is wrong with it,
/// where it is no rows.
Result<std::vector<InsertPiece>, std::string> insert_pieces(const Block& block);

/// Makes the body of an INSERT: blocks of so few rows that their columns stay in the processor's cache, which
/// the server puts together again. One thread; may throw std::bad_alloc.
class InsertBody {
 public:
  explicit InsertBody(Packing packing, UserFieldsPtr user_fields = nullptr);

  /// In place of what `out` holds: the piece's rows, column by column and compressed; what is wrong with
  /// them, where they are no rows of flows.
  Result<void, std::string> make(const InsertPiece& piece, std::string& out);

 private:
  const std::unique_ptr<Packer> packer_;
  NativeBlock rows_;
  std::string plain_;  // where it is compressed
};

/// 32 hexadecimal digits that follow from the block's rows: the token of a block that goes in one piece.
std::string insert_token(const Block& block);
/// Of one piece of several: from the block's, and which of its rows they are.
std::string insert_token(const std::string& of_block, const InsertPiece& piece);

/// Whether a server that answers so would refuse the same rows for ever, whatever is mended about it: they,
/// not the server, are what is wrong. `code` is ClickHouse's; 0: none.
bool refuses_rows(unsigned code);

}  // namespace sluice::sink
