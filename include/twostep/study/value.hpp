// One value of a hyperparameter, and a Point: one value per dimension of a Space. A dimension that
// is inactive in a configuration (the width of layer 5 in a network of 3) holds std::monostate.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace twostep {

using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

[[nodiscard]] bool is_active(const Value& value);
// "", "true", "12", "0.001" (shortest form that reads back to the same double), "relu".
[[nodiscard]] std::string to_text(const Value& value);

struct Point {
  std::vector<Value> values;
  friend bool operator==(const Point&, const Point&) = default;
};

// Equal points have equal fingerprints (64-bit FNV-1a over type tags and bytes; -0.0 counts as
// 0.0).
[[nodiscard]] std::uint64_t fingerprint(const Point& point);

}  // namespace twostep
