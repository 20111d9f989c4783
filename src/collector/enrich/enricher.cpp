#include "enrich/enricher.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "enrich/address_cache.hpp"
#include "enrich/interface_cache.hpp"

namespace sluice::enrich {
namespace {

using Tally = Counts<EnrichCount>;

/// An AS number where the flow has one already, or nobody's.
std::uint32_t chosen_as(const Names& names, const AddressFacts& facts, std::uint32_t of_exporter) {
  for (const AsSource source : names.as_from) {
    std::uint32_t as = 0;
    switch (source) {
      case AsSource::exporter:
        as = of_exporter;
        break;
      case AsSource::networks:
        if (facts.network != Networks::kNone) as = names.networks.facts(facts.network).as;
        break;
      case AsSource::database:
        as = facts.as;
        break;
    }
    if (as != 0) return as;
  }
  return 0;
}

}  // namespace

/// The way of flows past one set of names: the names, what was found in them, and what of it concerns the
/// exporter at hand.
class Enricher::Way {
 public:
  explicit Way(std::shared_ptr<const Names> names)
      : names_(std::move(names)), addresses_(*names_), interfaces_(*names_) {}

  void pass(FlowBatch& batch, Theirs theirs, Tally& tally) {
    const std::span<FlowRecord> flows = batch.flows();
    for (std::size_t i = 0; i < flows.size(); ++i) {
      if (i % kAhead == 0 && names_->any_address()) find_places(flows.subspan(i));
      FlowRecord& flow = flows[i];
      // What others have named stays; rules do not change it either.
      const FlowExtras* const theirs_before = theirs == Theirs::yes ? batch.extras_of(flow) : nullptr;
      const std::uint64_t said = theirs_before == nullptr ? 0 : theirs_before->texts_set();
      if (names_->any_address()) {
        const Places& places = places_[i % kAhead];
        name_address(batch, flow, Side::near, places.near, theirs, tally);
        name_address(batch, flow, Side::far, places.far, theirs, tally);
      }
      if (names_->any_interface()) {
        name_interface(batch, flow, Side::near, theirs, tally);
        name_interface(batch, flow, Side::far, theirs, tally);
      }
      if (names_->flow_rules) obey_rules(batch, flow, said, tally);
    }
  }

 private:
  enum class Side : bool { near, far };
  static constexpr std::size_t kAhead = 16;  // as many lines as a processor fetches at once, about
  struct Places {
    AddressCache::Place near, far;
  };

  void find_places(std::span<const FlowRecord> flows) {
    for (std::size_t i = 0; i < std::min(kAhead, flows.size()); ++i)
      places_[i] = {addresses_.place_of(flows[i].source()), addresses_.place_of(flows[i].destination())};
  }

  void name_address(FlowBatch& batch, FlowRecord& flow, Side side, AddressCache::Place place, Theirs theirs,
                    Tally& tally) {
    const IpAddress address = side == Side::near ? flow.source() : flow.destination();
    if (address.empty()) return;
    bool fresh = false;
    const AddressFacts& facts = addresses_.of(place, address, fresh);
    ++tally[fresh ? EnrichCount::addresses_looked_up : EnrichCount::addresses_cached];
    std::uint32_t& as = side == Side::near ? flow.src_as : flow.dst_as;
    if (theirs == Theirs::no || as == 0) as = chosen_as(*names_, facts, as);
    ++tally[as != 0 ? EnrichCount::as_hits : EnrichCount::as_misses];
    if (names_->countries) {
      auto& country = side == Side::near ? flow.src_country : flow.dst_country;
      if (country[0] == 0) std::memcpy(country, facts.country, sizeof(country));
      ++tally[country[0] != 0 ? EnrichCount::country_hits : EnrichCount::country_misses];
    }
    if (names_->networks.empty()) return;
    if (facts.network == Networks::kNone) {
      ++tally[EnrichCount::network_misses];
      return;
    }
    ++tally[EnrichCount::network_hits];
    const NetworkFacts& network = names_->networks.facts(facts.network);
    FlowExtras& extras = batch.extras(flow);
    for (const auto& attribute : kNetworkAttributes)
      fill(extras, side == Side::near ? attribute.near : attribute.far, network.*attribute.member);
  }

  void name_interface(FlowBatch& batch, FlowRecord& flow, Side side, Theirs theirs, Tally& tally) {
    const std::uint32_t index = side == Side::near ? flow.in_if : flow.out_if;
    if (index == 0) return;
    const auto field = [side](const auto& attribute) {
      return side == Side::near ? attribute.near : attribute.far;
    };
    const FlowExtras* given = batch.extras_of(flow);
    const auto text = [&](const auto& attribute) -> std::string_view {
      return given != nullptr && given->has(field(attribute)) ? std::string_view(given->get(field(attribute)))
                                                              : std::string_view{};
    };
    const InterfaceCache::Known& known =
        interfaces_.of(batch.origin_of(flow).exporter_address, index, text(kInterfaceAttributes[0]),
                       text(kInterfaceAttributes[1]));
    const InterfaceFacts& facts = known.facts;
    for (const auto& attribute : kInterfaceAttributes) {
      const std::string& value = facts.*attribute.member;
      const std::string_view said = text(attribute);
      // What the exporter says itself may be longer than what is looked at.
      if (value.empty() || said.starts_with(value)) continue;
      if (theirs == Theirs::no || said.empty()) {
        batch.extras(flow).set(field(attribute), value);
        given = batch.extras_of(flow);
      }
    }
    const ExtraScalar speed = side == Side::near ? ExtraScalar::in_if_speed : ExtraScalar::out_if_speed;
    if (facts.speed != 0 && (theirs == Theirs::no || given == nullptr || !given->has(speed)))
      batch.extras(flow).set(speed, facts.speed);
    ++tally[known.any ? EnrichCount::interface_hits : EnrichCount::interface_misses];
  }

