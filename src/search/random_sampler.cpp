// Random search (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13,
// 2012).
#include "search/samplers.hpp"
#include "twostep/base/rng.hpp"

namespace twostep {
namespace {

class RandomSampler : public Sampler {
 public:
  RandomSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {}

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    const Rng rng(seed_, Purpose::search, next.value, draw);
    std::vector<double> unit(space_.dimensions.size());
    for (std::size_t i = 0; i < unit.size(); ++i) {
      unit[i] = rng.uniform(i);
    }
    return space_.point_at(unit);
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, Outcome, double) override {}

 private:
  Space space_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Sampler> make_random_sampler(const Space& space, std::uint64_t seed) {
  return std::make_unique<RandomSampler>(space, seed);
}

}  // namespace twostep
