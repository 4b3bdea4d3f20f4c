// Grid search: every combination once, the last dimension varying fastest. Conditional dimensions
// are counted only where they are active, so no combination comes twice.
#include "search/samplers.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t uncountable = ~std::uint64_t{0};

class GridSampler : public Sampler {
 public:
  explicit GridSampler(const Space& space) : space_(space) {
    const auto size = space_.cardinality();
    size_ = size.value_or(uncountable);
  }

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    const std::uint64_t index = std::uint64_t{next.value} - 1 + draw;
    if (index >= size_) {
      return std::nullopt;
    }
    Point point;
    point.values.resize(space_.dimensions.size());
    std::uint64_t rest = index;
    place(0, point, rest);
    return point;
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}

 private:
  Space space_;
  std::uint64_t size_ = 0;

  [[nodiscard]] Value value(std::size_t i, std::uint64_t k, std::uint64_t n) const {
    return value_at(space_.dimensions[i], unit(i, k, n));
  }
  [[nodiscard]] double unit(std::size_t i, std::uint64_t k, std::uint64_t n) const {
    const Dimension& d = space_.dimensions[i];
    if (d.kind == DimensionKind::choice || !d.log) {
      return (static_cast<double>(k) + 0.5) / static_cast<double>(n);
    }
    const double step = d.step > 0 ? d.step : 1.0;
    const double v = d.low + static_cast<double>(k) * step;
    return unit_of(
        d, d.kind == DimensionKind::integer ? Value(static_cast<std::int64_t>(v)) : Value(v));
  }
  // Combinations of dimensions i.. given the values before; saturates.
  [[nodiscard]] std::uint64_t count(std::size_t i, Point& point) const {
    Space tail = space_;  // conditions refer to absolute indices, so the values before are fixed by
                          // one-point ranges
    for (std::size_t j = 0; j < i; ++j) {
      Dimension& d = tail.dimensions[j];
      d.kind = DimensionKind::choice;
      d.choices = {point.values[j]};
    }
    return tail.cardinality().value_or(uncountable);
  }
  void place(std::size_t i, Point& point, std::uint64_t& rest) const {
    for (; i < space_.dimensions.size(); ++i) {
      point.values[i] = std::monostate{};
      if (!space_.active(i, point)) {
        continue;
      }
      const std::uint64_t n = cardinality(space_.dimensions[i]).value_or(1);
      for (std::uint64_t k = 0; k < n; ++k) {
        point.values[i] = value(i, k, n);
        const std::uint64_t below = count(i + 1, point);
        if (rest < below) {
          break;
        }
        TWOSTEP_CHECK(k + 1 < n);
        rest -= below;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Sampler> make_grid_sampler(const Space& space) {
  return std::make_unique<GridSampler>(space);
}

}  // namespace twostep
