#pragma once
// Prints what a datagram holds, as sent, as an indented tree: `sluice decode --raw`.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/decode/datagram.hpp"

namespace sluice::cli {

/// Collects the text of one datagram at a time. What bytes stand for is guessed from the field's name and
/// length and written behind the bytes themselves.
class RawTree final : public decode::RawObserver {
 public:
  void open(std::string_view what) override;
  void number(std::string_view name, std::uint64_t value) override;
  void bytes(std::string_view name, Bytes value) override;
  void close() override;
  /// A line of its own at the present depth.
  void line(std::string_view text);

  /// The text since the last take().
  std::string take();

 private:
  void indent();

  std::string text_;
  std::size_t depth_ = 0;
};

/// "0a000001 (10.0.0.1)", "00000064 (100)", "657468 (\"eth\")", or the hexadecimal digits alone.
std::string show_bytes(std::string_view name, Bytes value);

}  // namespace sluice::cli
