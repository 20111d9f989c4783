#include "decode/template/late_facts.hpp"

namespace sluice::decode {
namespace {

void give_rate(const ResolvedRate& rate, FlowRecord& flow, DecodeReport& report) {
  report.counts[DecodeCount::rates_unknown] -= flow.sampling_rate == 0;
  report.add(DecodeCount::rates_unknown, rate.rate == 0);
  flow.sampling_rate = rate.rate;
  flow.sampling_rate_source = rate.source;
}

void settle_rates(const Domain& domain, const LateFacts& late, const Into& into) {
  const std::span<FlowRecord> flows = into.batch.flows();
  Exporter& exporter = into.exporter;
  for (std::size_t run = 0; run < late.rates.size(); ++run) {
    const auto& [first, own, named, sampler] = late.rates[run];
    if (own) continue;
    const ResolvedRate rate =
        rate_of(exporter.settings, 0, exporter.samplers.rate_of(domain, named, sampler));
    const std::size_t end = run + 1 < late.rates.size() ? late.rates[run + 1].first : flows.size();
    for (FlowRecord& flow : flows.subspan(first, end - first)) give_rate(rate, flow, into.report);
    if (rate.rate) exporter.counters_of(domain.version).sampling_rate = rate.rate;
  }
}

void settle_times(const Message& message, const LateFacts& late, const Into& into) {
  const Exporter& exporter = into.exporter;
  const std::uint64_t init_ms = exporter.samplers.system_init_ms(message.domain);
  if (init_ms == 0) return;
  for (const LateFacts::Times& times : late.times) {
    FlowRecord& flow = into.batch.flows()[times.index];
    flow.time_flow_start_ns = times.start;
    flow.time_flow_end_ns = times.end;
    into.report.counts[DecodeCount::times_replaced] -= times.replaced;
    into.report.counts[DecodeCount::starts_replaced] -= times.start_replaced;
    Plan units;
    units.start_unit = times.start_unit;
    units.end_unit = times.end_unit;
    Message of_flow = message;
    of_flow.time.export_ns = times.export_ns;
    of_flow.received_ns = times.received_ns;
    finish_times(of_flow, units, times.duration_us, init_ms, exporter.bounds, flow, into.report);
    if (exporter.settings.times_received) move_to_receipt({&flow, 1}, times.received_ns);
  }
}

bool same_times(const FlowRecord& a, const FlowRecord& b) {
  return a.time_flow_start_ns == b.time_flow_start_ns && a.time_flow_end_ns == b.time_flow_end_ns;
}

}  // namespace

void finish_times_for_now(const Message& message, const Plan& plan, std::size_t index,
                          std::uint64_t duration_us, const Into& into, LateFacts& late) {
  FlowRecord& flow = into.batch.flows()[index];
  DecodeReport& report = into.report;
  LateFacts::Times times;
  times.index = index;
  times.start = flow.time_flow_start_ns;
  times.end = flow.time_flow_end_ns;
  times.duration_us = duration_us;
  times.start_unit = plan.start_unit;
  times.end_unit = plan.end_unit;
  times.export_ns = message.time.export_ns;
  times.received_ns = message.received_ns;
  const std::uint32_t replaced = report.count(DecodeCount::times_replaced);
  const std::uint32_t starts = report.count(DecodeCount::starts_replaced);
  finish_times(message, plan, duration_us, 0, into.exporter.bounds, flow, report);
  times.replaced = report.count(DecodeCount::times_replaced) != replaced;
  times.start_replaced = report.count(DecodeCount::starts_replaced) != starts;
  late.times.push_back(times);
}

void settle_late_facts(const Message& message, LateFacts& late, const Into& into) {
  const std::span<FlowRecord> flows = into.batch.flows();
  for (LateFacts::Copy& copy : late.copies) copy.same_times = same_times(flows[copy.from], flows[copy.to]);
  settle_rates(message.domain, late, into);
  settle_times(message, late, into);
  for (const LateFacts::Copy& copy : late.copies) {
    const FlowRecord& from = flows[copy.from];
    FlowRecord& to = flows[copy.to];
    give_rate({from.sampling_rate, from.sampling_rate_source}, to, into.report);
    if (!copy.same_times) continue;
    to.time_flow_start_ns = from.time_flow_start_ns;
    to.time_flow_end_ns = from.time_flow_end_ns;
  }
}

}  // namespace sluice::decode
