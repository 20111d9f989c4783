#pragma once
// The spool that the settings give a sink, before it is made.
#include <memory>
#include <optional>
#include <string>

#include "sink/settings.hpp"
#include "sink/spool/spool.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

struct SpoolPlan {
  std::string directory;  ///< "": none
  SpoolSettings settings;
  std::string form;  ///< of the sink's rows

  /// Null where there is none.
  std::unique_ptr<Spool> make(Spool::Owner owner) const;
};

SpoolPlan spool_plan(const std::string& sink_name, const Settings& settings);

/// Nothing where files can be made there, or nobody wants any; makes nothing.
std::optional<SetupError> cannot_spool(const std::string& sink_name, const Settings& settings);

}  // namespace sluice::sink
