#include "decode/template/records.hpp"

#include <algorithm>

#include "decode/finish.hpp"
#include "decode/rates.hpp"
#include "decode/template/as_configured.hpp"
#include "decode/template/element_name.hpp"
#include "decode/template/encapsulation.hpp"
#include "decode/template/late_facts.hpp"
#include "decode/template/learn_names.hpp"
#include "decode/template/reverse.hpp"

namespace sluice::decode {

namespace {

/// finish_times() for the commonest case, both times as sysUpTime of a v9 header, where the loop stays small.
void finish_uptimes(const Message& message, const TimeBounds& bounds, std::span<FlowRecord> flows,
                    DecodeReport& report) {
  for (FlowRecord& flow : flows) {
    flow.time_flow_start_ns =
        uptime_to_unix_ns(static_cast<std::uint32_t>(flow.time_flow_start_ns), message.time);
    flow.time_flow_end_ns =
        uptime_to_unix_ns(static_cast<std::uint32_t>(flow.time_flow_end_ns), message.time);
    judge_times(flow, message.received_ns, bounds, report);
  }
}

/// The times of a way back, whose steps left them raw in the record. What is not said of it is that of the
/// way there.
void finish_reverse_times(const Message& message, const ReversePlan& plan, std::uint64_t duration_us,
                          std::uint64_t init_ms, const FlowRecord& there, const TimeBounds& bounds,
                          FlowRecord& flow, DecodeReport& report) {
  const auto said = [&](TimeUnit unit, std::uint64_t raw) {
    return unit == TimeUnit::absent ? 0 : time_to_unix_ns(unit, raw, message.time, init_ms);
  };
  const std::uint64_t start = said(plan.start_unit, flow.time_flow_start_ns);
  const std::uint64_t end = said(plan.end_unit, flow.time_flow_end_ns);
  flow.time_flow_start_ns = start ? start : there.time_flow_start_ns;
  flow.time_flow_end_ns = end ? end : there.time_flow_end_ns;
  if (!start && !end && duration_us == 0) return;
  const std::uint64_t duration_ns = std::min(duration_us, kMostUs) * kNsPerUs;
  if (start && !end)
    flow.time_flow_end_ns = duration_ns ? start + duration_ns : std::max(flow.time_flow_end_ns, start);
  else if (!start && duration_ns)
    flow.time_flow_start_ns = flow.time_flow_end_ns - std::min(flow.time_flow_end_ns, duration_ns);
  else if (!start)
    flow.time_flow_start_ns = std::min(flow.time_flow_start_ns, end);
  judge_times(flow, message.received_ns, bounds, report);
}

/// Where the protocol is not told, but what only ICMP has. A record of zeros may be one of another protocol,
/// unless the template is of ICMP alone.
void imply_icmp(const Plan& plan, std::span<FlowRecord> flows, std::span<const Scratch> scratch) {
  for (std::size_t i = 0; i < flows.size(); ++i) {
    FlowRecord& flow = flows[i];
    const std::uint16_t packed = plan.uses_scratch ? scratch[i].icmp_type_code : std::uint16_t{0};
    if (!plan.icmp_alone && packed == 0 && flow.icmp_type == 0 && flow.icmp_code == 0) continue;
    flow.proto = plan.implied_proto;
    if (flow.proto == kIcmpByFamily) flow.proto = ethertype_of(flow, 0) == kEtypeIpv6 ? kIcmpv6 : kIcmp;
  }
}

void finish_packet(const Scratch& scratch, FlowRecord& flow) {
  if (!scratch.has_packet) return;
  if (flow.bytes == 0) flow.bytes = scratch.frame_size;
  if (flow.packets == 0) flow.packets = 1;
}

}  // namespace

void RecordDecoder::begin_message(const Exporter& exporter) {
  late_.rates.clear();
  late_.times.clear();
  late_.copies.clear();
  late_.known = exporter.samplers.changes();
}

void RecordDecoder::end_message(const Message& message, const Into& into) {
  if (into.exporter.samplers.changes() != late_.known) settle_late_facts(message, late_, into);
}

void RecordDecoder::finish(const Message& message, const Plan& plan, std::span<FlowRecord> flows,
                           const Into& into) {
  Exporter& exporter = into.exporter;
  DecodeReport& report = into.report;
  const Scratch nothing{};
  const std::uint64_t domain_init_ms = exporter.samplers.system_init_ms(message.domain);
  const bool uptimes = plan.start_unit == TimeUnit::uptime_ms && plan.end_unit == TimeUnit::uptime_ms &&
                       message.time.has_uptime;
  if (uptimes) finish_uptimes(message, exporter.bounds, flows, report);

  if (plan.implied_proto) imply_icmp(plan, flows, scratch_);

  ResolvedRate rate = rate_of(exporter.settings, 0, exporter.samplers.rate_of(message.domain, false, 0));
  std::uint64_t rate_sampler = 0;
  std::uint64_t rate_own = 0;
  const std::size_t first = into.batch.size() - flows.size();
  const bool rates_differ = plan.says_rate || plan.says_sampler;
  if (!rates_differ) late_.rates.push_back({first, false, false, 0});
  const bool needs_init = !message.time.has_uptime && domain_init_ms == 0 &&
                          (plan.start_unit == TimeUnit::uptime_ms || plan.end_unit == TimeUnit::uptime_ms);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    FlowRecord& flow = flows[i];
    const Scratch& scratch = plan.uses_scratch ? scratch_[i] : nothing;
    if (needs_init && scratch.system_init_ms == 0)
      finish_times_for_now(message, plan, first + i, scratch.duration_us, into, late_);
    else if (!uptimes)
      finish_times(message, plan, scratch.duration_us,
                   scratch.system_init_ms ? scratch.system_init_ms : domain_init_ms, exporter.bounds, flow,
                   report);
    if (plan.says_ethertype) [[unlikely]]
      flow.etype = settled_ethertype(flow, scratch.ip_version);
    else if (flow.etype == 0)
      flow.etype = ethertype_of(flow, scratch.ip_version);
    unpack_icmp(flow, scratch.icmp_type_code, plan.icmp_from_port);
    if (plan.has_packet) finish_packet(scratch, flow);
    if (rates_differ) {
      const std::uint64_t own = scratch.rates.rate();
      if (own != rate_own || scratch.sampler != rate_sampler || i == 0) {
        rate_own = own;
        rate_sampler = scratch.sampler;
        late_.rates.push_back({first + i, own != 0, plan.says_sampler, rate_sampler});
        rate = rate_of(exporter.settings, own,
                       exporter.samplers.rate_of(message.domain, plan.says_sampler, rate_sampler));
      }
    }
    flow.sampling_rate = rate.rate;
    flow.sampling_rate_source = rate.source;
    report.add(DecodeCount::rates_unknown, rate.rate == 0);
  }
  if (rate.rate) exporter.counters_of(message.domain.version).sampling_rate = rate.rate;
  apply_settings(message, plan, exporter.settings, flows);
}

