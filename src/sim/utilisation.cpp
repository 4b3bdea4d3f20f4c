#include "twostep/sim/utilisation.hpp"

#include <algorithm>
#include <memory>
#include <queue>
#include <vector>

#include "sim/faults.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/sim/curve_trainer.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/sim/sim_fitter.hpp"
#include "twostep/sim/sim_link.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

constexpr Duration beat_every = std::chrono::seconds(2);
constexpr Duration node_slice = std::chrono::seconds(1);  // heartbeats go out between slices

// Rank 0's end of the network: what it does costs it time.
class CostlyLink : public Link {
 public:
  CostlyLink(std::unique_ptr<Link> link, SimClock& clock, const MemFiles& files,
             const UtilisationOptions& options)
      : link_(std::move(link)), clock_(clock), files_(files), options_(options) {}
  [[nodiscard]] int rank() const override { return link_->rank(); }
  [[nodiscard]] int size() const override { return link_->size(); }
  [[nodiscard]] bool drained() override { return true; }
  [[nodiscard]] std::vector<Mail> poll() override {
    auto mails = link_->poll();
    clock_.spend(from_seconds(options_.message_seconds * static_cast<double>(mails.size())));
    return mails;
  }
  void send(int to, Bytes bytes) override {
    pay_for_syncs();
    clock_.spend(from_seconds(options_.message_seconds));
    link_->send(to, std::move(bytes));
  }
  // Nothing is sent before it is durable.
  void pay_for_syncs() {
    clock_.spend(from_seconds(options_.sync_seconds * static_cast<double>(files_.syncs() - paid_)));
    paid_ = files_.syncs();
  }

 private:
  std::unique_ptr<Link> link_;
  SimClock& clock_;
  const MemFiles& files_;
  const UtilisationOptions& options_;
  std::uint64_t paid_ = 0;
};

struct Worker {
  SimClock clock;
  std::unique_ptr<Link> link;
  std::unique_ptr<CurveTrainer> trainer;
  std::unique_ptr<WorkerNode> node;
  Time idle_since = never;  // it had a trial and has none
  Time last_mail{};
};

struct Rank {
  Time wake = never;
  Time busy_until{};
  Time idle_since{};
};

class Cluster {
 public:
  explicit Cluster(const UtilisationOptions& options)
      : options_(options),
        nap_(from_seconds(options.longest_nap)),
        network_(static_cast<int>(options.workers) + 1, 1, from_seconds(options.latency_seconds),
                 [this](int rank, Time at) { mail(rank, at); }),
        link_(network_.link(0, clock_), clock_, files_, options_),
        ranks_(options.workers + 1),
        workers_(options.workers + 1) {}

  UtilisationReport run() {
    open();
    Time begun = never;
    while (node_->state().trials_done < options_.trials) {
      const auto [at, rank] = wakes_.top();
      wakes_.pop();
      Rank& r = ranks_[static_cast<std::size_t>(rank)];
      if (at != r.wake) {
        continue;
      }
      r.wake = never;
      now_ = at;
      rank == 0 ? tick_coordinator() : tick_worker(rank);
      if (begun == never && !node_->state().trials.empty()) {
        begun = now_;
        rank_zero_busy_ = {};
      }
    }
    return report(begun);
  }

 private:
  UtilisationOptions options_;
  Duration nap_;
  MemFiles files_;
  SimClock clock_;
  SimNetwork network_;
  CostlyLink link_;
  std::unique_ptr<SimFitter> fitter_;
  std::unique_ptr<CoordinatorNode> node_;
  std::vector<Rank> ranks_;
  std::vector<Worker> workers_;
  std::priority_queue<std::pair<Time, int>, std::vector<std::pair<Time, int>>, std::greater<>>
      wakes_;
  Time now_{};
  Duration rank_zero_busy_{};
  Duration longest_wait_{};

