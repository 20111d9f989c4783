#include <algorithm>
#include <tuple>

#include "decode/template/encapsulation.hpp"
#include "decode/template/plan.hpp"
#include "decode/template/sides.hpp"
#include "flow/field_rows.hpp"

namespace sluice::decode {
namespace {

bool is_integer_width(std::uint16_t length) { return length >= 1 && length <= 8; }

/// The unit of a time element sent with this length; absent where the width makes no sense for it.
TimeUnit time_unit(const ElementInfo& element, std::uint16_t length) {
  if (length == 16) return element.wide_unit;
  const bool fits = element.unit == TimeUnit::ntp ? length == 8 : is_integer_width(length);
  return fits ? element.unit : TimeUnit::absent;
}

bool address_width_fits(Family family, std::uint16_t length) {
  return length == (family == Family::ipv4 ? 4 : 16);
}

/// Sets where a plainly stored value goes; false where the width rules it out.
bool place(const ElementInfo& element, const FieldInfo& field, Step& step) {
  step.target = field.index;
  switch (field.kind) {
    case FieldKind::address:
      if (!address_width_fits(element.family, step.length)) return false;
      step.store = field.home == FieldHome::record ? StoreTo::record_address : StoreTo::extra_address;
      step.size_target = field.size_offset;
      return true;
    case FieldKind::text:
      step.store = StoreTo::extra_text;
      return true;
    case FieldKind::raw:
      step.store = StoreTo::extra_raw;
      return true;
    default:
      if (step.length != kVariableLength && !is_integer_width(step.length)) return false;
      step.store = field.home == FieldHome::record ? StoreTo::record_integer : StoreTo::extra_integer;
      step.width = field.width;
      return true;
  }
}

/// Where the value of an element goes; false where its width rules it out, or nothing is done with it.
bool prepare(const ElementInfo& element, Step& step) {
  const std::uint16_t length = step.length;
  step.store = StoreTo::scratch;
  switch (info_of(element.action).widths) {
    case Widths::of_field:
      return place(element, *find_field(element.number), step);
    case Widths::of_unit:
      step.store = StoreTo::time;
      step.unit = time_unit(element, length);
      return step.unit != TimeUnit::absent;
    case Widths::of_family:
      return address_width_fits(element.family, length);
    case Widths::integer:
      return length == kVariableLength || is_integer_width(length);
    case Widths::mpls_label:
      return length == 3 || length == 4;
    case Widths::real:
      return length == 4 || length == 8;
    case Widths::any:
      return true;
    case Widths::none:
      return false;
  }
  return false;
}

void note(const Step& step, Plan& plan) {
  const ActionInfo& action = info_of(step.element->action);
  plan.uses_scratch |= action.needs_scratch;
  switch (action.says) {
    case Says::nothing:
      break;
    case Says::rate:
      plan.says_rate = true;
      break;
    case Says::sampler:
      plan.says_sampler = true;
      break;
    case Says::packet:
      plan.has_packet = true;
      break;
    case Says::both_directions:
      plan.says_reverse = true;
      break;
  }
}

void keep_time(const Step& step, std::size_t target, std::vector<Step>& kept) {
  kept.push_back(step);
  kept.back().target = static_cast<std::uint16_t>(target);
  kept.back().width = 8;
}

/// Of all time elements only the best for start and end stay; the finishing loop knows one unit for each.
void choose_times(std::vector<Step>& steps, TimeUnit& start_unit, TimeUnit& end_unit) {
  const Step* start = nullptr;
  const Step* end = nullptr;
  for (const Step& step : steps) {  // ordered by rank
    if (step.store != StoreTo::time) continue;
    const Action action = step.element->action;
    if (!start && action != Action::time_end) start = &step;
    if (!end && action != Action::time_start) end = &step;
  }
  if (start) start_unit = start->unit;
  if (end) end_unit = end->unit;
  std::vector<Step> kept;
  for (const Step& step : steps) {
    if (step.store != StoreTo::time) {
      kept.push_back(step);
      continue;
    }
    if (&step == start) keep_time(step, offsetof(FlowRecord, time_flow_start_ns), kept);
    if (&step == end) keep_time(step, offsetof(FlowRecord, time_flow_end_ns), kept);
  }
  steps = std::move(kept);
}

/// Whether the earlier step fills what this one would fill. The counters of the way back have no field in
/// this flow; of those, what the step does tells.
bool fills_the_same(const Step& earlier, const Step& step) {
  if (step.element->number == 0)
    return step.element->only_alone && earlier.element->action == step.element->action;
  return earlier.element->number == step.element->number && earlier.store != StoreTo::scratch &&
         step.store == earlier.store;
}

/// Whether a step that counts only alone gives way to the earlier one for the same field. Addresses of the
/// two families do not: a template that has both has one of them in a record.
bool gives_way(const Step& earlier, const Step& step) {
  if (!step.element->only_alone || !fills_the_same(earlier, step)) return false;
  return step.element->family == Family::none || !earlier.element->only_alone;
}

/// Marks every step but the first for its field as a fallback, and drops those that count only alone.
void settle_preferences(std::vector<Step>& steps) {
  std::vector<Step> kept;
  for (Step& step : steps) {
    const bool taken =
        std::ranges::any_of(kept, [&](const Step& earlier) { return fills_the_same(earlier, step); });
    const bool repeated =
        std::ranges::any_of(kept, [&](const Step& earlier) { return earlier.element == step.element; });
    if (std::ranges::any_of(kept, [&](const Step& earlier) { return gives_way(earlier, step); })) continue;
    if (repeated && info_of(step.element->action).counts_once) continue;
    // What fills a part of its field goes the careful way too, which plain values are spared.
    step.fallback = (taken || repeated || step.element->shift != 0) && step.store != StoreTo::time;
    kept.push_back(step);
  }
  steps = std::move(kept);
}

/// A second step for what stands in for a field that no element of the template fills.
void add_stand_ins(std::vector<Step>& steps) {
  const std::size_t n = steps.size();
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t number = steps[i].element->stands_in_for;
    const auto fills_it = [=](const Step& other) { return other.element->number == number; };
    if (number == 0 || std::ranges::any_of(steps, fills_it)) continue;
    Step step = steps[i];
    if (place(*step.element, *find_field(number), step)) steps.push_back(step);
  }
}

// For steps of elements that the table does not know.
constexpr ElementInfo kUserElement{0, 0, "user-defined", 0, Action::none};

bool user_width_fits(const UserField& field, std::uint16_t length) {
  if (length == kVariableLength) return true;
  if (field.type == UserType::address) return length == 4 || length == 16;
  return field.type != UserType::uint || is_integer_width(length);
}

/// The steps of one user-defined field: of several elements the one that configuration names first.
void add_user_field(const Template& tmpl, const UserField& field, Plan& plan) {
  for (const ElementSource& source : field.elements) {
    std::size_t offset = 0;
    for (std::size_t i = 0; i < tmpl.fields.size(); ++i) {
      const TemplateField& sent = tmpl.fields[i];
      Step step;
      step.element = &kUserElement;
      step.store = StoreTo::user;
      step.field = static_cast<std::uint16_t>(i);
      step.source = static_cast<std::uint16_t>(offset);
      step.length = sent.length;
      step.user = &field;
      if (!tmpl.variable) offset += sent.length;
      const bool wanted = sent.pen == source.pen && sent.id == source.id && sent.length != 0;
      if (wanted && user_width_fits(field, sent.length)) plan.steps.push_back(step);
    }
  }
}

/// After all other steps, whose order and preferences are none of theirs.
void add_user_fields(const Template& tmpl, const UserFields& user_fields, Plan& plan) {
  for (const UserField& field : user_fields.all()) add_user_field(tmpl, field, plan);
  if (!user_fields.reads_packets()) return;
  for (Step& step : plan.steps)
    if (info_of(step.element->action).says == Says::packet) step.user_fields = &user_fields;
}

/// What decides between address families must be known before they are stored.
void put_in_order(std::vector<Step>& steps) {
  std::ranges::sort(steps, {}, [](const Step& step) {
    return std::tuple(!info_of(step.element->action).runs_first, step.element->rank, step.field);
  });
}

/// Whether the element says something of a flow on its way back that the way there does not tell. Volumes
/// make that flow, and have rows of their own in the table.
bool tells_of_the_way_back(const ElementInfo& element) {
  const ActionInfo& action = info_of(element.action);
  return action.says == Says::nothing && !action.in_options && !action.runs_first &&
         element.number != field_number("bytes") && element.number != field_number("packets");
}

void compile_reverse(const Template& tmpl, ReversePlan& plan) {
  std::erase_if(plan.steps, [](const Step& step) { return !tells_of_the_way_back(*step.element); });
  choose_sides(tmpl, plan.steps);
  put_in_order(plan.steps);
  choose_times(plan.steps, plan.start_unit, plan.end_unit);
  settle_preferences(plan.steps);
  const std::size_t said = plan.steps.size();
  add_stand_ins(plan.steps);
  // The way there may have said what they stand in for.
  for (std::size_t i = said; i < plan.steps.size(); ++i) plan.steps[i].fallback = true;
}

void compile_inner(std::vector<Step>& steps) {
  put_in_order(steps);
  settle_preferences(steps);
}

/// ICMP's own elements say that it is ICMP where the protocol stands nowhere. Other protocols' flows may have
/// the same template, with zeros in them.
void note_implied_protocol(Plan& plan) {
  const auto has_id = [&plan](std::initializer_list<std::uint16_t> ids) {
    return std::ranges::any_of(plan.steps, [&](const Step& s) {
      return s.element->pen == 0 && std::ranges::find(ids, s.element->id) != ids.end();
    });
  };
  if (plan.has_packet || has_id({4})) return;
  const bool v4 = has_id({32, 176, 177}), v6 = has_id({139, 178, 179});
  plan.implied_proto = v4 && v6 ? kIcmpByFamily : v4 ? kIcmp : v6 ? kIcmpv6 : std::uint8_t{0};
  plan.icmp_alone = !has_id({6, 7, 11});
}

/// What follows from several elements of the template together.
void note_combinations(Plan& plan) {
  const auto has = [&plan](std::uint16_t number) {
    return std::ranges::any_of(plan.steps, [=](const Step& s) { return s.element->number == number; });
  };
  plan.icmp_from_port = std::ranges::none_of(plan.steps, [](const Step& s) {
    return s.element->number == field_number("icmp_type") && s.element->action == Action::store;
  });
  plan.has_volume_events =
      plan.says_reverse && has(field_number("firewall_event")) && has(field_number("flow_id"));
  plan.says_ethertype = std::ranges::any_of(plan.steps, [](const Step& s) {
    return s.element->number == field_number("etype") && s.element->action == Action::store;
  });
  note_implied_protocol(plan);
  plan.may_imply_drop =
      has(field_number("out_if")) && has(field_number("next_hop")) && !has(field_number("forwarding_status"));
}

/// What an element means where nProbe's OUT_BYTES and OUT_PKTS, sent as 23 and 24, are the way back.
const ElementInfo* with_post_counters_reverse(const ElementInfo* element) {
  constexpr std::uint16_t kPostOctets = 23, kPostPackets = 24, kOctets = 1, kPackets = 2;
  if (!element || element->pen != 0) return element;
  if (element->id == kPostOctets) return find_element(kReverseEnterprise, kOctets);
  if (element->id == kPostPackets) return find_element(kReverseEnterprise, kPackets);
  return element;
}

}  // namespace