void RecordDecoder::add_reverse(const Message& message, const Template& tmpl, Bytes set, std::size_t n,
                                const Into& into) {
  const ReversePlan& plan = tmpl.plan->reverse;
  const std::size_t first = into.batch.size() - n;
  ByteReader reader(set);
  for (std::size_t i = 0; i < n; ++i) {
    const bool told = !plan.steps.empty() && split(tmpl, reader);
    const Scratch& scratch = scratch_[i];
    if (scratch.reverse_octets == 0 && scratch.reverse_packets == 0) continue;
    const FlowRecord there = into.batch.flows()[first + i];
    const bool added = add_reverse_flow(first + i, scratch, into.batch);
    if (told) {
      FlowRecord& back = added ? into.batch.flows().back() : into.batch.flows()[first + i];
      const std::uint64_t duration_us = say_reverse(plan, values_, into.batch, back);
      const std::uint64_t init_ms = scratch.system_init_ms
                                        ? scratch.system_init_ms
                                        : into.exporter.samplers.system_init_ms(message.domain);
      finish_reverse_times(message, plan, duration_us, init_ms, there, into.exporter.bounds, back,
                           into.report);
      if (plan.says_times() && into.exporter.settings.times_received)
        move_to_receipt({&back, 1}, message.received_ns);
    }
    if (!added) {
      // Its own times are not those of the way there, which might be settled later.
      if (told && plan.says_times())
        std::erase_if(late_.times, [&](const LateFacts::Times& t) { return t.index == first + i; });
      continue;
    }
    late_.copies.push_back({first + i, into.batch.size() - 1});
    into.report.add(DecodeCount::flows);
    into.report.add(DecodeCount::rates_unknown, into.batch.flows().back().sampling_rate == 0);
  }
}

