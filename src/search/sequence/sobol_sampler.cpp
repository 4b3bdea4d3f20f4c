// Scrambled Sobol sequence: Boost.Random's engine (Joe and Kuo, "Constructing Sobol sequences with
// better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008) with Owen's nested uniform
// scrambling, done bit by bit with keyed random flips (Owen, "Randomly permuted (t,m,s)-nets and
// (t,s)-sequences", 1995).
#include <boost/random/sobol.hpp>

#include "search/draws.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

constexpr int bits = 32;

class SobolSampler : public Sampler {
 public:
  SobolSampler(const Space& space, std::uint64_t seed) : space_(space), seed_(seed) {}

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    const std::uint64_t index = std::uint64_t{next.value} - 1;
    const std::size_t n = space_.dimensions.size();
    std::vector<double> unit(n);
    if (draw > 0) {
      // In place of a duplicate. Not a later point of the sequence: those repeat the leading bits,
      // all that matters to a coarse dimension, of the points at hand.
      unit = random_unit(seed_, next, draw, n);
    } else if (n > 0) {
      boost::random::sobol_engine<std::uint64_t, 64> engine(n);
      // Boost's engine leaves out the sequence's first point, the origin.
      const bool origin = index == 0;
      if (index > 1) {
        engine.discard((index - 1) * n);
      }
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t word = origin ? 0 : engine();
        unit[i] = scramble(static_cast<std::uint32_t>(word >> 32), i);
      }
    }
    return space_.point_at(unit);
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}

 private:
  Space space_;
  std::uint64_t seed_;

  // Each bit is flipped by a random bit that depends on the dimension and on all bits above it.
  [[nodiscard]] double scramble(std::uint32_t x, std::size_t dimension) const {
    const Rng rng(seed_, Purpose::scramble, dimension);
    std::uint32_t out = 0;
    for (int level = 0; level < bits; ++level) {
      const std::uint32_t prefix = level == 0 ? 0 : x >> (bits - level);
      const auto flip =
          static_cast<std::uint32_t>(rng.bits(prefix, static_cast<std::uint32_t>(level)) & 1U);
      const std::uint32_t bit = (x >> (bits - 1 - level)) & 1U;
      out = (out << 1) | (bit ^ flip);
    }
    return (static_cast<double>(out) + 0.5) * 0x1p-32;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_sobol_sampler(const Space& space, std::uint64_t seed) {
  return std::make_unique<SobolSampler>(space, seed);
}

}  // namespace twostep
