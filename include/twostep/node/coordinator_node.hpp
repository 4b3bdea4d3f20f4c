// Rank 0: the coordinator with a journal and a link around it. One tick takes what has arrived,
// lets the coordinator decide, makes its events durable with one sync, and only then sends. So
// after a crash at any point the journal holds whatever anybody was told.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "twostep/control/coordinator.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/files.hpp"
#include "twostep/ports/link.hpp"

namespace twostep {

struct StudyIdentity {
  StudySpec spec;
  Space space;
  std::string spec_json;  // to_json(spec)
  std::string data_digest;
};

struct RunFacts {  // what the shell found at the start; goes into RunStarted
  std::string build;
  std::string host;
  bool subset_present = false;
  bool full_present = false;
  std::vector<WorkerId> workers;  // ranks
  // search.warm_start; asked for once, where the study has neither trials nor earlier ones yet.
  std::function<std::optional<WarmStarted>()> warm_start = {};
};

class CoordinatorNode {
 public:
  // Reads the journal (or begins one), refuses another study's with Error{study}, and opens a new
  // run. A study that has ended well opens none: done() is then true at once and already_finished()
  // too. fitter: where slow models are fitted; nullptr: between messages.
  CoordinatorNode(const StudyIdentity& study, const RunFacts& facts, Link& link, Files& files,
                  Clock& clock, const CoordinatorOptions& options = {}, Fitter* fitter = nullptr);

  // Whether anything was done. Throws Error{study} when another run has taken the study over: then
  // this one, which was thought dead, must leave everything as it is.
  bool tick();
  void request_stop(const std::string& reason) { stop_ = reason; }
  void worker_gone(WorkerId worker, const std::string& why) { gone_.push_back({worker, why}); }
  // Workers that this run has lost.
  [[nodiscard]] const std::vector<WorkerId>& lost() const { return lost_; }

  [[nodiscard]] bool done() const { return coordinator_.finished() || already_finished_; }
  [[nodiscard]] bool already_finished() const { return already_finished_; }
  [[nodiscard]] bool superseded() const { return superseded_; }
  [[nodiscard]] bool resumed() const { return resumed_; }
  [[nodiscard]] const State& state() const { return coordinator_.state(); }
  [[nodiscard]] const Coordinator& coordinator() const { return coordinator_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Link& link_;
  Files& files_;
  Clock& clock_;
  Fitter* fitter_;
  double checkpoint_seconds_;
  Coordinator coordinator_;
  SnapshotWriter snapshot_;
  std::optional<JournalWriter> journal_;
  std::optional<std::string> stop_;
  std::vector<WorkerGone> gone_;
  std::vector<WorkerId> lost_;
  std::vector<std::string> warnings_;
  std::set<std::string> said_;  // of workers that were left out, all of one host for one reason
  std::vector<Outgoing> outbox_;
  bool already_finished_ = false;
  bool resumed_ = false;
  bool superseded_ = false;
  std::uint32_t segment_ = 0;  // of this run
  Time next_look_{};           // for a successor's segment

  std::vector<std::string> obsolete_;  // checkpoints of what has ended

  void take(Step step);
  void hear(Time now, const Mail& mail);
  [[nodiscard]] bool has_checkpoint(const Result& result) const;
  void commit();
  void look_for_successor();
};

// Refuses with Error{study} and the differences if the journal's study is not this one.
void check_same_study(const State& journalled, const StudyIdentity& study);

}  // namespace twostep
