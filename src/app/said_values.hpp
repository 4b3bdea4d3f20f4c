// What a user's program says of its training, in lines of JSON on its standard output.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace twostep {

constexpr std::size_t longest_line = 65536;  // bytes of one that may say a value

// What a line says: {"value": 0.25, "epoch": 3}; further numbers are of a finalist.
struct SaidValue {
  double value = 0;      // NaN: none
  std::uint64_t at = 0;  // epoch or step; 0: not said
  std::optional<double> parameters;
  std::optional<double> inference_seconds;  // per row
};
// nullopt: the line is output like any other.
[[nodiscard]] std::optional<SaidValue> parse_said(const std::string& line);

// The values that a training has said, by epoch or step; one that is said again replaces the first.
// Of very many every second is forgotten, but never the last: the journal keeps what is left.
class SaidCurve {
 public:
  static constexpr std::size_t most = 10000;
  void add(std::uint64_t at, double value);
  [[nodiscard]] std::uint64_t last() const { return points_.empty() ? 0 : points_.rbegin()->first; }
  [[nodiscard]] const std::map<std::uint64_t, double>& points() const { return points_; }

 private:
  std::map<std::uint64_t, double> points_;
};

}  // namespace twostep
