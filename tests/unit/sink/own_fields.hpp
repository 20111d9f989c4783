#pragma once
// Fields of a user's own for tests of sinks that have columns for them.
#include <string>

#include "sluice/flow/user_fields.hpp"

namespace sluice::test {

/// Of several kinds, one of them with the largest number.
inline UserFieldsPtr own_fields() {
  const auto field = [](const char* name, std::uint32_t number, UserType type, bool list) {
    UserField out;
    out.name = name;
    out.number = number;
    out.type = type;
    out.list = list;
    return out;
  };
  return make_user_fields(
      {field("seen", 2000, UserType::uint, false), field("zone", 2001, UserType::string, false),
       field("keys", 2002, UserType::bytes, true), field("ports", 2003, UserType::uint, true),
       field("zones", 2004, UserType::string, true), field("far", kLastUserNumber, UserType::uint, false)});
}

/// A message with all of them: 5, a text with a NUL, two keys of which one is empty, 53, a text with a
/// quote, 7.
inline std::string own_fields_message() {
  using namespace std::string_literals;
  return "\x80\x7d\x05"s + "\x8a\x7d\x03"s + "a\0b"s + "\x92\x7d\x01\xff"s + "\x92\x7d\x00"s +
         "\x98\x7d\x35"s + "\xa2\x7d\x03q\"r"s + "\xf8\xff\xff\xff\x0f\x07"s;
}

}  // namespace sluice::test
