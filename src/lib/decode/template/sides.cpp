#include "decode/template/sides.hpp"

#include <algorithm>

namespace sluice::decode {
namespace {

enum class Side : std::uint8_t { unknown, input, output };

/// A kind of name, and what numbers the thing that it names.
struct Named {
  Role name;
  Role input, output;
};

constexpr Named kNamed[] = {
    {Role::interface_name, Role::input_interface, Role::output_interface},
    {Role::interface_description, Role::input_interface, Role::output_interface},
    {Role::vrf_name, Role::input_vrf, Role::output_vrf},
};

Side side_of(const Named& named, const TemplateField& field) {
  const ElementInfo* element = find_element(field.pen, field.id);
  if (!element) return Side::unknown;
  if (element->role == named.input) return Side::input;
  return element->role == named.output ? Side::output : Side::unknown;
}

/// Of the nearest number in front of the name.
Side nearest(const Named& named, const Template& tmpl, std::size_t name) {
  for (std::size_t i = name; i-- > 0;)
    if (const Side side = side_of(named, tmpl.fields[i]); side != Side::unknown) return side;
  return Side::unknown;
}

bool numbers(const Named& named, const Template& tmpl, Side side) {
  return std::ranges::any_of(tmpl.fields, [&](const auto& field) { return side_of(named, field) == side; });
}

std::uint16_t output_target(const Step& step) { return find_field(step.element->output_number)->index; }

/// The steps come with the input as target.
void put(Side side, Step& step) {
  if (side == Side::output) step.target = output_target(step);
}

void choose_one(const Named& named, const Template& tmpl, Step& step) {
  const bool input = numbers(named, tmpl, Side::input);
  const bool output = numbers(named, tmpl, Side::output);
  if (input != output) return put(output ? Side::output : Side::input, step);
  step.store = StoreTo::text_by_direction;
  step.output_target = output_target(step);
}

void choose_several(const Named& named, const Template& tmpl, const std::vector<Step*>& steps) {
  const Side first = nearest(named, tmpl, steps.front()->field);
  const bool told_apart =
      std::ranges::any_of(steps, [&](const Step* s) { return nearest(named, tmpl, s->field) != first; });
  const bool both = numbers(named, tmpl, Side::input) == numbers(named, tmpl, Side::output);
  for (Step* step : steps) {
    Side side = told_apart || !both ? nearest(named, tmpl, step->field) : Side::unknown;
    if (side == Side::unknown) side = step == steps.front() ? Side::input : Side::output;
    put(side, *step);
  }
}

}  // namespace

void choose_sides(const Template& tmpl, std::vector<Step>& steps) {
  for (const Named& named : kNamed) {
    std::vector<Step*> found;
    for (Step& step : steps)
      if (step.element->role == named.name) found.push_back(&step);
    if (found.size() == 1)
      choose_one(named, tmpl, *found.front());
    else if (!found.empty())
      choose_several(named, tmpl, found);
  }
}

}  // namespace sluice::decode
