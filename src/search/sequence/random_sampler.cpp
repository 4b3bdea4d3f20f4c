// Random search (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13,
// 2012).
#include "search/draws.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

class RandomSampler : public Sampler {
 public:
  RandomSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {}

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    return space_.point_at(random_unit(seed_, next, draw, space_.dimensions.size()));
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}

 private:
  Space space_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Sampler> make_random_sampler(const Space& space, std::uint64_t seed) {
  return std::make_unique<RandomSampler>(space, seed);
}

}  // namespace twostep