  void open() {
    RunFacts facts;
    facts.build = "simulation";
    for (std::uint32_t rank = 1; rank <= options_.workers; ++rank) {
      facts.workers.push_back(WorkerId(rank));
    }
    const StudyIdentity study = simulated_study(1, options_.trials, StoppingRule::none,
                                                Fidelity::budget, options_.algorithm);
    fitter_ = std::make_unique<SimFitter>(make_proposer(study.spec, study.space), clock_,
                                          from_seconds(options_.fit_seconds));
    node_ = std::make_unique<CoordinatorNode>(study, facts, link_, files_, clock_,
                                              CoordinatorOptions{}, fitter_.get());
    CurveOptions curve;
    curve.mean_seconds = options_.trial_seconds;
    curve.spread = options_.spread;
    curve.diverge_share = curve.fail_share = 0;
    for (std::uint32_t rank = 1; rank <= options_.workers; ++rank) {
      Worker& w = workers_[rank];
      w.link = network_.link(static_cast<int>(rank), w.clock);
      w.trainer = std::make_unique<CurveTrainer>(w.clock, curve);
      WorkerOptions worker;
      worker.slice = node_slice;
      worker.heartbeat_every = beat_every;
      w.node = std::make_unique<WorkerNode>(*w.link, *w.trainer, w.clock, worker);
      wake(static_cast<int>(rank), now_);
    }
    wake(0, now_);
  }

  void wake(int rank, Time at) {
    Rank& r = ranks_[static_cast<std::size_t>(rank)];
    at = std::max(at, r.busy_until);
    if (at < r.wake) {
      r.wake = at;
      wakes_.emplace(at, rank);
    }
  }

  // A rank that has long been idle looks up only now and then: at worst its whole nap later.
  void mail(int rank, Time at) {
    const Rank& r = ranks_[static_cast<std::size_t>(rank)];
    workers_[static_cast<std::size_t>(rank)].last_mail = at;
    const Duration idle = std::max(at - std::max(r.idle_since, r.busy_until), Duration{0});
    wake(rank, at + std::min(nap_, idle));
  }

  // How long an idle rank sleeps at most; more than nothing, for time to pass.
  [[nodiscard]] Duration nap() const {
    return std::max<Duration>(nap_, std::chrono::microseconds(100));
  }

  void tick_coordinator() {
    Rank& zero = ranks_[0];
    clock_.set(now_);
    const bool busy = node_->tick();
    link_.pay_for_syncs();
    rank_zero_busy_ += clock_.spent();
    zero.busy_until = now_ + clock_.spent();
    zero.idle_since = busy ? zero.busy_until : zero.idle_since;
    wake(0, busy ? zero.busy_until : now_ + nap());
  }

  void tick_worker(int rank) {
    Worker& w = workers_[static_cast<std::size_t>(rank)];
    Rank& r = ranks_[static_cast<std::size_t>(rank)];
    w.clock.set(now_);
    const bool was_idle = w.node->idle();
    const bool busy = w.node->tick();
    r.busy_until = now_ + w.clock.spent();
    if (!was_idle && w.node->idle()) {
      w.idle_since = r.busy_until;
    } else if (was_idle && !w.node->idle() && w.idle_since != never) {
      longest_wait_ = std::max(longest_wait_, w.last_mail - w.idle_since);
    }
    if (busy) {
      r.idle_since = r.busy_until;
      wake(rank, r.busy_until);
    } else {
      wake(rank, now_ + nap());
    }
  }

  [[nodiscard]] UtilisationReport report(Time begun) const {
    UtilisationReport out;
    out.seconds = seconds(now_ - begun);
    double work = 0;
    for (const TrialRecord& t : node_->state().trials) {
      work += t.result.seconds;
    }
    out.ideal_seconds = work / options_.workers;
    out.utilisation = out.ideal_seconds / out.seconds;
    out.rank_zero = seconds(rank_zero_busy_) / out.seconds;
    out.messages = network_.messages();
    out.syncs = files_.syncs();
    out.longest_wait = seconds(longest_wait_);
    out.fitted = fitter_->made();
    return out;
  }
};

}  // namespace

UtilisationReport measure_utilisation(const UtilisationOptions& options) {
  return Cluster(options).run();
}

}  // namespace twostep