void RecordDecoder::end_set(const Message& message, const Template& tmpl, Bytes set, std::size_t n,
                            const Into& into) {
  const Plan& plan = *tmpl.plan;
  const std::span<FlowRecord> flows = into.batch.flows().last(n);
  const ExporterSettings& settings = into.exporter.settings;
  const std::span<Scratch> scratch(scratch_.data(), plan.uses_scratch ? n : 0);
  if (!plan.inner_steps.empty())
    settle_packets(flows, std::span(inner_).first(n), scratch, message.decapsulate, into.batch);
  finish(message, plan, flows, into);
  into.report.add(DecodeCount::flow_records, static_cast<std::uint32_t>(n));
  into.report.add(DecodeCount::flows, static_cast<std::uint32_t>(n));
  if (plan.has_volume_events && settings.teardown_repeats_updates)
    settle_firewall_volume(message, flows, scratch_, into);
  const std::size_t before = into.batch.size();
  if (plan.says_reverse && settings.split_biflows) add_reverse(message, tmpl, set, n, into);
  if (settings.mediator) take_original_exporters(n + into.batch.size() - before, into.batch);
}

void RecordDecoder::fixed_flows(const Message& message, const Template& tmpl, Bytes set, const Into& into) {
  // The set's own bytes bound the count; what is left over is padding (RFC 7011 section 3.3.1).
  const std::size_t n = set.size() / tmpl.min_length;
  if (n == 0) return;
  const Plan& plan = *tmpl.plan;
  const std::span<FlowRecord> flows = into.batch.append(n);
  scratch_.resize(std::max(scratch_.size(), n));
  if (plan.uses_scratch) std::fill_n(scratch_.begin(), n, Scratch{});
  if (plan.has_packet)
    for (std::size_t i = 0; i < n; ++i) scratch_[i].decapsulate = message.decapsulate;
  const SetOfRecords records{set, tmpl.min_length, into.batch, flows, {scratch_.data(), n}};
  for (const Step& step : plan.steps) run_step_on_set(step, records);
  if (!plan.inner_steps.empty()) {
    inner_.assign(n, FlowRecord{});
    const SetOfRecords inner{set, tmpl.min_length, into.batch, inner_, records.scratch};
    for (const Step& step : plan.inner_steps) run_step_on_set(step, inner);
  }
  end_set(message, tmpl, set, n, into);
  if (message.observer) {
    ByteReader reader(set);
    for (std::size_t i = 0; i < n && split(tmpl, reader); ++i) observe(message, tmpl);
  }
}

bool RecordDecoder::split(const Template& tmpl, ByteReader& reader) {
  values_.resize(tmpl.fields.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    std::size_t length = tmpl.fields[i].length;
    if (length == kVariableLength) {  // RFC 7011 section 7
      length = reader.be<std::uint8_t>();
      if (length == 255) length = reader.be<std::uint16_t>();
    }
    values_[i] = reader.take(length);
  }
  return reader.ok();
}

