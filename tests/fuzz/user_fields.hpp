#pragma once
// User-defined fields of every type from common elements and from all layers, at odd places.
#include "sluice/flow/user_fields.hpp"

namespace sluice::fuzz {

inline UserFieldsPtr user_fields() {
  static const UserFieldsPtr fields = [] {
    std::vector<UserField> out;
    for (const auto type : {UserType::uint, UserType::string, UserType::bytes, UserType::address})
      for (const bool list : {false, true}) {
        UserField field;
        field.number = kFirstUserNumber + static_cast<std::uint32_t>(out.size());
        field.name = "field_" + std::to_string(field.number);
        field.type = type;
        field.list = field.little_endian = list;
        field.elements = {{0, 1}, {0, 8}, {0, 27}, {0, 96}, {0, 371}, {9, 12235}, {0, 315}};
        const std::uint32_t length = type == UserType::address         ? 32
                                     : type == UserType::uint && !list ? 61
                                                                       : 64;
        for (std::size_t i = 0; i < static_cast<std::size_t>(PacketLayer::count); ++i)
          for (const bool inner : {false, true})
            field.packet.push_back(
                {static_cast<PacketLayer>(i), inner, static_cast<std::uint32_t>(7 * i), length});
        out.push_back(std::move(field));
      }
    return make_user_fields(std::move(out));
  }();
  return fields;
}

}  // namespace sluice::fuzz
