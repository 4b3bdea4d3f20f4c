#include "twostep/sim/world.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <stdexcept>

#include "sim/faults.hpp"
#include "sim/rank_zero.hpp"
#include "sim/worker_slot.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/invariants.hpp"

namespace twostep {
namespace {

constexpr Duration tick_every = std::chrono::milliseconds(1);
constexpr Duration idle_tick = std::chrono::seconds(5);
constexpr Duration longest_latency = std::chrono::milliseconds(3);
constexpr Duration stop_deadline = std::chrono::seconds(60);
constexpr Duration limit_margin = std::chrono::seconds(45);  // what the last 30 s of grace need
constexpr double longest_virtual_seconds = 4e5;

class World {
 public:
  World(const WorldOptions& options, MemFiles& files)
      : options_(options),
        files_(files),
        rng_(options.seed, Purpose::simulation, 2),
        study_(simulated_study(options.seed, options.trials, options.rule, options.fidelity,
                               options.algorithm)) {}

  WorldReport run() {
    for (;;) {
      ++report_.jobs;
      if (run_job(faulty() ? draw_faults(options_, now_, [this] { return draw(); }) : Faults{})) {
        break;
      }
      if (report_.jobs > options_.fault_jobs + 50) {
        throw std::runtime_error("the study does not end though the faults have");
      }
    }
    finish();
    return std::move(report_);
  }

 private:
  const WorldOptions options_;
  MemFiles& files_;
  Rng rng_;
  std::uint64_t draws_ = 0;
  StudyIdentity study_;
  WorldReport report_;
  Time now_{};
  bool subset_present_ = false;
  bool full_present_ = false;
  // The present job.
  Faults faults_;
  std::unique_ptr<RankZero> zero_;
  std::vector<WorkerSlot> workers_;  // index 0 is unused: rank 0 is the coordinator
  std::priority_queue<std::pair<Time, int>, std::vector<std::pair<Time, int>>, std::greater<>>
      wakes_;
  Time coordinator_wake_ = never;
  Time last_tick_{};
  std::uint64_t ticks_ = 0;
  bool stop_sent_ = false;
  bool job_over_ = false;
  std::optional<std::uint32_t> stale_segment_;  // of the run that was killed last
  std::unique_ptr<RankZero> suspended_;         // the run that sleeps

  [[nodiscard]] bool faulty() const {
    return options_.faults && report_.jobs <= options_.fault_jobs;
  }
  double draw() { return rng_.uniform(++draws_); }
  double draw(double low, double high) { return low + (high - low) * draw(); }

  void schedule(int rank, Time at) {
    if (rank == 0) {
      const Time wake = std::max(at, last_tick_ + tick_every);
      if (wake < coordinator_wake_) {
        coordinator_wake_ = wake;
        wakes_.emplace(wake, 0);
      }
      return;
    }
    WorkerSlot& w = workers_[static_cast<std::size_t>(rank)];
    const Time wake = std::max(at, w.busy_until);
    if (!w.dead && wake < w.wake) {
      w.wake = wake;
      wakes_.emplace(wake, rank);
    }
  }

  void open_job() {
    const bool resized = options_.faults && report_.jobs > 1 && draw() < 0.5;
    const auto workers =
        resized ? 1 + static_cast<std::uint32_t>(draw() * options_.workers) : options_.workers;
    wakes_ = {};
    coordinator_wake_ = never;
    last_tick_ = now_;
    ticks_ = 0;
    stop_sent_ = job_over_ = false;
    zero_ = std::make_unique<RankZero>();
    zero_->clock.set(now_);
    const auto wake = [this, job = report_.jobs](int rank, Time at) {
      if (job == report_.jobs) {
        schedule(rank, at);
      }
    };
    zero_->network = std::make_unique<SimNetwork>(
        static_cast<int>(workers) + 1, options_.seed * 1000 + report_.jobs, longest_latency, wake);
    workers_.clear();
    workers_.resize(workers + 1);
    zero_->link = zero_->network->link(0, zero_->clock);
    RunFacts facts;
    facts.build = "simulation";
    facts.host = "sim";
    // A purge of scratch space between two jobs, now and then.
    const bool purged = options_.faults && draw() < 0.1;
    facts.subset_present = subset_present_ = subset_present_ && !purged;
    facts.full_present = full_present_ = full_present_ && !purged;
    for (std::uint32_t rank = 1; rank <= workers; ++rank) {
      facts.workers.push_back(WorkerId(rank));
    }
    CoordinatorOptions coordinator;
    coordinator.snapshot_events = options_.snapshot_events;
    if (faults_.limit_at != never) {
      coordinator.stop_at = faults_.limit_at - limit_margin;
    }
    if (fits_models(options_.algorithm)) {
      zero_->fitter =
          std::make_unique<SimFitter>(make_proposer(study_.spec, study_.space), zero_->clock,
                                      from_seconds(0.2 * options_.mean_trial_seconds));
    }
    zero_->node = std::make_unique<CoordinatorNode>(study_, facts, *zero_->link, files_,
                                                    zero_->clock, coordinator, zero_->fitter.get());
    if (!zero_->node->done()) {
      for (std::uint32_t rank = 1; rank <= workers; ++rank) {
        open_worker(rank);
      }
      schedule(0, now_);
    }
  }

