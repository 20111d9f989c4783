#pragma once
// Writes blocks of protobuf rows into a table of an SQL database, one transaction a block: the block's token
// into the table of blocks, its rows, COMMIT. How a server is spoken to is its Database's business.
//
// A block may be sent more than once: the answer to the first time may have been lost. Its token follows from
// the block's bytes, which are the same wherever the block has been meanwhile (the spool, another process),
// and from the table's name; where the token is there already, so are the rows.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sink/block_writer.hpp"
#include "sink/sql/rows.hpp"
#include "sink/sql/server.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink::sql {

/// Where each block that was written has a row, so that it is not written again.
inline constexpr std::string_view kBlocksTable = "sluice_blocks";

/// Gets a sentence that is worth a warning.
using Tell = std::function<void(const std::string&)>;
Tell tell_log(std::string sink_name, LogFn log);

/// One kind of server: at most one connection. Used by the sink's thread alone; of its functions none throws
/// but for want of memory, and then disconnect() follows.
class Database {
 public:
  virtual ~Database() = default;
  /// Where a block's rows are gathered, which store() sends.
  virtual Rows& rows() = 0;
  virtual bool connected() const = 0;
  /// A connection whose table is looked at.
  virtual Result<void, Trouble> connect(const Server& server, const GiveUp& give_up) = 0;
  virtual void disconnect() = 0;
  /// The transaction; of the rows nothing where the token is there. After an error disconnect() follows, as
  /// the connection may be within it.
  virtual Result<void, Trouble> store(const std::string& token, const GiveUp& give_up) = 0;
  /// Deletes tokens that nobody will ask for.
  virtual Result<void, Trouble> forget_old(const GiveUp& give_up) = 0;
};

/// `servers` is not empty; `table` is the flows'.
std::unique_ptr<BlockWriter> make_writer(std::vector<Server> servers, std::string table,
                                         std::unique_ptr<Database> database, Tell tell);

/// What stands in the way of flows: why none of the servers is one to write to, or what is wrong with its
/// table; "": nothing. For some seconds a server.
std::string look(const std::vector<Server>& servers, Database& database);

/// The block's rows; what is wrong with them, where they are no rows of flows.
Result<void, std::string> gather(const Block& block, Rows& into);

/// A UUID that follows from the block's rows and from where they go: 32 hexadecimal digits.
std::string block_token(const Block& block, const std::string& table);

}  // namespace sluice::sink::sql
