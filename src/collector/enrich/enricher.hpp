#pragma once
// Fills in what the datagram did not say: who collected it, where its addresses belong and what its
// interfaces face. One enricher belongs to one thread. What has the names may be replaced beside it at any
// time (CurrentNames); it takes the new ones with its next batch.
//
// A flow's names lie in its own extras; countries and AS numbers in its record.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "enrich/counts.hpp"
#include "enrich/current_names.hpp"
#include "sluice/flow/batch.hpp"
#include "snmp/give.hpp"

namespace sluice::enrich {

/// What the configuration says of an exporter, for flows that come without it.
struct ExporterWords {
  std::string name{}, site{}, role{}, tenant{};
  bool empty() const { return name.empty() && site.empty() && role.empty() && tenant.empty(); }
};
/// By prefix, the longest first.
using ExporterNames = std::vector<std::pair<IpPrefix, ExporterWords>>;

struct Settings {
  std::string collector_id;                     ///< configured name of this collector, or empty
  ExporterNames exporter_names{};               ///< see complete()
  std::shared_ptr<const CurrentNames> names{};  ///< null: none
  snmp::Poller* snmp = nullptr;                 ///< of interfaces; outlives the enricher
};

class Enricher {
 public:
  /// `counters` outlive it, or are its own where there are none.
  explicit Enricher(Settings settings, std::shared_ptr<EnrichCounters> counters = nullptr);
  ~Enricher();
  Enricher(Enricher&&) noexcept;
  Enricher& operator=(Enricher&&) noexcept;

  /// Of flows that this collector has decoded.
  void apply(FlowBatch& batch);
  /// Of flows that somebody else has received, from a file or a topic: what they say of themselves stays, and
  /// their exporters get their names too, which a decoder gives else.
  void complete(FlowBatch& batch);

 private:
  class Way;
  enum class Theirs : bool { no, yes };
  void name(FlowBatch& batch, Theirs theirs);
  void complete_exporter(Origin& origin, const ExporterWords& words) const;
  const ExporterWords& words_of(const IpAddress& exporter) const;

  Settings settings_;
  std::shared_ptr<EnrichCounters> counters_;
  std::uint64_t version_ = 0;
  std::unique_ptr<Way> way_;  // null where there are no names
  snmp::View snmp_;
};

}  // namespace sluice::enrich