  void open_worker(std::uint32_t rank) {
    WorkerSlot& w = workers_[rank];
    CurveOptions curve;
    curve.seed = options_.seed;
    curve.mean_seconds = options_.mean_trial_seconds;
    curve.killer_share = faults_.killer_share;
    curve.times_inference = options_.algorithm == Algorithm::nsga2;
    curve.speed = draw() < faults_.straggler_share ? 0.1 : 1;
    const double longest = job_seconds(options_);
    curve.unavailable_at =
        faulty() ? draw_unavailable(options_, report_.jobs, rank, now_) : Time{never};
    w.open(*zero_->network, static_cast<int>(rank), now_, curve, files_);
    if (draw() < faults_.death_share) {
      w.dies_at = now_ + from_seconds(draw(0, longest));
    }
    if (draw() < faults_.hang_share) {
      w.hangs_at = now_ + from_seconds(draw(0, longest));
      w.hangs_until = w.hangs_at + from_seconds(draw(30, 400));
    }
    schedule(static_cast<int>(rank), now_);
  }

  // The study was stopped for want of workers, and goes on once there are some.
  [[nodiscard]] bool all_left_out() const {
    const State& s = zero_->node->state();
    return !s.end.success && s.end.error == ErrorKind::io;
  }

  // True when the study has ended.
  bool run_job(const Faults& faults) {
    faults_ = faults;
    files_.limit(-1);
    files_.lose_power_at_sync(0, false);
    job_over_ = false;
    try {
      open_job();
      files_.limit(faults_.disk_room);
      files_.lose_power_at_sync(faults_.power_loss_at_sync, faults_.power_loss_after);
      while (!job_over_ && !zero_->node->done()) {
        step();
      }
    } catch (const PowerLoss&) {
      faults_.suspended = false;  // that ends whoever sleeps
      kill_job();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) {
        throw;
      }
      ++report_.full_disks;
      job_over_ = true;
      files_.limit(-1);
      files_.crash(rng_, ++draws_);
    }
    if (zero_) {
      report_.messages += zero_->network->messages();
      report_.time_ups += faults_.limit_at != never && !job_over_ ? 1 : 0;
    }
    const bool ended = zero_ && !job_over_ && zero_->node->state().ended && !all_left_out();
    if (!ended) {
      now_ += std::chrono::seconds(30);  // the launcher starts it again
    }
    return ended;
  }

  void step() {
    if (wakes_.empty()) {
      throw std::runtime_error("nobody will ever do anything again");
    }
    const auto [at, rank] = wakes_.top();
    wakes_.pop();
    now_ = std::max(now_, at);
    if (seconds(now_) > longest_virtual_seconds) {
      throw std::runtime_error("the study takes for ever: job " + std::to_string(report_.jobs) +
                               ", " + situation(*zero_->node));
    }
    if (rank == 0) {
      if (at == coordinator_wake_) {
        tick_coordinator();
      }
    } else if (at == workers_[static_cast<std::size_t>(rank)].wake) {
      tick_worker(rank);
    }
  }

  void tick_coordinator() {
    coordinator_wake_ = never;
    last_tick_ = now_;
    zero_->clock.set(now_);
    if (now_ >= faults_.stop_at && !stop_sent_) {
      stop_sent_ = true;
      ++report_.stops;
      zero_->node->request_stop("stopped by SIGTERM");
    }
    if (stop_sent_ && now_ - faults_.stop_at > stop_deadline) {
      kill_job();
      return;
    }
    if (now_ >= faults_.kill_at) {
      kill_job();
      return;
    }
    if (now_ >= faults_.limit_at && faults_.slow_share == 0) {
      throw std::runtime_error("the job does not end before its limit: job " +
                               std::to_string(report_.jobs) + ", " + situation(*zero_->node));
    }
    if (++ticks_ == 5) {
      come_back();
    }
    zero_->node->tick();
    note_extractions();
    if (faults_.slow_share > 0 && draw() < faults_.slow_share) {
      ++report_.slow_syncs;
      last_tick_ = now_ + from_seconds(draw(1, 60));
    }
    if (ticks_ % options_.check_every == 0) {
      check();
    }
    schedule(0, now_ + idle_tick);
  }

