#pragma once
#include <map>
#include <string>

namespace sluice::cli {

/// `sluice query --tables`: the tables with slots, retention and columns, made for a screen of `width`
/// characters (0: no screen).
std::string list_tables(std::size_t width);

/// `sluice query --tables --columns A,B`: prints which table answers for these columns between the parameters
/// from and to, and why. Returns the exit status.
int print_choice(const std::string& columns, const std::map<std::string, std::string>& given);

}  // namespace sluice::cli
