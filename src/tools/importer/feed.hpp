#pragma once
// From flows to the sinks of a configuration, by the worker's way without the worker. A sink that is full
// is waited for: an archive has time, unlike a socket. One thread.
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "enrich/enricher.hpp"
#include "enrich/names_keeper.hpp"
#include "importer/days.hpp"
#include "sink/sink.hpp"
#include "util/log_sink.hpp"
#include "worker/outputs.hpp"

namespace sluice::importer {

class Feed {
 public:
  /// Into these sinks of the configuration, without their spools: what they cannot deliver stops the import.
  /// Throws SetupError. `log` as in sink::make_sink(); `stop` ends every wait.
  Feed(const config::Config& config, const std::vector<std::string>& sinks, const LogFn& log,
       const std::atomic<bool>& stop);
  ~Feed();

  /// What goes wrong with sinks is a sentence, here and below; nothing where all is well.
  std::optional<std::string> write(FlowBatch& batch);
  /// Until all that was written is delivered. Where it is stopped, at most for shutdown_timeout of the
  /// configuration.
  std::optional<std::string> settle();
  /// Ends the sinks; flows that they still have are lost to them.
  void close();

 private:
  struct NamedSink {
    std::string name;
    std::unique_ptr<sink::Sink> sink;
    bool through_broker = false;
  };
  std::optional<std::string> wait_for_room(std::size_t flows);
  std::optional<std::string> part_days();
  std::optional<std::string> trouble() const;
  bool delivered() const;

  const config::Config& config_;
  const std::atomic<bool>& stop_;
  enrich::NamesKeeper names_;
  enrich::Enricher enricher_;
  std::vector<NamedSink> sinks_;
  std::optional<worker::Outputs> outputs_;
  Days days_;
};

}  // namespace sluice::importer
