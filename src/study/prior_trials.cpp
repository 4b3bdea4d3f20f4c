#include "twostep/study/prior_trials.hpp"

#include <algorithm>
#include <cmath>

#include "study/reader_context.hpp"
#include "twostep/study/configuration.hpp"

namespace twostep {
namespace {

ConfigNode scalar_node(const std::string& text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::scalar;
  node.scalar = text;
  return node;
}

void say_why(std::string* why, const std::string& text) {
  if (why != nullptr) {
    *why = text;
  }
}

}  // namespace

double share_spent(double spent, double whole) {
  return spent > 0 && spent < whole && std::isfinite(whole) ? spent / whole : 0.5;
}

double best_objective(const WarmStarted& warm) {
  double best = std::nan("");
  for (const PriorTrial& t : warm.trials) {
    if (t.outcome == Outcome::finished && !(t.objective >= best)) {
      best = t.objective;
    }
  }
  return best;
}

bool same_value(const std::string& a, const std::string& b) {
  const ConfigNode left = scalar_node(a);
  const ConfigNode right = scalar_node(b);
  const auto x = parse_real(left);
  const auto y = parse_real(right);
  if (x && y) {
    return *x == *y;
  }
  const auto p = parse_boolean(left);
  const auto q = parse_boolean(right);
  return p && q ? *p == *q : a == b;
}

std::optional<std::string> none_of(const Dimension& dimension) {
  for (const Value& choice : dimension.choices) {
    const std::string text = to_text(choice);
    if (text == "none" || text == "None" || text == "null") {
      return text;
    }
  }
  return std::nullopt;
}

std::optional<std::string> constant_of(const StudySpec& spec, const std::string& dimension) {
  const std::string path = dimension.substr(0, dimension.find('['));
  const auto& settings = spec.space.empty() ? spec.settings : spec.space;
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& s) { return s.path == path; });
  return found == settings.end() || found->range ? std::nullopt
                                                 : std::optional(to_text(found->constant));
}

std::optional<Point> point_of(const Space& space, const ValueText& value, std::string* why) {
  Point out;
  out.values.resize(space.dimensions.size());
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) {
    if (!space.active(i, out)) {
      continue;
    }
    const Dimension& d = space.dimensions[i];
    const auto text = value(d);
    const auto fitted = text ? fit_value(d, scalar_node(*text)) : std::nullopt;
    if (!fitted) {
      say_why(why, text ? d.name + " is " + describe(scalar_node(*text)) + ", and here " +
                              allowed_values(d)
                        : "it has no " + d.name);
      return std::nullopt;
    }
    out.values[i] = *fitted;
  }
  return out;
}

std::optional<Point> translate(const StudySpec& from, const Space& from_space, const Point& point,
                               const StudySpec& to, const Space& to_space, std::string* why) {
  for (std::size_t i = 0; i < from_space.dimensions.size(); ++i) {
    const std::string& name = from_space.dimensions[i].name;
    const auto fixed = to_space.find(name) ? std::nullopt : constant_of(to, name);
    if (fixed && is_active(point.values[i]) && !same_value(*fixed, to_text(point.values[i]))) {
      say_why(why, name + " is " + to_text(point.values[i]) + ", and here always " + *fixed);
      return std::nullopt;
    }
  }
  return point_of(
      to_space,
      [&](const Dimension& d) -> std::optional<std::string> {
        const auto index = from_space.find(d.name);
        if (!index) {
          return constant_of(from, d.name);
        }
        const Value& value = point.values[*index];
        return is_active(value) ? std::optional(to_text(value)) : std::nullopt;
      },
      why);
}

}  // namespace twostep
