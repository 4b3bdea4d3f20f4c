// A trainer that trains nothing: loss curve, cost and failure of a trial are drawn from the seed
// and the trial alone, so every attempt on every worker comes to the same result. It spends virtual
// time.
#pragma once

#include "twostep/base/rng.hpp"
#include "twostep/ports/trainer.hpp"
#include "twostep/sim/sim_clock.hpp"

namespace twostep {

struct CurveOptions {
  std::uint64_t seed = 0;
  double mean_seconds = 20;  // of a trial
  double spread = 0.75;      // each costs between (1 - spread) and (1 + spread) times that
  double diverge_share = 0.02;
  double fail_share = 0.005;
  double killer_share = 0;            // of trials that kill the process they run in
  double speed = 1;                   // of this worker
  bool times_inference = false;       // of trials; another time in every attempt
  Time unavailable_at = Time::max();  // from then on no trial can be begun here
};

class CurveTrainer : public Trainer {
 public:
  CurveTrainer(SimClock& clock, const CurveOptions& options) : clock_(clock), options_(options) {}

  void start(const Assignment& assignment) override;
  [[nodiscard]] std::optional<Result> advance(Duration slice) override;
  [[nodiscard]] Progress progress() const override;
  [[nodiscard]] Bytes save() const override;
  void load(std::span<const std::byte> state) override;
  void stop() override;

  // The present trial has killed the process.
  [[nodiscard]] bool killed() const { return killed_; }
  // It could not begin one.
  [[nodiscard]] bool unavailable() const { return unavailable_; }

  // What a trial comes to.
  [[nodiscard]] static double objective(std::uint64_t seed, TrialId trial);

 private:
  SimClock& clock_;
  CurveOptions options_;
  std::optional<Assignment> assignment_;
  Duration left_{};
  Duration cost_{};
  bool killed_ = false;
  bool unavailable_ = false;
  bool stopped_ = false;

  [[nodiscard]] Result result() const;
  [[nodiscard]] Duration pause_left() const;
};

}  // namespace twostep
