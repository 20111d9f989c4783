#pragma once
// Text of strangers for a terminal, a log or a header. Any thread.
#include <string>

namespace sluice {

/// Control characters, line ends with them, become spaces: nothing in it begins a line or steers a terminal.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  return text;
}

}  // namespace sluice
