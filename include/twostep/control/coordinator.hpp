// The brain of a study. A pure function: it takes an input and the time, and returns the events to
// record and the messages to send once those are durable. It is rebuilt after a crash by replaying
// the journal. Beside the journalled State it keeps, for this run only, who is there and what each
// worker holds; losing that costs nothing but a repeated trial.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "twostep/base/time.hpp"
#include "twostep/control/message.hpp"
#include "twostep/control/snapshot.hpp"
#include "twostep/control/state.hpp"
#include "twostep/control/time_plan.hpp"
#include "twostep/search/fidelity_rule.hpp"
#include "twostep/search/fitter.hpp"
#include "twostep/search/proposer.hpp"
#include "twostep/search/training_cost.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct Tick {};
struct WorkerSaid {
  WorkerId worker;
  FromWorker message;
};
struct StopRequested {
  std::string reason;
};
struct WorkerGone {  // its process is known to have ended
  WorkerId worker;
  std::string why;
};
// Proposal: of the Fitter, where fits are made elsewhere.
using Input = std::variant<Tick, WorkerSaid, StopRequested, WorkerGone, Proposal>;

struct Outgoing {
  WorkerId to;
  ToWorker message;
};

struct Step {
  std::vector<Event> events;
  std::vector<Outgoing> messages;
  bool asks_proposal = false;  // of the Fitter, once it was told the news
};

struct CoordinatorOptions {
  // Silence of a worker that trains alone; or slices_lost times the slices that it was seen to
  // need.
  Duration lost_after = std::chrono::seconds(120);
  int slices_lost = 20;
  Duration heartbeat_every = std::chrono::seconds(2);  // of a worker, between slices
  Duration team_lost_after =
      std::chrono::hours(1);  // of one in a team, whose collectives may wait for others
  Duration hello_patience =
      std::chrono::seconds(60);  // how long the first extraction waits for workers to appear
  Duration alive_every = std::chrono::seconds(10);
  Duration stop_grace =
      std::chrono::seconds(30);  // for workers to answer a Cancel before the run ends anyway
  Duration queue_target =
      std::chrono::milliseconds(5);  // work that a worker should hold beyond its present trial
  std::uint32_t deepest_queue = 64;
  // When trainings must be stopped so that the run ends before its limit; nullopt: no limit.
  std::optional<Time> stop_at;
  std::uint32_t inputs = 1;  // columns of the data, by which trainings are predicted
  std::uint32_t targets = 1;
  MachineCosts machine;         // for the plan of the teams
  bool fits_elsewhere = false;  // there is a Fitter
  // Of each worker, where a host is to retrain one finalist at a time; empty: no such limit.
  std::map<WorkerId, std::uint32_t> hosts;
  std::uint32_t snapshot_events = SnapshotWriter::usual_events;  // per part; 0: no snapshot
};

class Coordinator {
 public:
  Coordinator(const StudySpec& spec, const Space& space, CoordinatorOptions options = {});

  // Before the run: every event of the journal, in order.
  void replay(const Event& event);
  // Opens the run: applies `started` (whose run number and accepted prefix the caller chose) and
  // expects these workers. warm: the trials that the search begins with; of a study's first run.
  Step start(Time now, const RunStarted& started, const std::vector<WorkerId>& workers,
             const std::optional<WarmStarted>& warm = std::nullopt);
  Step on(Time now, const Input& input);

