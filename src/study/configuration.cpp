#include "twostep/study/configuration.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "study/reader_context.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

std::optional<double> number_of(const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    return static_cast<double>(*i);
  }
  const auto* d = std::get_if<double>(&value);
  return d ? std::optional(*d) : std::nullopt;
}

}  // namespace

std::string allowed_values(const Dimension& d) {
  if (d.kind != DimensionKind::choice) {
    return std::string(d.kind == DimensionKind::integer ? "a whole number" : "a number") +
           " from " + short_number(d.low) + " to " + short_number(d.high) +
           (d.step > 0 ? " in steps of " + short_number(d.step) : "");
  }
  std::string out;
  for (const Value& v : d.choices) {
    out += (out.empty() ? "one of " : ", ") + to_text(v);
  }
  return out;
}

std::optional<Value> fit_value(const Dimension& d, const ConfigNode& scalar) {
  std::optional<Value> value;
  if (d.kind == DimensionKind::integer) {
    if (const auto v = parse_integer(scalar)) {
      value = *v;
    }
  } else if (d.kind == DimensionKind::real) {
    if (const auto v = parse_real(scalar)) {
      value = *v;
    }
  } else if (scalar.kind == ConfigNode::Kind::scalar) {
    const auto number = parse_real(scalar);
    const auto flag = parse_boolean(scalar);
    const auto found = std::find_if(d.choices.begin(), d.choices.end(), [&](const Value& choice) {
      const auto* text = std::get_if<std::string>(&choice);
      const auto* truth = std::get_if<bool>(&choice);
      return text ? *text == scalar.scalar : truth ? flag == *truth : number == number_of(choice);
    });
    if (found != d.choices.end()) {
      value = *found;
    }
  }
  return value && contains(d, *value) ? value : std::nullopt;
}

PartialPoint read_configuration(const Space& space, const ConfigNode& map,
                                const std::function<void(const ConfigurationProblem&)>& problem) {
  PartialPoint out;
  out.values.resize(space.dimensions.size());
  if (map.kind != ConfigNode::Kind::map) {
    problem({map.where(), "not a configuration: " + describe(map),
             "expected a mapping of dimension names to values", ""});
    return out;
  }
  std::vector<std::string> names;
  for (const Dimension& d : space.dimensions) {
    names.push_back(d.name);
  }
  for (const auto& [name, value] : map.members) {
    const auto index = space.find(name);
    if (!index) {
      const std::string near = nearest(name, names);
      problem({value.where(), "no such dimension: " + name.substr(0, 200),
               "the space has " + std::to_string(names.size()) + " dimensions",
               near.empty() ? "" : "did you mean '" + near + "'?"});
      continue;
    }
    const Dimension& d = space.dimensions[*index];
    if (const auto fitting = fit_value(d, value)) {
      out.values[*index] = *fitting;
    } else {
      problem({value.where(), name + " cannot be " + describe(value),
               "expected " + allowed_values(d), ""});
    }
  }
  return out;
}

Point complete(const Space& space, const PartialPoint& given, const Point& base,
               const std::vector<double>& unit) {
  const std::size_t n = space.dimensions.size();
  TWOSTEP_REQUIRE(given.values.size() == n && base.values.size() == n && unit.size() == n);
  Point out;
  out.values.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (space.active(i, out)) {
      out.values[i] = is_active(given.values[i])  ? given.values[i]
                      : is_active(base.values[i]) ? base.values[i]
                                                  : value_at(space.dimensions[i], unit[i]);
    }
  }
  return out;
}

std::string configuration_json(const Space& space, const Point& point) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < space.dimensions.size() && i < point.values.size(); ++i) {
    const Value& value = point.values[i];
    const std::string& name = space.dimensions[i].name;
    if (const auto* b = std::get_if<bool>(&value)) {
      out[name] = *b;
    } else if (const auto* k = std::get_if<std::int64_t>(&value)) {
      out[name] = *k;
    } else if (const auto* d = std::get_if<double>(&value)) {
      out[name] = *d;
    } else if (const auto* s = std::get_if<std::string>(&value)) {
      out[name] = *s;
    }
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace twostep
