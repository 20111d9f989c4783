#pragma once
// Who asks. There is one user; where the store has no password, its user has an empty one.
#include <optional>
#include <string>
#include <string_view>

#include "store/exchange.hpp"
#include "store/form.hpp"

namespace sluice::store {

struct Credentials {
  std::string user = "default";
  std::string password;
};

/// Nothing: the request may go on. Else ClickHouse's error text: 516 for what is wrong, 194 where nothing was
/// given though a password is needed. Looks, as a server does, at X-ClickHouse-User and X-ClickHouse-Key,
/// then at Basic authentication, then at the parameters `user` and `password`.
std::optional<std::string> refused(const Exchange& exchange, const Form& form, const Credentials& wanted);

}  // namespace sluice::store