Plan compile(const Template& tmpl, const UserFields* user_fields, bool post_counters_reverse) {
  Plan plan;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < tmpl.fields.size(); ++i) {
    const TemplateField& field = tmpl.fields[i];
    Step step;
    step.element = find_element(field.pen, field.id);
    const bool back = !step.element && field.pen == kReverseEnterprise;
    if (back) step.element = find_element(0, field.id);
    if (!back && post_counters_reverse) step.element = with_post_counters_reverse(step.element);
    step.field = static_cast<std::uint16_t>(i);
    step.source = static_cast<std::uint16_t>(offset);
    step.length = field.length;
    if (!tmpl.variable) offset += field.length;
    if (field.length == 0 || !step.element || !prepare(*step.element, step)) continue;
    (back ? plan.reverse.steps : plan.steps).push_back(step);
  }
  choose_sides(tmpl, plan.steps);
  plan.inner_steps = take_inner_steps(plan.steps);
  compile_inner(plan.inner_steps);
  put_in_order(plan.steps);
  choose_times(plan.steps, plan.start_unit, plan.end_unit);
  settle_preferences(plan.steps);
  add_stand_ins(plan.steps);
  compile_reverse(tmpl, plan.reverse);
  for (const Step& step : plan.steps) note(step, plan);
  note_combinations(plan);
  if (user_fields && !tmpl.options) add_user_fields(tmpl, *user_fields, plan);
  return plan;
}

}  // namespace sluice::decode
