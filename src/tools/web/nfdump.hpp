#pragma once
// nfdump's command line as a question, and a question as nfdump's command line. Pure; any thread.
#include <string>

#include "web/question.hpp"

namespace sluice::web {

/// {"query":{...,"view":"table"},"warnings":[...]}. Nothing is run and no file is read.
Or<json> question_of_command(const std::string& command);

/// What would give the same from files of nfcapd, as far as there is such.
std::string nfdump_command(const Question& question);

}  // namespace sluice::web