  void note_extractions() {
    const State& s = zero_->node->state();
    subset_present_ = subset_present_ || s.subset_extracted;
    full_present_ = full_present_ || s.full_extracted;
  }

  void tick_worker(int rank) {
    WorkerSlot& w = workers_[static_cast<std::size_t>(rank)];
    w.wake = never;
    if (w.dead || w.stuck) {
      return;
    }
    if (now_ >= w.dies_at) {
      kill_worker(rank);
      return;
    }
    if (now_ >= w.hangs_at && now_ < w.hangs_until) {
      ++report_.worker_hangs;
      w.busy_until = w.hangs_until;
      w.hangs_at = never;
      schedule(rank, w.busy_until);
      return;
    }
    w.clock->set(now_);
    const bool available = !w.trainer->unavailable();
    const bool busy = w.node->tick();
    report_.left_out += available && w.trainer->unavailable() ? 1 : 0;
    if (w.trainer->killed()) {
      kill_worker(rank);
      return;
    }
    w.busy_until = now_ + w.clock->spent();
    if (!w.node->done()) {
      schedule(rank, busy ? std::max(w.busy_until, now_ + std::chrono::milliseconds(1))
                          : now_ + heartbeat);
    }
  }

  // Under recovery the others go on; without it the launcher ends the job.
  void kill_worker(int rank) {
    ++report_.worker_deaths;
    if (!faults_.recovery) {
      kill_job();
      return;
    }
    WorkerSlot& w = workers_[static_cast<std::size_t>(rank)];
    w.dead = true;
    zero_->network->kill(rank);
    for (const auto& [id, assignment] : zero_->node->state().open) {
      const auto& team = assignment.team;
      const WorkerId me(static_cast<std::uint32_t>(rank));
      if (team.size() > 1 && std::find(team.begin(), team.end(), me) != team.end()) {
        for (const WorkerId member : team) {
          workers_[member.value].stuck = true;  // in a collective that never returns
        }
      }
    }
    const bool all_dead =
        std::all_of(workers_.begin() + 1, workers_.end(), [](const auto& s) { return s.dead; });
    if (all_dead) {
      kill_job();
    }
  }

  void kill_job() {
    ++report_.kills;
    job_over_ = true;
    if (faults_.suspended && zero_ && zero_->node && !zero_->node->done()) {
      suspended_ = std::move(zero_);  // what it has written stays, what it knows too
      return;
    }
    if (faults_.stale_writer) {
      stale_segment_ = newest_segment(files_);
    }
    files_.crash(rng_, ++draws_);
  }

  // Runs that should be dead do something when their successor has begun.
  void come_back() {
    if (stale_segment_) {
      const std::uint64_t seq = zero_->node->state().run.accepted_seq;
      report_.stale_writes += add_stale_line(files_, *stale_segment_, seq) ? 1 : 0;
      stale_segment_.reset();
    }
    if (suspended_) {
      wake_suspended(*suspended_, now_);
      suspended_.reset();
      ++report_.returns;
    }
  }

  void check() {
    const auto violated = violated_invariants(zero_->node->state());
    if (!violated.empty()) {
      throw std::runtime_error("at " + std::to_string(seconds(now_)) + " s: " + violated.front() +
                               " (and " + std::to_string(violated.size() - 1) + " more)");
    }
  }

  void finish() {
    check();
    const State& live = zero_->node->state();
    report_.events = live.events;
    report_.virtual_seconds = seconds(now_);
    report_.live_digest = live.digest();
    report_.replay_digest = replayed_digest(files_, live);
    const JournalTotals journal = journal_totals(files_);
    report_.snapshot_parts = journal.snapshot_parts;
    report_.journal_bytes = journal.bytes;
    report_.journal_crc = journal.crc;
    // A study of few trials may end without one that finished, or whose finalists were all poison.
    const bool nothing_left =
        live.trials_finished + live.trials_stopped == 0 ||
        (live.finalists_chosen &&
         std::none_of(live.finalists.begin(), live.finalists.end(), [](const FinalistRecord& f) {
           return f.result.outcome == Outcome::finished;
         }));
    if (live.trials_done != options_.trials || (!live.end.success && !nothing_left)) {
      throw std::runtime_error("the study ended early: " + live.end.message);
    }
    report_.state = live;
  }
};

}  // namespace

WorldReport run_world(const WorldOptions& options, MemFiles& files) {
  return World(options, files).run();
}

}  // namespace twostep
