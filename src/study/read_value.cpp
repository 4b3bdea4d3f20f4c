#include <charconv>
#include <cmath>

#include "study/reader_context.hpp"

namespace twostep {

std::optional<double> parse_real(const ConfigNode& node) {
  if (node.kind != ConfigNode::Kind::scalar || node.quoted || node.scalar.empty()) {
    return std::nullopt;
  }
  const char* begin = node.scalar.data() + (node.scalar[0] == '+' ? 1 : 0);
  const char* end = node.scalar.data() + node.scalar.size();
  double v = 0;
  const auto result = std::from_chars(begin, end, v);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(v)) {
    return std::nullopt;
  }
  return v;
}

std::optional<std::int64_t> parse_integer(const ConfigNode& node) {
  const auto v = parse_real(node);
  if (!v || *v != std::floor(*v) || std::abs(*v) > 9007199254740992.0) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*v);
}

std::optional<bool> parse_boolean(const ConfigNode& node) {
  if (node.kind == ConfigNode::Kind::scalar && !node.quoted) {
    if (node.scalar == "true" || node.scalar == "True" || node.scalar == "yes") {
      return true;
    }
    if (node.scalar == "false" || node.scalar == "False" || node.scalar == "no") {
      return false;
    }
  }
  return std::nullopt;
}

std::optional<Value> parse_any(const ConfigNode& node) {
  if (node.kind != ConfigNode::Kind::scalar) {
    return std::nullopt;
  }
  if (const auto flag = parse_boolean(node)) {
    return Value(*flag);
  }
  if (const auto whole = parse_integer(node)) {
    return Value(*whole);
  }
  if (const auto real = parse_real(node)) {
    return Value(*real);
  }
  return Value(node.scalar);
}

std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "nothing";
    case ConfigNode::Kind::sequence:
      return "a list";
    case ConfigNode::Kind::map:
      return "a mapping";
    case ConfigNode::Kind::scalar:
      break;
  }
  const std::string text = node.scalar.substr(0, 60);
  return node.quoted ? "the text \"" + text + "\"" : "'" + text + "'";
}

std::string short_number(double v) {
  return to_text(Value(v));
}

namespace {

std::string expected(const Field& field) {
  const bool bounded_below = std::isfinite(field.low) && field.low > 1e-300;
  std::string range;
  if (std::isfinite(field.low) && std::isfinite(field.high) && bounded_below) {
    range = " from " + short_number(field.low) + " to " + short_number(field.high);
  } else if (field.low == 0 && std::isfinite(field.high)) {
    range = " from 0 to " + short_number(field.high);
  } else if (field.low > 0 && std::isfinite(field.high)) {
    range = " above 0, at most " + short_number(field.high);
  }
  switch (field.type) {
    case FieldType::integer:
      return "a whole number" + range;
    case FieldType::real:
      return "a number" + range;
    case FieldType::boolean:
      return "true or false";
    case FieldType::choice: {
      std::string names;
      for (const std::string& name : field.choices) {
        names += (names.empty() ? "" : ", ") + name;
      }
      return "one of " + names;
    }
    case FieldType::text:
      return "a text";
    case FieldType::list:
      return "a list";
    case FieldType::map:
      return "a mapping";
    case FieldType::any:
      return "a text, a number, true or false";
  }
  return "";
}

std::optional<Value> read_choice(ReaderContext& context, const Field& field, const ConfigNode& node,
                                 const std::string& name) {
  if (node.kind == ConfigNode::Kind::scalar) {
    for (const std::string& candidate : field.choices) {
      if (candidate == node.scalar) {
        return Value(node.scalar);
      }
    }
    const std::string near = nearest(node.scalar, field.choices);
    context.problem(node.where(), name + ": no such choice: " + describe(node),
                    "expected " + expected(field),
                    near.empty() ? "" : "did you mean '" + near + "'?");
    return std::nullopt;
  }
  context.problem(node.where(), name + ": wrong type: " + describe(node),
                  "expected " + expected(field), "");
  return std::nullopt;
}

std::optional<Value> read_number(ReaderContext& context, const Field& field, const ConfigNode& node,
                                 const std::string& name) {
  const bool integer = field.type == FieldType::integer;
  const auto v =
      integer ? (parse_integer(node) ? parse_real(node) : std::nullopt) : parse_real(node);
  if (!v) {
    context.problem(node.where(), name + ": wrong type: " + describe(node),
                    "expected " + expected(field), node.quoted ? "leave out the quotes" : "");
    return std::nullopt;
  }
  if (*v < field.low || *v > field.high) {
    context.problem(node.where(), name + ": out of range: " + describe(node),
                    "expected " + expected(field), "");
    return std::nullopt;
  }
  return integer ? Value(static_cast<std::int64_t>(*v)) : Value(*v);
}

}  // namespace

std::optional<Value> read_value(ReaderContext& context, const Field& field, const ConfigNode& node,
                                const std::string& name) {
  switch (field.type) {
    case FieldType::choice:
      return read_choice(context, field, node, name);
    case FieldType::integer:
    case FieldType::real:
      return read_number(context, field, node, name);
    case FieldType::boolean:
      if (const auto v = parse_boolean(node)) {
        return Value(*v);
      }
      break;
    case FieldType::any:
      if (auto v = parse_any(node)) {
        return v;
      }
      break;
    case FieldType::text:
    case FieldType::list:
    case FieldType::map:
      if (node.kind == ConfigNode::Kind::scalar && !node.scalar.empty()) {
        return Value(node.scalar);
      }
      break;
  }
  context.problem(node.where(), name + ": wrong type: " + describe(node),
                  "expected " + expected(field), "");
  return std::nullopt;
}

}  // namespace twostep
