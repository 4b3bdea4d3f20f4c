// Latin hypercube sampling (McKay, Beckman and Conover, "A comparison of three methods for
// selecting values of input variables", Technometrics 21, 1979): of n points, each of n equal parts
// of every dimension's range has exactly one. Strata are paired by keyed bijections, so no table is
// kept.
#include "search/draws.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

class LatinHypercubeSampler : public Sampler {
 public:
  LatinHypercubeSampler(const Space& space, std::uint64_t seed, std::uint32_t size)
      : space_(space), seed_(seed), size_(size) {}

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    const std::size_t n = space_.dimensions.size();
    std::vector<double> unit = random_unit(seed_, next, draw, n);
    if (draw == 0) {
      const std::uint64_t cube = (next.value - 1) / size_;
      const std::uint64_t index = (next.value - 1) % size_;
      for (std::size_t i = 0; i < n; ++i) {
        const Permutation strata(size_, Rng(seed_, Purpose::scramble, i, cube));
        unit[i] = (static_cast<double>(strata.at(index)) + unit[i]) / size_;
      }
    }
    return space_.point_at(unit);
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}

 private:
  Space space_;
  std::uint64_t seed_;
  std::uint32_t size_;
};

}  // namespace

std::unique_ptr<Sampler> make_latin_hypercube_sampler(const Space& space, std::uint64_t seed,
                                                      std::uint32_t size) {
  return std::make_unique<LatinHypercubeSampler>(space, seed, std::max(size, 1U));
}

}  // namespace twostep
