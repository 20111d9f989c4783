#pragma once
// A line in the log by a sink. Without memory for the words it is not said, and nothing is thrown: whoever
// has something to say has blocks in hand. Any thread.
#include <new>
#include <string>
#include <utility>

#include "util/log_sink.hpp"

namespace sluice::sink {

/// `sentence` makes it.
template <class Sentence>
void say(const LogFn& log, LogLevel level, const std::string& sink_name, Sentence&& sentence) {
  try {
    log(level, "sink " + sink_name + ": " + std::forward<Sentence>(sentence)());
  } catch (const std::bad_alloc&) {  // it is not said
  }
}

}  // namespace sluice::sink
