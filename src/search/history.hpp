// What a sampler remembers: every trial's point as coordinates of the unit cube, and what became of
// it. Being told costs a logarithm of the number of trials; whatever is fitted is fitted from here
// when a proposal is asked for.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "twostep/search/sampler.hpp"

namespace twostep {

// A dimension as models see it.
struct Axis {
  bool categorical = false;
  bool conditional = false;
  std::uint64_t levels = 0;  // distinct values; 0: continuous; 1: a constant, which no model needs
  // The index of the choice that holds unit coordinate u.
  [[nodiscard]] std::uint64_t category(double u) const {
    return static_cast<std::uint64_t>(u * static_cast<double>(levels));
  }
  [[nodiscard]] double centre(std::uint64_t index) const {
    return (static_cast<double>(index) + 0.5) / static_cast<double>(levels);
  }
};

class History {
 public:
  using Row = std::uint32_t;  // trial id - 1
  enum class Status : std::uint8_t { pending, finished, failed, left_out };

  explicit History(const Space& space);
  void created(TrialId trial, const Point& point);
  void finished(TrialId trial, const Observation& observation);
  // A model that learns from more than the ends of trials was told something.
  void noted() { ++version_; }

  [[nodiscard]] const Space& space() const { return space_; }
  [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }
  [[nodiscard]] std::size_t dimensions() const { return axes_.size(); }
  [[nodiscard]] std::size_t size() const { return status_.size(); }
  // How often it was told something: equal for equal histories.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // One coordinate per dimension, NaN where inactive; the middle of its share for a discrete value.
  [[nodiscard]] std::span<const double> unit(Row row) const {
    return {units_.data() + row * axes_.size(), axes_.size()};
  }
  [[nodiscard]] Status status(Row row) const { return status_[row]; }
  // Infinity unless it finished with a finite objective.
  [[nodiscard]] double objective(Row row) const { return seen_[row].objective; }
  [[nodiscard]] const Observation& observation(Row row) const { return seen_[row]; }
  // Rows in the order in which they finished or failed; those left out are not among them.
  [[nodiscard]] const std::vector<Row>& ended() const { return ended_; }
  [[nodiscard]] std::size_t finished_count() const { return ranked_.size(); }
  // Finished rows, the best first; ties by trial.
  [[nodiscard]] const std::set<std::pair<double, Row>>& ranked() const { return ranked_; }
  [[nodiscard]] const std::set<Row>& pending() const { return pending_; }

  // The coordinates of a point, as unit() holds them.
  [[nodiscard]] std::vector<double> encode(const Point& point) const;
  // The point at a place of the cube, and its coordinates (discrete values snapped, inactive NaN).
  [[nodiscard]] std::vector<double> snap(const std::vector<double>& unit) const {
    return encode(space_.point_at(unit));
  }

 private:
  Space space_;
  std::vector<Axis> axes_;
  std::vector<double> units_;
  std::vector<Status> status_;
  std::vector<Observation> seen_;
  std::vector<Row> ended_;
  std::set<std::pair<double, Row>> ranked_;
  std::set<Row> pending_;
  std::uint64_t version_ = 0;
};

}  // namespace twostep
