#include "sink/spool/plan.hpp"

#include <cstdlib>
#include <system_error>

#include "util/writable.hpp"

namespace sluice::sink {

std::string spool_directory(const std::string& sink_name, const SpoolSettings& settings) {
  if (settings.path != kSpoolAuto) return settings.path;
  const char* const given = std::getenv("STATE_DIRECTORY");
  if (given == nullptr || *given == '\0') return {};
  const std::string_view all(given);  // with colons between, where the unit has several
  return std::string(all.substr(0, all.find(':'))) + "/spool/" + sink_name;
}

SpoolPlan spool_plan(const std::string& sink_name, const Settings& settings) {
  const StreamSpec spec = stream_spec(settings);
  std::string form(word_of(encode::kStreams, spec.format.stream));
  form.append(" ").append(word_of(encode::kFormats, spec.format.format));
  if (spec.format.format == encode::Format::json)
    form.append(" ").append(word_of(encode::kJsonFields, spec.format.json_fields));
  form.append(" ").append(word_of(kFramings, spec.framing));
  return {spool_directory(sink_name, settings.spool), settings.spool, std::move(form)};
}

std::unique_ptr<Spool> SpoolPlan::make(Spool::Owner owner) const {
  if (directory.empty()) return nullptr;
  return std::make_unique<Spool>(std::move(owner), settings, directory, form);
}

std::optional<SetupError> cannot_spool(const std::string& sink_name, const Settings& settings) {
  const std::string directory = spool_directory(sink_name, settings.spool);
  if (directory.empty()) return std::nullopt;
  const Room room = room_in(directory);
  if (room.error == 0) return std::nullopt;
  return SetupError("sinks." + sink_name + ".spool.path",
                    "cannot write in " + directory + ": " + std::generic_category().message(room.error) +
                        "; name a directory that the user sluice runs as may write to, or \"\" for none");
}

}  // namespace sluice::sink
