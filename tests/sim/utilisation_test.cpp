#include "twostep/sim/utilisation.hpp"

#include <gtest/gtest.h>

namespace twostep {
namespace {

TEST(Utilisation, CannotBeMoreThanAll) {
  UtilisationOptions free;
  free.workers = 8;
  free.trials = 80;
  free.message_seconds = free.sync_seconds = free.latency_seconds = free.longest_nap = 0;
  const UtilisationReport r = measure_utilisation(free);
  EXPECT_NEAR(r.ideal_seconds, 100, 1e-6);
  EXPECT_GT(r.utilisation, 0.999);
  EXPECT_LE(r.utilisation, 1 + 1e-9);
}

// Where rank 0 needs longer for a trial than the workers together, it is what limits.
TEST(Utilisation, FallsWhenRankZeroIsTheBottleneck) {
  UtilisationOptions slow;
  slow.workers = 100;
  slow.trials = 2000;
  slow.trial_seconds = 1;
  slow.message_seconds = 0.02;  // two messages a trial: 25 trials a second
  const UtilisationReport r = measure_utilisation(slow);
  EXPECT_LT(r.utilisation, 0.3);
  EXPECT_GT(r.rank_zero, 0.95);
}

// Fits of a second, of which a thousand workers would wait for hundreds: nobody waits for one.
TEST(Utilisation, NobodyWaitsForAFit) {
  UtilisationOptions fits;
  fits.workers = 1000;
  fits.trials = 4000;
  fits.spread = 0.5;
  fits.algorithm = Algorithm::forest;
  fits.fit_seconds = 1;
  const UtilisationReport r = measure_utilisation(fits);
  EXPECT_GT(r.fitted, 10U);
  EXPECT_GT(r.longest_wait, 0);
  EXPECT_LE(r.longest_wait, 0.021);  // a tick of 20 ms, two messages and a sync
}

// A fit that is done in time is used: all points after the first random ones come from fits.
TEST(Utilisation, FitsInTimeAreUsed) {
  UtilisationOptions fits;
  fits.workers = 4;
  fits.trials = 100;
  fits.algorithm = Algorithm::forest;
  fits.fit_seconds = 0.5;
  EXPECT_GT(measure_utilisation(fits).fitted, 80U);
}

// Ray Tune's table (PRODUCT): 10,000 one-second trials on 16 CPUs took 715 s, 1,000 trials of 100 s
// on 1,024 CPUs 168 s.
TEST(Utilisation, BeatsThePublishedRows) {
  UtilisationOptions small;
  small.workers = 16;
  small.trials = 10000;
  small.trial_seconds = 1;
  EXPECT_LT(measure_utilisation(small).seconds, 632);
  UtilisationOptions wide;
  wide.workers = 1024;
  wide.trials = 1000;
  wide.trial_seconds = 100;
  EXPECT_LT(measure_utilisation(wide).seconds, 101);
}

}  // namespace
}  // namespace twostep
