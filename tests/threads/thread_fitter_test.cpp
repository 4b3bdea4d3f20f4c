// Every fitter proposes what a proposer that is told the same would propose.
#include "adapters/threads/thread_fitter.hpp"

#include <gtest/gtest.h>

#include <new>
#include <thread>

#include "twostep/sim/sim_clock.hpp"
#include "twostep/sim/sim_fitter.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

class Fitters : public testing::TestWithParam<bool> {
 protected:
  StudyIdentity study_ =
      simulated_study(3, 100, StoppingRule::none, Fidelity::budget, Algorithm::gp);
  SimClock clock_;
  std::unique_ptr<Fitter> fitter_;

  void SetUp() override {
    if (GetParam()) {
      fitter_ = make_thread_fitter(make_proposer(study_.spec, study_.space));
    } else {
      fitter_ = std::make_unique<SimFitter>(make_proposer(study_.spec, study_.space), clock_,
                                            std::chrono::seconds(1));
    }
  }
  Proposal wait() {
    for (;;) {
      if (auto proposal = fitter_->poll()) {
        return *proposal;
      }
      clock_.set(clock_.now() + std::chrono::milliseconds(100));
      std::this_thread::yield();
    }
  }
};

TEST_P(Fitters, ProposeWhatAProposerWould) {
  Proposer proposer = make_proposer(study_.spec, study_.space);
  for (std::uint32_t n = 1; n <= 40; ++n) {
    const TrialId trial(n);
    fitter_->ask();
    const Proposal proposal = wait();
    EXPECT_EQ(proposal.next, trial);
    EXPECT_EQ(proposal.point, proposer.next(trial)) << "trial " << n;
    Observation seen;
    seen.objective = 1 + static_cast<double>(fingerprint(*proposal.point) % 100);
    std::vector<SearchNews> news{{SearchNews::Kind::created, trial, *proposal.point, {}}};
    if (n > 3) {
      news.push_back({SearchNews::Kind::finished, TrialId(n - 3), {}, seen});
    }
    for (const SearchNews& each : news) {
      proposer.tell(each);
    }
    fitter_->tell(std::move(news));
  }
  EXPECT_TRUE(proposer.needs_fit());
  EXPECT_FALSE(fitter_->poll().has_value());  // nothing was asked for
}

TEST_P(Fitters, MayBeLeftWhileTheyFit) {
  fitter_->ask();
  fitter_.reset();
}

INSTANTIATE_TEST_SUITE_P(All, Fitters, testing::Bool(),
                         [](const auto& each) { return each.param ? "thread" : "simulated"; });

class Failing : public Sampler {
 public:
  [[nodiscard]] std::optional<Point> propose(TrialId, std::uint32_t) const override {
    throw std::bad_alloc();
  }
  void created(TrialId, const Point&) override {}
  void finished(TrialId, const Observation&) override {}
};

// What goes wrong in a fit is not lost.
TEST(ThreadFitter, RethrowsWhatTheFitThrows) {
  Space space;
  space.dimensions.emplace_back();
  const auto fitter = make_thread_fitter(Proposer(std::make_unique<Failing>(), space));
  fitter->ask();
  const auto poll_for_ever = [&] {
    while (!fitter->poll()) {
      std::this_thread::yield();
    }
  };
  EXPECT_THROW(poll_for_ever(), std::bad_alloc);
}

}  // namespace
}  // namespace twostep
