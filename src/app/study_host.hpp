// Rank 0's part of `twostep run`, in whatever world it stands: the study directory, its lock, the
// coordinator node, progress, results and the exit code.
#pragma once

#include <memory>
#include <optional>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/study_lock.hpp"
#include "app/commands.hpp"
#include "app/places.hpp"
#include "app/progress.hpp"
#include "app/study_setup.hpp"
#include "twostep/node/coordinator_node.hpp"

namespace twostep {

class StudyHost {
 public:
  // workers: ranks that train; 0: this process trains too. Throws Error for what forbids the run.
  StudyHost(const RunOptions& options, StudySetup setup, std::uint32_t workers);

  // Opens the run. Throws Error{study} for the journal of another study.
  void open(Link& link);
  // Where the ranks are; before open. Those on this machine are looked after.
  void know(const std::vector<Place>& places);
  // What the plan of the teams is to reckon with; before open.
  void know(const AllReduceCost& measured) { machine_.all_reduce = measured; }
  bool tick();
  // After the last tick: results, messages, exit code.
  int close();
  // A second SIGTERM came: nobody is waited for.
  [[nodiscard]] bool hurried() const { return hurried_; }
  // Leaves a word of why the run ended with an error.
  void fail(const Error& error) noexcept;

  [[nodiscard]] const StudySetup& setup() const { return setup_; }
  [[nodiscard]] bool opened() const { return node_.has_value(); }
  [[nodiscard]] bool done() const { return node_->done(); }
  [[nodiscard]] const CoordinatorNode& node() const { return *node_; }
  [[nodiscard]] PosixClock& clock() { return clock_; }
  [[nodiscard]] ProgressLine& progress() { return progress_; }

 private:
  RunOptions options_;
  StudySetup setup_;
  PosixClock clock_;
  std::unique_ptr<Files> files_;
  std::uint32_t workers_;
  ProgressLine progress_;
  std::optional<StudyLock> lock_;
  std::unique_ptr<Fitter> fitter_;
  std::optional<CoordinatorNode> node_;
  std::vector<Place> places_;
  MachineCosts machine_;
  std::optional<Neighbours> neighbours_;
  bool stopping_ = false;
  bool hurried_ = false;
  Time stopping_since_{};
  int terms_ = 0;
  bool said_teams_ = false;

  [[nodiscard]] CoordinatorOptions limits();
  void heed_signals();
  void leave_word(int code, const std::string& reason);
  void prepare_folder();
  void announce();
  void announce_teams();
  [[nodiscard]] ProgressCounts counts() const;
};

}  // namespace twostep