  /// `taken` has a bit for each text that is not to be set any more.
  void obey_rules(FlowBatch& batch, FlowRecord& flow, std::uint64_t taken, Tally& tally) {
    const IpAddress& exporter = batch.origin_of(flow).exporter_address;
    if (exporter != exporter_ || !known_) concern(exporter);
    for (const Rule* const rule : rules_) {
      if (!rule->matches(batch, flow)) continue;
      ++tally[EnrichCount::rule_matches];
      if (rule->drops()) {
        batch.drop(flow);
        ++tally[EnrichCount::dropped_flows];
        return;
      }
      for (const Rule::Setting& one : rule->settings()) {
        const std::uint64_t bit = 1ULL << one.field->index;
        if ((taken & bit) == 0) batch.extras(flow).set(static_cast<ExtraText>(one.field->index), one.value);
        taken |= bit;
      }
    }
  }

  /// The rules about flows that are of this exporter.
  void concern(const IpAddress& exporter) {
    rules_.clear();
    for (const Rule& rule : names_->rules)
      if (!rule.about_interfaces() && rule.is_of(exporter)) rules_.push_back(&rule);
    exporter_ = exporter;
    known_ = true;
  }

  static void fill(FlowExtras& extras, ExtraText field, const std::string& value) {
    if (!value.empty() && !extras.has(field)) extras.set(field, value);
  }

  const std::shared_ptr<const Names> names_;
  AddressCache addresses_;
  std::array<Places, kAhead> places_{};  // of the flows at hand
  InterfaceCache interfaces_;
  IpAddress exporter_;
  bool known_ = false;
  std::vector<const Rule*> rules_;
};

Enricher::Enricher(Settings settings, std::shared_ptr<EnrichCounters> counters)
    : settings_(std::move(settings)),
      counters_(counters ? std::move(counters) : std::make_shared<EnrichCounters>()),
      snmp_(settings_.snmp) {}
Enricher::~Enricher() = default;
Enricher::Enricher(Enricher&&) noexcept = default;
Enricher& Enricher::operator=(Enricher&&) noexcept = default;

void Enricher::apply(FlowBatch& batch) {
  snmp::give_interfaces(snmp_, batch);  // first: rules look at what it says
  if (!settings_.collector_id.empty())
    for (std::size_t i = 0; i < batch.origin_count(); ++i)
      batch.origin(i).collector_id = settings_.collector_id;
  name(batch, Theirs::no);
}

void Enricher::complete(FlowBatch& batch) {
  if (!settings_.collector_id.empty() || !settings_.exporter_names.empty()) {
    const IpAddress* before = nullptr;
    const ExporterWords* words = nullptr;
    for (std::size_t i = 0; i < batch.origin_count(); ++i) {
      Origin& origin = batch.origin(i);
      // Flows of one exporter come together.
      if (before == nullptr || *before != origin.exporter_address) words = &words_of(origin.exporter_address);
      before = &origin.exporter_address;
      complete_exporter(origin, *words);
    }
  }
  name(batch, Theirs::yes);
}

void Enricher::complete_exporter(Origin& origin, const ExporterWords& words) const {
  if (origin.collector_id.empty()) origin.collector_id = settings_.collector_id;
  if (origin.exporter_name.empty()) origin.exporter_name = words.name;
  if (origin.exporter_site.empty()) origin.exporter_site = words.site;
  if (origin.exporter_role.empty()) origin.exporter_role = words.role;
  if (origin.exporter_tenant.empty()) origin.exporter_tenant = words.tenant;
}

const ExporterWords& Enricher::words_of(const IpAddress& exporter) const {
  static const ExporterWords kNone;
  const auto found = std::ranges::find_if(settings_.exporter_names,
                                          [&](const auto& one) { return one.first.contains(exporter); });
  return found == settings_.exporter_names.end() ? kNone : found->second;
}

void Enricher::name(FlowBatch& batch, Theirs theirs) {
  if (!settings_.names) return;
  if (const std::uint64_t version = settings_.names->version(); version != version_) [[unlikely]] {
    auto names = settings_.names->now();
    way_ = names ? std::make_unique<Way>(std::move(names)) : nullptr;
    version_ = version;
  }
  if (!way_) return;
  Tally tally;
  way_->pass(batch, theirs, tally);
  for (std::size_t i = 0; i < tally.kSize; ++i)
    if (tally.values[i] != 0) counters_->values[i].add(tally.values[i]);
}

}  // namespace sluice::enrich
