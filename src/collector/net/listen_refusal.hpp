#pragma once
// Why nobody can listen there, in a sentence for the user.
#include <string>

#include "flow/endpoint.hpp"

namespace sluice::net {

struct ListenRefusal {
  int error = 0;         ///< errno
  std::string sentence;  ///< for the user
};

/// `protocol`: "UDP" or "TCP".
ListenRefusal why_not(const char* protocol, const Endpoint& at, int error);

}  // namespace sluice::net
