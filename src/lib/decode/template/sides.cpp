#include "decode/template/sides.hpp"

#include <algorithm>
#include <array>

namespace sluice::decode {
namespace {

enum class Side : std::uint8_t { unknown, input, output };

/// One element that names something, the fields it may go to, and the elements that number the same thing.
struct Named {
  std::uint16_t id;
  ExtraText input, output;
  std::array<std::uint16_t, 2> input_ids, output_ids;
};

constexpr Named kNamed[] = {
    {82, ExtraText::in_if_name, ExtraText::out_if_name, {10, 252}, {14, 253}},
    {83, ExtraText::in_if_description, ExtraText::out_if_description, {10, 252}, {14, 253}},
    {236, ExtraText::ingress_vrf_name, ExtraText::egress_vrf_name, {234, 234}, {235, 235}},
};

Side side_of(const Named& named, const TemplateField& field) {
  if (field.pen != 0) return Side::unknown;
  if (std::ranges::count(named.input_ids, field.id)) return Side::input;
  return std::ranges::count(named.output_ids, field.id) ? Side::output : Side::unknown;
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

void put(const Named& named, Side side, Step& step) {
  step.target = static_cast<std::uint16_t>(side == Side::output ? named.output : named.input);
}

void choose_one(const Named& named, const Template& tmpl, Step& step) {
  const bool input = numbers(named, tmpl, Side::input);
  const bool output = numbers(named, tmpl, Side::output);
  if (input != output) return put(named, output ? Side::output : Side::input, step);
  step.store = StoreTo::text_by_direction;
  step.size_target = static_cast<std::uint16_t>(named.output);
}

void choose_several(const Named& named, const Template& tmpl, const std::vector<Step*>& steps) {
  const Side first = nearest(named, tmpl, steps.front()->field);
  const bool told_apart =
      std::ranges::any_of(steps, [&](const Step* s) { return nearest(named, tmpl, s->field) != first; });
  const bool both = numbers(named, tmpl, Side::input) == numbers(named, tmpl, Side::output);
  for (Step* step : steps) {
    Side side = told_apart || !both ? nearest(named, tmpl, step->field) : Side::unknown;
    if (side == Side::unknown) side = step == steps.front() ? Side::input : Side::output;
    put(named, side, *step);
  }
}

}  // namespace

void choose_sides(const Template& tmpl, std::vector<Step>& steps) {
  for (const Named& named : kNamed) {
    std::vector<Step*> found;
    for (Step& step : steps)
      if (step.element->pen == 0 && step.element->id == named.id) found.push_back(&step);
    if (found.size() == 1)
      choose_one(named, tmpl, *found.front());
    else if (!found.empty())
      choose_several(named, tmpl, found);
  }
}

}  // namespace sluice::decode
