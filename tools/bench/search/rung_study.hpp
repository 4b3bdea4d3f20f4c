// A study whose trials are trained in rungs, in simulated time: what the coordinator does, without
// messages. Paused trials that may go on come before new ones.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

#include "twostep/search/fidelity_rule.hpp"

namespace twostep::bench {

// What is trained.
class Trainings {
 public:
  virtual ~Trainings() = default;
  // The losses after epochs 1 to `epochs`.
  [[nodiscard]] virtual std::vector<double> losses(TrialId trial, std::uint64_t epochs) const = 0;
  // Trials come in the order of their ids, from 1.
  virtual void created(TrialId) {}
  // fidelity: the share of the epochs that the trial has reached.
  virtual void reached(TrialId, const Result&, double /*fidelity*/) {}
  virtual void stopped(TrialId) {}
  virtual void ended(TrialId, const Result&) {}
  // Asked whenever a trial has come to a rung or its end.
  [[nodiscard]] virtual bool is_enough(std::uint64_t epochs_spent) const = 0;
};

// Infinity: it diverged.
[[nodiscard]] double best_loss(const std::vector<double>& losses);

class RungStudy {
 public:
  struct Options {
    StoppingRule rule = StoppingRule::none;
    std::size_t workers = 1;
    std::uint32_t trials = 1000;
    std::uint64_t epochs = 1;  // of a whole training; each takes as long as any other
  };

  RungStudy(const Options& options, Trainings& trainings);
  // false: every trial came to its end before it was enough.
  bool run();
  // By all workers; what those under way have spent is counted.
  [[nodiscard]] std::uint64_t epochs_spent() const { return spent_; }
  [[nodiscard]] double epochs_passed() const { return now_; }

 private:
  struct Running {
    double ends;
    std::uint32_t trial;
    std::size_t rung;
    // Equal times: the one that was created first.
    bool operator<(const Running& o) const {
      return ends != o.ends ? ends > o.ends : trial > o.trial;
    }
  };

  Options options_;
  Trainings& trainings_;
  std::vector<std::uint64_t> levels_;
  std::unique_ptr<FidelityRule> rule_;
  std::vector<std::size_t> reached_;  // by trial, the rung at which it paused
  std::priority_queue<Running> running_;
  std::uint64_t spent_ = 0;
  double now_ = 0;

  [[nodiscard]] std::uint64_t spent_by_now() const;
  void train(std::uint32_t trial, std::uint64_t from, std::size_t rung);
  bool start_one();
  void come_to_rung(const Running& ended);
};

}  // namespace twostep::bench
