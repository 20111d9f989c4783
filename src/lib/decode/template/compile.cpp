#include <algorithm>
#include <tuple>

#include "decode/template/plan.hpp"
#include "decode/template/sides.hpp"

namespace sluice::decode {
namespace {

// Fields of the message, by number.
constexpr std::uint16_t kNextHop = 12, kOutIf = 19, kForwardingStatus = 24, kFlowId = 204,
                        kFirewallEvent = 210;

bool is_integer_width(std::uint16_t length) { return length >= 1 && length <= 8; }

/// The unit of a time element sent with this length; absent where the width makes no sense for it.
TimeUnit time_unit(std::uint16_t id, std::uint16_t length) {
  switch (id) {
    case 21:
    case 22:
      return is_integer_width(length) ? TimeUnit::uptime_ms : TimeUnit::absent;
    case 150:
    case 151:
    case 322:
      return is_integer_width(length) ? TimeUnit::seconds : TimeUnit::absent;
    case 152:
    case 153:
    case 323:
      return is_integer_width(length) ? TimeUnit::ms : TimeUnit::absent;
    case 154:
    case 155:
      if (length == 16) return TimeUnit::seconds_and_us;
      [[fallthrough]];
    case 156:
    case 157:
    case 324:
    case 325:
      return length == 8 ? TimeUnit::ntp : TimeUnit::absent;
    case 158:
    case 159:
      return is_integer_width(length) ? TimeUnit::delta_us : TimeUnit::absent;
    default:
      return TimeUnit::absent;
  }
}

bool address_width_fits(const ElementInfo& element, std::uint16_t length) {
  // Elements that carry IPv6 have rank 1 in each pair of the table.
  return length == (element.rank == 0 ? 4 : 16);
}

/// Sets where a plainly stored value goes; false where the width rules it out.
bool place(const ElementInfo& element, const FieldInfo& field, Step& step) {
  step.target = field.index;
  switch (field.kind) {
    case FieldKind::address:
      if (!address_width_fits(element, step.length)) return false;
      step.store = field.home == FieldHome::record ? StoreTo::record_address : StoreTo::extra_address;
      step.size_target = field.size_offset;
      return true;
    case FieldKind::text:
    case FieldKind::raw:
      step.store = StoreTo::extra_text;
      return true;
    default:
      if (step.length != kVariableLength && !is_integer_width(step.length)) return false;
      step.store = field.home == FieldHome::record ? StoreTo::record_integer : StoreTo::extra_integer;
      step.width = field.width;
      return true;
  }
}

/// Whether a value of this element can have this width at all, for the actions that are no plain store.
bool width_fits(const ElementInfo& element, std::uint16_t length) {
  switch (element.action) {
    case Action::packet_ethernet:
    case Action::packet_ip:
      return true;
    case Action::mpls_label:
      return length == 3 || length == 4;
    case Action::mpls_address:
      return address_width_fits(element, length);
    case Action::probability_311:
      return length == 4 || length == 8;
    default:
      return length == kVariableLength || is_integer_width(length);
  }
}

bool prepare(const ElementInfo& element, Step& step) {
  switch (element.action) {
    case Action::none:
      return false;
    case Action::store:
      return place(element, *find_field(element.number), step);
    case Action::time_start:
    case Action::time_end:
    case Action::time_both:
      step.store = StoreTo::time;
      step.unit = time_unit(element.id, step.length);
      return step.unit != TimeUnit::absent;
    default:
      step.store = StoreTo::scratch;
      return width_fits(element, step.length);
  }
}

void note(const Step& step, Plan& plan) {
  switch (step.element->action) {
    case Action::interval_34:
    case Action::interval_50:
    case Action::interval_305:
    case Action::space_306:
    case Action::size_309:
    case Action::population_310:
    case Action::probability_311:
      plan.says_rate = plan.uses_scratch = true;
      break;
    case Action::sampler:
      plan.says_sampler = plan.uses_scratch = true;
      break;
    case Action::packet_ethernet:
    case Action::packet_ip:
      plan.has_packet = plan.uses_scratch = true;
      break;
    case Action::reverse_octets:
    case Action::reverse_packets:
    case Action::reverse_tos:
    case Action::reverse_tcp_flags:
      plan.says_reverse = plan.uses_scratch = true;
      break;
    case Action::ip_version:
    case Action::system_init_time:
    case Action::frame_size:
    case Action::icmp_type_code:
      plan.uses_scratch = true;
      break;
    default:
      break;
  }
  if (step.element->number == 31 && step.element->action == Action::store) plan.icmp_from_port = false;
}

void keep_time(const Step& step, std::size_t target, std::vector<Step>& kept) {
  kept.push_back(step);
  kept.back().target = static_cast<std::uint16_t>(target);
  kept.back().width = 8;
}

/// Of all time elements only the best for start and end stay; the finishing loop knows one unit for each.
void choose_times(std::vector<Step>& steps, Plan& plan) {
  const Step* start = nullptr;
  const Step* end = nullptr;
  for (const Step& step : steps) {  // ordered by rank
    if (step.store != StoreTo::time) continue;
    const Action action = step.element->action;
    if (!start && action != Action::time_end) start = &step;
    if (!end && action != Action::time_start) end = &step;
  }
  if (start) plan.start_unit = start->unit;
  if (end) plan.end_unit = end->unit;
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

/// Whether of this element sent twice the second has nothing to add, whatever the first said.
bool counts_once(Action action) {
  return action == Action::direction || action == Action::packet_ethernet || action == Action::packet_ip;
}

/// Marks every step but the first for its field as a fallback, and drops those that count only alone.
void settle_preferences(std::vector<Step>& steps) {
  std::vector<Step> kept;
  for (Step& step : steps) {
    const bool taken =
        std::ranges::any_of(kept, [&](const Step& earlier) { return fills_the_same(earlier, step); });
    const bool repeated =
        std::ranges::any_of(kept, [&](const Step& earlier) { return earlier.element == step.element; });
    if (taken && step.element->only_alone) continue;
    if (repeated && counts_once(step.element->action)) continue;
    step.fallback = (taken || repeated) && step.store != StoreTo::time;
    kept.push_back(step);
  }
  steps = std::move(kept);
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
    if (step.element->action == Action::packet_ethernet || step.element->action == Action::packet_ip)
      step.user_fields = &user_fields;
}

}  // namespace

Plan compile(const Template& tmpl, const UserFields* user_fields) {
  Plan plan;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < tmpl.fields.size(); ++i) {
    const TemplateField& field = tmpl.fields[i];
    Step step;
    step.element = find_element(field.pen, field.id);
    step.field = static_cast<std::uint16_t>(i);
    step.source = static_cast<std::uint16_t>(offset);
    step.length = field.length;
    if (!tmpl.variable) offset += field.length;
    if (field.length == 0 || !step.element || !prepare(*step.element, step)) continue;
    plan.steps.push_back(step);
  }
  choose_sides(tmpl, plan.steps);
  // ip_version decides between the address families and so must be known before they are stored.
  std::ranges::sort(plan.steps, {}, [](const Step& step) {
    return std::tuple(step.element->action != Action::ip_version, step.element->rank, step.field);
  });
  choose_times(plan.steps, plan);
  settle_preferences(plan.steps);
  for (const Step& step : plan.steps) note(step, plan);
  const auto fills = [&plan](std::uint16_t number) {
    return std::ranges::any_of(plan.steps,
                               [number](const Step& step) { return step.element->number == number; });
  };
  plan.has_volume_events = plan.says_reverse && fills(kFirewallEvent) && fills(kFlowId);
  plan.may_imply_drop = fills(kOutIf) && fills(kNextHop) && !fills(kForwardingStatus);
  if (user_fields && !tmpl.options) add_user_fields(tmpl, *user_fields, plan);
  return plan;
}

}  // namespace sluice::decode
