// search.try_first: configurations, whole or in part, that are tried before the algorithm chooses.
#include "study/reader_context.hpp"
#include "twostep/study/configuration.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

// Without what the study has as a constant: a configuration may be copied from a report or another
// study whole, but not say otherwise.
ConfigNode without_constants(ReaderContext& context, const Space& space, const ConfigNode& node) {
  ConfigNode out = node;
  std::erase_if(out.members, [&](const ConfigNode::Member& m) {
    const auto constant = space.find(m.first) ? std::nullopt : constant_of(context.spec, m.first);
    if (constant &&
        (m.second.kind != ConfigNode::Kind::scalar || !same_value(m.second.scalar, *constant))) {
      context.problem(m.second.where(),
                      "search.try_first: " + m.first + " cannot be " + describe(m.second),
                      "it is a constant of this study: " + *constant,
                      "leave it out, or give " + m.first + " a range");
    }
    return constant.has_value();
  });
  return out;
}

}  // namespace

void keep_try_first(ReaderContext& context, const ConfigNode& node) {
  if (node.kind == ConfigNode::Kind::map) {
    context.try_first = {node};
  } else if (node.kind == ConfigNode::Kind::sequence) {
    context.try_first = node.items;
  } else {
    context.problem(node.where(), "search.try_first is " + describe(node),
                    "expected a list of configurations",
                    "write try_first: [{training.learning_rate: 0.01, model.layers: 2}]");
  }
}

void read_try_first(ReaderContext& context, const Space& space) {
  const std::string name = "search.try_first: ";
  for (const ConfigNode& written : context.try_first) {
    const std::size_t before = context.problems.size();
    const ConfigNode node = without_constants(context, space, written);
    const PartialPoint given = read_configuration(space, node, [&](const ConfigurationProblem& p) {
      context.problem(p.where, name + p.what, p.why, p.hint);
    });
    if (context.problems.size() > before) {
      continue;
    }
    NamedValues& named = context.spec.search.try_first.emplace_back();
    for (std::size_t i = 0; i < given.values.size(); ++i) {
      if (!is_active(given.values[i])) {
        continue;
      }
      const auto& condition = space.dimensions[i].condition;
      const Value parent = condition ? given.values[condition->parent] : Value();
      if (is_active(parent) && !space.active(i, Point{given.values})) {
        const std::string of = space.dimensions[condition->parent].name;
        context.problem(node.where(),
                        name + space.dimensions[i].name + " does not exist in this configuration",
                        of + " is " + to_text(parent), "leave it out, or change " + of);
      }
      named.emplace_back(space.dimensions[i].name, given.values[i]);
    }
  }
  if (context.use == StudyUse::run && context.try_first.size() > context.spec.search.trials) {
    context.problem(context.place("search.try_first"),
                    "search.try_first lists more configurations than search.trials",
                    std::to_string(context.try_first.size()) + " of " +
                        std::to_string(context.spec.search.trials) + " trials",
                    "raise search.trials");
  }
}

}  // namespace twostep
