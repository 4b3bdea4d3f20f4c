// Time of a real training step against its limit, the sum of its bare oneDNN matmuls, timed
// alternately in the same run, and against PyTorch's time for it where that is given.
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "adapters/onednn/onednn_engine.hpp"
#include "bench/bare_matmuls.hpp"
#include "bench/benches.hpp"
#include "bench/stopwatch.hpp"
#include "bench/training_case.hpp"

namespace twostep::bench {
namespace {

constexpr int repeats = 41;
constexpr int repeats_large = 15;  // of those that take a quarter of a second
constexpr int repeats_bf16 = 15;
constexpr double round_seconds = 0.003;  // short, so that some rounds go undisturbed

using Size = std::array<std::uint32_t, 3>;  // layers, width, batch

constexpr Size sizes[] = {{3, 16, 32},   {3, 32, 64},    {3, 64, 128},
                          {3, 64, 256},  {3, 256, 128},  {3, 256, 256},
                          {3, 1024, 32}, {3, 1024, 256}, {6, 1024, 1024}};

// Lines "LAYERS WIDTH BATCH MIN_US MEDIAN_US" of peers/pytorch_step.py; others are its remarks.
std::map<Size, MinMedian> read_peer(const std::string& path) {
  std::map<Size, MinMedian> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    Size size{};
    double least = 0;
    double median = 0;
    if (in >> size[0] >> size[1] >> size[2] >> least >> median) {
      out.emplace(size, MinMedian({least, median, median}));
    } else {
      std::printf("%s\n", line.c_str());
    }
  }
  return out;
}

void measure(const Case& c, const MinMedian* peer) {
  const auto engine = make_onednn_engine(1);
  TrainingCase training(c, *engine);
  BareMatmuls bare(shape_of(c), c.batch, onednn::Element::f32);
  const auto step = [&] { training.step(); };
  const int rounds = rounds_of(round_seconds, step);
  const int count = c.width >= 1024 && c.batch >= 1024 ? repeats_large : repeats;
  std::vector<double> ratios;
  std::vector<double> ours;
  std::vector<double> limits;
  for (int i = 0; i < count; ++i) {
    limits.push_back(time_of(rounds, [&] { bare.run(); }));
    ours.push_back(time_of(rounds, step));
    ratios.push_back(ours.back() / limits.back());
  }
  const MinMedian time(ours);
  const MinMedian limit(limits);
  const MinMedian ratio(ratios);
  const double least = time.min / limit.min;
  std::printf("  %u x %-5u %5u  %-5s %10.1f %10.1f %10.1f %10.1f %5.0f   %5.2f %6.2f", c.layers,
              c.width, c.batch, name(c.activation), 1e6 * time.min, 1e6 * time.median,
              1e6 * limit.min, 1e6 * limit.median, 1e-9 * bare.operations() / limit.min, least,
              ratio.median);
  if (peer != nullptr) {
    std::printf(" %10.1f %10.1f  %6.2f %6.2f", peer->min, peer->median, 1e-6 * peer->min / time.min,
                1e-6 * peer->median / time.median);
  }
  std::printf("\n");
  std::fflush(stdout);
}

// A step in bf16 against the same in float32, taken in turn.
void measure_bf16(const Size& size) {
  const auto engine = make_onednn_engine(1);
  Case c{size[0], size[1], size[2], Activation::relu, ""};
  TrainingCase single(c, *engine);
  c.precision = Precision::bf16;
  TrainingCase half(c, *engine);
  const auto step = [](TrainingCase& training) { return [&training] { training.step(); }; };
  const int rounds = rounds_of(round_seconds, step(half));
  std::vector<double> singles;
  std::vector<double> halves;
  std::vector<double> ratios;
  for (int i = 0; i < repeats_bf16; ++i) {
    singles.push_back(time_of(rounds, step(single)));
    halves.push_back(time_of(rounds, step(half)));
    ratios.push_back(singles.back() / halves.back());
  }
  const MinMedian before(singles);
  const MinMedian after(halves);
  std::printf("  %u x %-5u %5u  %10.1f %10.1f %10.1f %10.1f   %5.2f %6.2f\n", c.layers, c.width,
              c.batch, 1e6 * before.min, 1e6 * before.median, 1e6 * after.min, 1e6 * after.median,
              before.min / after.min, MinMedian(ratios).median);
  std::fflush(stdout);
}

void bf16_table() {
  if (!onednn_has_bf16()) {
    std::printf("bf16: not on this processor\n");
    return;
  }
  std::printf("The same steps with training.precision: bf16, min and median of %d\n", repeats_bf16);
  std::printf("  layers x width batch  float32 min  median   bf16 min     median  minima median\n");
  for (const Size& size : {Size{3, 256, 256}, Size{3, 256, 1024}, Size{3, 512, 256},
                           Size{3, 1024, 256}, Size{6, 1024, 1024}}) {
    measure_bf16(size);
  }
}

}  // namespace

int step_bench(const std::string& peer_file) {
  std::printf(
      "Training step (gather, forward, loss, backward, Adam) against its bare matmuls, one thread\n"
      "%s; %u inputs, %u output; microseconds, min and median of %d (%d at 6 x 1024)\n",
      make_onednn_engine(1)->description().c_str(), inputs, outputs, repeats, repeats_large);
  const auto peer = read_peer(peer_file);
  std::printf(
      "  layers x width batch       step min     median  bare min     median  GF/s  minima "
      "median%s\n",
      peer.empty() ? "" : "  PyTorch min   median   times median");
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::gelu}) {
    for (const Size& size : sizes) {
      const auto found = peer.find(size);
      const bool beside = activation == Activation::relu && found != peer.end();
      if (activation == Activation::relu || size[1] * size[2] <= 256 * 256) {
        measure({size[0], size[1], size[2], activation, ""}, beside ? &found->second : nullptr);
      }
    }
    if (activation == Activation::relu) {
      bf16_table();
    }
  }
  return 0;
}

}  // namespace twostep::bench
