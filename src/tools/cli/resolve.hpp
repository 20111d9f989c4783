#pragma once
// HOST:PORT of a command line to an address.
#include <string>
#include <string_view>

#include "config/endpoint.hpp"
#include "sluice/util/result.hpp"

namespace sluice::cli {

/// "192.0.2.1:2055", "[2001:db8::1]:2055" or "name:2055"; of a name the first address. May ask a resolver.
Result<config::Endpoint, std::string> resolve(std::string_view text);

}  // namespace sluice::cli
