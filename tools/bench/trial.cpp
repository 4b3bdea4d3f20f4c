// What a trial costs beside its steps: setting up the network, with oneDNN's primitives made anew
// (cold) and kept from an equal trial (warm); and validations, against the forward matmuls alone.
#include <oneapi/dnnl/dnnl.hpp>

#include <cstdio>

#include "adapters/onednn/onednn_engine.hpp"
#include "bench/bare_matmuls.hpp"
#include "bench/benches.hpp"
#include "bench/stopwatch.hpp"
#include "bench/training_case.hpp"

namespace twostep::bench {
namespace {

constexpr std::uint64_t trial_rows = 5000;
constexpr int trial_repeats = 9;

struct Network {
  std::uint32_t layers, width, batch;
  const char* initialisation;
};

constexpr Network networks[] = {
    {3, 16, 32, "automatic"},     {20, 16, 32, "automatic"},   {3, 64, 128, "automatic"},
    {20, 64, 128, "automatic"},   {3, 256, 128, "automatic"},  {3, 256, 128, "he_normal"},
    {20, 128, 128, "orthogonal"}, {3, 256, 128, "orthogonal"}, {20, 256, 256, "automatic"},
    {20, 256, 256, "orthogonal"}, {3, 1024, 256, "automatic"}, {3, 1024, 256, "orthogonal"},
    {6, 1024, 1024, "automatic"}};

Case case_of(const Network& n) {
  return {n.layers,           n.width,         n.batch, Activation::relu, "", "",
          Precision::float32, n.initialisation};
}

double seconds_of_epoch(TrainingCase& training, std::uint64_t steps) {
  return time_of(1, [&] {
    for (std::uint64_t i = 0; i < steps; ++i) {
      training.step();
    }
  });
}

// Set-up: constructing a training, and what its first epoch takes longer than a later one, which
// has to make nothing. An epoch of one whole batch, one of 8 rows and a validation of the two sizes
// that one of 5,000 rows has needs all networks of a trial, and is short enough to be subtracted.
void measure_setup(const Network& n) {
  constexpr std::uint64_t rest = 8;
  constexpr std::uint64_t validated = 128 + rest;
  std::vector<double> cold;
  std::vector<double> warm;
  const int count = n.width >= 1024 ? 5 : trial_repeats;
  for (int i = 0; i < count; ++i) {
    dnnl::set_primitive_cache_capacity(0);
    const auto engine = make_onednn_engine(1);
    TrainingCase training(case_of(n), *engine, n.batch + rest, validated, 2);
    cold.push_back(training.seconds_of_set_up() + seconds_of_epoch(training, 2));
    std::vector<double> later;
    for (int k = 0; k < 5; ++k) {
      later.push_back(seconds_of_epoch(training, 2));
    }
    const double epoch = MinMedian(later).median;
    training.set_up();
    warm.push_back(training.seconds_of_set_up() + seconds_of_epoch(training, 2) - epoch);
    cold.back() -= epoch;
  }
  const std::uint64_t steps = (trial_rows + n.batch - 1) / n.batch;
  const auto engine = make_onednn_engine(1);
  TrainingCase training(case_of(n), *engine, trial_rows, trial_rows, steps);
  seconds_of_epoch(training, steps);
  const double epoch =
      std::min(seconds_of_epoch(training, steps), seconds_of_epoch(training, steps));
  const MinMedian c(cold);
  const MinMedian w(warm);
  const double limit = std::max(0.005, 0.02 * epoch);
  std::printf("  %2u x %-5u %5u  %-10s %8.2f %8.2f %8.2f %8.2f %9.1f %8.1f  %s %s\n", n.layers,
              n.width, n.batch, n.initialisation, 1e3 * c.min, 1e3 * c.median, 1e3 * w.min,
              1e3 * w.median, 1e3 * epoch, 1e3 * limit, c.median <= limit ? "met" : "missed",
              w.median <= limit ? "met" : "missed");
  std::fflush(stdout);
}

void measure_validation(const Network& n, std::uint64_t validated, const std::string& loss) {
  const auto engine = make_onednn_engine(1);
  Case c = case_of(n);
  c.training = R"(, "loss": ")" + loss + R"(")";
  TrainingCase training(c, *engine, trial_rows, validated, 1'000'000'000);
  const std::uint64_t batch = training.validation_batch();
  BareMatmuls bare(shape_of(c), static_cast<std::int64_t>(batch), onednn::Element::f32,
                   Pass::inference);
  const double batches = static_cast<double>(validated) / static_cast<double>(batch);
  const auto pass = [&] { training.validate(); };
  const int rounds = rounds_of(0.005, pass);
  const auto bare_rounds = static_cast<int>(rounds * batches) + 1;
  std::vector<double> ours;
  std::vector<double> limits;
  std::vector<double> ratios;
  for (int i = 0; i < 21; ++i) {
    limits.push_back(batches * time_of(bare_rounds, [&] { bare.run(); }));
    ours.push_back(time_of(rounds, pass));
    ratios.push_back(ours.back() / limits.back());
  }
  const MinMedian t(ours);
  const MinMedian l(limits);
  std::printf("  %2u x %-5u %6lu %5lu  %-8s %10.1f %10.1f %10.1f %10.1f   %5.2f %6.2f\n", n.layers,
              n.width, static_cast<unsigned long>(validated), static_cast<unsigned long>(batch),
              loss.c_str(), 1e6 * t.min, 1e6 * t.median, 1e6 * l.min, 1e6 * l.median, t.min / l.min,
              MinMedian(ratios).median);
  std::fflush(stdout);
}

}  // namespace

int trial_bench() {
  std::printf(
      "Setting up a network, ms, min and median; a trial of one epoch over %lu rows; limit: "
      "2 %% of it, or 5 ms\n",
      static_cast<unsigned long>(trial_rows));
  std::printf(
      "  layers x width batch             cold min   median warm min   median  trial ms "
      "   limit  cold warm\n");
  for (const Network& n : networks) {
    measure_setup(n);
  }
  std::printf("A validation against its bare forward matmuls, us, min and median of 21\n");
  std::printf(
      "  layers x width   rows batch  loss            min     median   bare min     median"
      "  minima median\n");
  for (const Network& n : {networks[0], networks[2], networks[4], networks[8]}) {
    for (const char* loss : {"mse", "huber", "log_cosh"}) {
      measure_validation(n, trial_rows, loss);
    }
    measure_validation(n, 65536, "mse");
  }
  return 0;
}

}  // namespace twostep::bench
