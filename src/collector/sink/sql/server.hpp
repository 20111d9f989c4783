#pragma once
// Which servers a sink writes to, and what goes wrong with them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/block_writer.hpp"

namespace sluice::sink::sql {

struct Server {
  std::string host;  ///< a name, an address, or the path of a Unix socket
  std::string port;
  std::string text;  ///< as messages call it
};

/// HOST:PORT with commas between several, or the path of a Unix socket, with :PORT or without. Nothing where
/// one of them has neither form.
std::optional<std::vector<Server>> servers_in(std::string_view text, std::uint16_t usual_port);

/// What went wrong.
struct Trouble {
  WriteError error;
  /// SQLSTATE, of five characters, where the server refused a statement and may be asked the next; else "",
  /// and the connection is of no more use.
  std::string code;
};

/// What a server or its library says, in one line that is not too long.
std::string words_of(const char* said);

}  // namespace sluice::sink::sql
