// Scrambled Halton sequence: the radical inverse of the trial's number in the d-th prime base
// (Halton, "On the efficiency of certain quasi-random sequences of points", Numer. Math. 2, 1960),
// each digit by a random permutation of its own (Matousek, "On the L2-discrepancy for anchored
// boxes", J. Complexity 14, 1998), without which high dimensions are strongly correlated.
#include "search/draws.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

std::vector<std::uint32_t> first_primes(std::size_t count) {
  std::vector<std::uint32_t> primes;
  for (std::uint32_t n = 2; primes.size() < count; ++n) {
    bool prime = true;
    for (const std::uint32_t p : primes) {
      if (p * p > n) {
        break;
      }
      prime = prime && n % p != 0;
    }
    if (prime) {
      primes.push_back(n);
    }
  }
  return primes;
}

class HaltonSampler : public Sampler {
 public:
  HaltonSampler(const Space& space, std::uint64_t seed)
      : space_(space), seed_(seed), bases_(first_primes(space.dimensions.size())) {}

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const override {
    const std::size_t n = space_.dimensions.size();
    if (draw > 0) {  // in place of a duplicate, as in the Sobol sampler
      return space_.point_at(random_unit(seed_, next, draw, n));
    }
    std::vector<double> unit(n);
    for (std::size_t i = 0; i < n; ++i) {
      unit[i] = radical_inverse(std::uint64_t{next.value} - 1, i);
    }
    return space_.point_at(unit);
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}

 private:
  Space space_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> bases_;

  // Leading zeros of the number are digits too: they are permuted down to 2^-32, and what is below
  // is drawn.
  [[nodiscard]] double radical_inverse(std::uint64_t number, std::size_t dimension) const {
    const std::uint32_t base = bases_[dimension];
    double out = 0;
    double place = 1;
    std::uint32_t level = 0;
    for (std::uint64_t rest = number; place > 0x1p-32 || rest > 0; rest /= base, ++level) {
      const Permutation digits(base, Rng(seed_, Purpose::scramble, dimension, level));
      place /= base;
      out += place * static_cast<double>(digits.at(rest % base));
    }
    const Rng rng(seed_, Purpose::scramble, dimension, ~std::uint64_t{0});
    return out + place * rng.uniform(number);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_halton_sampler(const Space& space, std::uint64_t seed) {
  return std::make_unique<HaltonSampler>(space, seed);
}

}  // namespace twostep