  // What the Fitter has to be told since the last call.
  [[nodiscard]] std::vector<SearchNews> take_news() { return std::exchange(news_, {}); }

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] Phase phase() const;
  [[nodiscard]] bool finished() const { return state_.run_ended; }
  // The run has ended because of workers that cannot be reached any more: members of a team that
  // wait in a collective for one that was lost, or all of them. Nobody should wait for them.
  [[nodiscard]] bool stranded() const { return stranded_; }
  // A worker was given up for its silence: nobody should wait for it either.
  [[nodiscard]] bool any_hung() const;
  // When something will have to be done even if nobody says anything.
  [[nodiscard]] Time next_timer() const;

 private:
  struct Worker {
    bool present = false;   // has said Hello and is not lost
    bool silent = false;    // lost by its silence, and has not spoken since
    bool left_out = false;  // it can train nothing, and said so
    Time heard{};
    Duration slice{};                   // how long it usually keeps silent beyond its heartbeat
    std::vector<AssignmentId> holds;    // in the order of their sending
    std::optional<std::size_t> listed;  // as which load it stands in load_
  };

  const StudySpec spec_;
  const Space space_;
  const CoordinatorOptions options_;
  State state_;
  Proposer proposer_;
  std::optional<Proposer> chance_;  // random points for those who would wait for a fit
  std::vector<SearchNews> news_;
  std::optional<Point> proposed_;
  bool asked_ = false;                      // the Fitter
  const std::vector<std::uint64_t> rungs_;  // fidelities; the last is the whole
  std::unique_ptr<FidelityRule> rule_;      // none: trials are trained in one piece
  TimePlan plan_;
  bool told_all_created_ = false;  // the rule
  bool trained_ = false;           // a training was handed out in this run
  std::map<WorkerId, Worker> workers_;
  std::map<TrialId, WorkerId> paused_at_;            // who holds a paused training, in this run
  std::set<std::pair<std::size_t, WorkerId>> load_;  // present workers by what they hold
  bool stopping_ = false;
  std::string stop_reason_;
  Time stop_since_{};
  Time begun_{};
  Time now_{};
  Time last_alive_{};
  Time next_silence_check_{};
  double mean_trial_seconds_ = -1;  // exponential mean over this run's results; negative: none yet
  bool teams_current_ = false;      // planned for the workers of this run
  bool stranded_ = false;
  std::optional<Unavailable> unavailable_;  // what the last worker that was left out said
  bool all_served_ = false;                 // each worker has had a trial in this run

  void record(Step& step, const Event& event);
  void hear(Step& step, Time now, WorkerId from, const FromWorker& message);
  void accept(Step& step, WorkerId from, const Result& result);
  [[nodiscard]] Result without_known_curve(const Result& result) const;
  void list(WorkerId id);
  void lose(Step& step, WorkerId worker, const std::string& why);
  void leave_out(Step& step, WorkerId worker, const Unavailable& said);
  [[nodiscard]] bool none_left() const;
  void check_silence(Step& step, Time now);
  void request_stop(Step& step, Time now, const std::string& reason);
  void proceed(Step& step, Time now);
  void end_study(Step& step, bool success, ErrorKind error, const std::string& message);
  void end_run(Step& step, const std::string& reason);

  void dispatch_search(Step& step);
  void dispatch_extraction(Step& step, AssignmentKind kind);
  void dispatch_retraining(Step& step);
  bool plan_teams_now(Step& step);
  [[nodiscard]] TeamsPlanned planned_teams(std::uint32_t workers) const;
  void choose(Step& step);
  bool dispatch_next_trial(Step& step, WorkerId to);
  bool dispatch_waiting_trial(Step& step, WorkerId to);
  bool dispatch_paused_trial(Step& step, WorkerId to);
  void send_trial(Step& step, const TrialRecord& trial, std::size_t rung, WorkerId to);
  void stop_given_up(Step& step);
  void stop_all_paused(Step& step);
  void tell_rule(const Event& event);
  void tell_rule(const Result& result, std::size_t passed);
  [[nodiscard]] std::size_t rung_index(std::uint64_t fidelity) const;
  [[nodiscard]] Observation observe_trial(TrialId trial) const;
  [[nodiscard]] bool all_created() const;
  bool create_trial(Step& step, WorkerId to);
  void tell_proposer(SearchNews news);
  void take_proposal(Step& step, const Proposal& proposal);
  [[nodiscard]] bool waits_for_fit() const;
  [[nodiscard]] std::optional<TrialId> choose_waiting(WorkerId to);
  void end_if_time_is_up(Step& step);
  void fail_crashed(Step& step, AssignmentKind kind, TrialId trial, std::uint32_t crashes);
  void send(Step& step, Assignment assignment);
  [[nodiscard]] std::size_t unserved_workers();
  [[nodiscard]] std::uint32_t queue_depth() const;
  [[nodiscard]] std::vector<WorkerId> present_workers() const;
  [[nodiscard]] std::size_t expected_workers() const;
  [[nodiscard]] std::vector<WorkerId> idle_workers() const;
  [[nodiscard]] std::vector<WorkerId> idle_retrainers() const;
  [[nodiscard]] bool search_complete() const;
};

}  // namespace twostep