void RecordDecoder::variable_flows(const Message& message, const Template& tmpl, Bytes set,
                                   const Into& into) {
  const Plan& plan = *tmpl.plan;
  inner_.clear();
  std::size_t n = 0;
  ByteReader reader(set);
  while (reader.remaining() >= tmpl.min_length) {
    if (!split(tmpl, reader)) {
      into.report.fail(DecodeError::bad_record);
      break;
    }
    FlowRecord& flow = into.batch.append_one();
    if (scratch_.size() <= n) scratch_.resize(n + 1);
    scratch_[n] = Scratch{};
    scratch_[n].decapsulate = message.decapsulate;
    for (const Step& step : plan.steps) run_step(step, values_[step.field], into.batch, flow, scratch_[n]);
    if (!plan.inner_steps.empty()) inner_.emplace_back();
    for (const Step& step : plan.inner_steps)
      run_step(step, values_[step.field], into.batch, inner_.back(), scratch_[n]);
    if (message.observer) observe(message, tmpl);
    ++n;
  }
  end_set(message, tmpl, set, n, into);
}

void RecordDecoder::options(const Message& message, const Template& tmpl, Bytes set, const Into& into) {
  SamplerTable& samplers = into.exporter.samplers;
  DecodeReport& report = into.report;
  ByteReader reader(set);
  FlowBatch unused;
  unused.add_origin();
  FlowRecord& flow = unused.append_one();
  while (reader.remaining() >= tmpl.min_length) {
    if (!split(tmpl, reader)) {
      report.fail(DecodeError::bad_record);
      break;
    }
    report.add(DecodeCount::options_records);
    if (message.observer) observe(message, tmpl);
    if (CounterBatch* const counters = into.batch.counters()) keep_options(tmpl, into.batch, *counters);
    learn_names(message.domain, tmpl, values_, into.exporter.names, report);
    Scratch said{};
    for (const Step& step : tmpl.plan->steps) {
      // In v9 a scope's type is no element (RFC 3954 section 6.1: 1 system, 2 interface ...); in IPFIX it is.
      if (tmpl.is_scope_type(message.domain.version, step.field)) continue;
      if (info_of(step.element->action).in_options) run_step(step, values_[step.field], unused, flow, said);
    }
    if (said.system_init_ms) samplers.set_system_init_ms(message.domain, said.system_init_ms);
    const std::uint64_t rate = said.rates.rate();
    if (rate && !samplers.learn(message.domain, said.sampler, rate))
      report.fail(samplers.full() ? DecodeError::sampler_limit : DecodeError::state_limit);
  }
}

void RecordDecoder::keep_options(const Template& tmpl, const FlowBatch& batch, CounterBatch& counters) const {
  CounterRecord& record = counters.add();
  record.origin = static_cast<std::uint32_t>(batch.origin_count() - 1);
  record.options = true;
  record.template_id = tmpl.id;
  for (std::size_t i = 0; i < values_.size(); ++i)
    counters.add_raw(tmpl.fields[i].pen, tmpl.fields[i].id, values_[i], i < tmpl.scope_fields);
}

void RecordDecoder::observe(const Message& message, const Template& tmpl) {
  RawObserver& observer = *message.observer;
  observer.open(tmpl.options ? "options record" : "record");
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const TemplateField& field = tmpl.fields[i];
    const bool scope = tmpl.is_scope_type(message.domain.version, i);
    const std::string name = scope ? std::string() : element_name(field.pen, field.id);
    const std::string fallback = (scope       ? "scope "
                                  : field.pen ? std::to_string(field.pen) + ":"
                                              : "element ") +
                                 std::to_string(field.id);
    observer.bytes(name.empty() ? fallback : name, values_[i]);
  }
  observer.close();
}

void RecordDecoder::decode_set(const Message& message, Template& tmpl, Bytes set, const Into& into) {
  // Data that waited is older than the template that it waited for.
  tmpl.last_seen_ns = std::max(tmpl.last_seen_ns, message.received_ns);
  into.exporter.templates.use(tmpl);
  if (tmpl.options)
    options(message, tmpl, set, into);
  else if (tmpl.variable)
    variable_flows(message, tmpl, set, into);
  else
    fixed_flows(message, tmpl, set, into);
}

}  // namespace sluice::decode
