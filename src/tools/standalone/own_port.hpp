#pragma once
// A port for a program that is to be started where nobody looks for it. One thread.
#include <cstdint>
#include <string>

#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::standalone {

/// A TCP port of 127.0.0.1 that was free. While this lives the kernel gives it to nobody by itself, and a
/// server that says SO_REUSEADDR, as nearly all do, can listen there.
class OwnPort {
 public:
  /// The error is a sentence.
  static Result<OwnPort, std::string> take();

  std::uint16_t number() const { return number_; }

 private:
  OwnPort(UniqueFd fd, std::uint16_t number) : fd_(std::move(fd)), number_(number) {}

  UniqueFd fd_;
  std::uint16_t number_;
};

}  // namespace sluice::standalone
