// Every algorithm on every kind of space: whatever the history, proposals are valid, new, and a
// function of seed and history alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "search_support.hpp"
#include "support/effort.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using test::Happening;

enum class Course { mixed, equal, failures, one_point, lies };

// A value that depends on the point and is NaN or infinite now and then.
Observation measure(Course course, const Point& point, Draws& draws) {
  const auto h = static_cast<double>(fingerprint(point) % 1000) / 1000;
  const double parameters = 1000 * draws.uniform();
  switch (course) {
    case Course::equal:
      return test::observation(0.25, 50);
    case Course::failures:
      return test::observation(std::numeric_limits<double>::quiet_NaN());
    case Course::lies:  // finished, says the outcome, and the value is none
      return {Outcome::finished, std::numeric_limits<double>::infinity(), 1, 1, 1};
    default:
      break;
  }
  const std::uint64_t luck = draws.below(8);
  if (luck == 0) {
    return test::observation(std::numeric_limits<double>::quiet_NaN(), parameters);
  }
  Observation out = test::observation(luck == 1 ? 1e30 * h : h - 0.3, parameters);
  if (luck == 2) {
    out.outcome = Outcome::timed_out;
  }
  return out;
}

std::string describe(const Space& space) {
  std::string out;
  for (const Dimension& d : space.dimensions) {
    out += std::to_string(static_cast<int>(d.kind)) + " [" + to_text(Value(d.low)) + ", " +
           to_text(Value(d.high)) + "] step " + to_text(Value(d.step)) + (d.log ? " log" : "") +
           " of " + std::to_string(d.choices.size()) +
           (d.condition ? " if " + std::to_string(d.condition->parent) : "") + "; ";
  }
  return out;
}

struct Played {
  std::vector<Happening> journal;
  bool exhausted = false;
};

// A trial that was seen at a third of its budget, ends there in two of three cases.
struct Pending {
  TrialId trial;
  Point point;
  std::optional<Observation> at_rung;
};

// `workers` trials are pending at any time, and end in a random order; with rungs some of them were
// seen before.
Played play(const SearchSpec& search, const Space& space, std::uint64_t seed, Course course,
            std::size_t workers) {
  const bool rungs = search.early_stopping.rule != StoppingRule::none;
  Proposer proposer(make_sampler(search, space, seed), space);
  Draws draws(Rng(seed, Purpose::simulation, 1));
  Played out;
  std::vector<Pending> pending;
  std::set<std::uint64_t> seen;
  const auto happen = [&](Happening h) {
    test::tell(proposer, h);
    out.journal.push_back(std::move(h));
  };
  for (std::uint32_t n = 1; n <= search.trials && !out.exhausted;) {
    if (pending.size() < workers) {
      const auto point = proposer.next(TrialId(n));
      out.exhausted = !point;
      if (point) {
        EXPECT_TRUE(space.contains(*point)) << "trial " << n;
        EXPECT_TRUE(seen.insert(fingerprint(*point)).second) << "trial " << n << " comes again";
        pending.push_back({TrialId(n++), *point, {}});
        happen({pending.back().trial, *point, {}});
      }
    } else if (course == Course::one_point && n > 2) {
      workers = search.trials;  // nothing more is heard of any trial
    } else {
      const std::size_t at = draws.below(pending.size());
      Pending& trial = pending[at];
      Observation measured = as_told(measure(course, trial.point, draws), search.failures);
      if (rungs && !trial.at_rung && !is_failure(measured)) {
        measured.fidelity = 1.0 / 3;
        trial.at_rung = measured;
        happen({trial.trial, {}, measured, true});
        continue;
      }
      const bool stopped = trial.at_rung && draws.below(3) > 0;
      happen({trial.trial, {}, stopped ? *trial.at_rung : measured});
      pending.erase(pending.begin() + static_cast<long>(at));
    }
  }
  return out;
}

// Whoever is told the journal up to any place goes on with the points that followed.
void expect_replay(const SearchSpec& search, const Space& space, std::uint64_t seed,
                   const Played& played) {
  for (const std::uint64_t part : {1U, 2U}) {
    Proposer proposer(make_sampler(search, space, seed), space);
    const std::size_t cut = played.journal.size() * part / 3;
    for (std::size_t i = 0; i < played.journal.size(); ++i) {
      const Happening& h = played.journal[i];
      if (i >= cut && h.point) {
        ASSERT_EQ(proposer.next(h.trial), h.point) << "after a replay of " << cut;
        static_cast<void>(proposer.next(h.trial));
      }
      test::tell(proposer, h);
    }
  }
}

class EverySampler : public testing::TestWithParam<std::size_t> {};

TEST_P(EverySampler, ServesEverySpaceOrSaysWhyNot) {
  const auto algorithm = static_cast<Algorithm>(GetParam());
  std::uint64_t served = 0;
  for (std::uint64_t seed = 1; seed <= test::cases(200); ++seed) {
    const Space space = test::random_space(seed, algorithm == Algorithm::grid || seed % 4 == 0);
    SearchSpec search;
    search.algorithm = algorithm;
    search.trials = seed % 10 == 0 ? 90 : 36;
    search.population = seed % 2 == 0 ? 8 : 0;
    search.second_objective =
        algorithm == Algorithm::nsga2 ? SecondObjective::parameters : SecondObjective::none;
    search.failures.value = seed % 7 < 3 ? FailureValue::ignore : FailureValue::worst;
    search.early_stopping.rule = seed % 2 == 1 ? StoppingRule::asha : StoppingRule::none;
    const auto course = static_cast<Course>(seed % 5);
    const std::size_t workers = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 4 : 20;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(space));
    if (!refusals(search, space).empty()) {
      EXPECT_THROW(static_cast<void>(make_sampler(search, space, seed)), Error);
      continue;
    }
    ++served;
    const Played played = play(search, space, seed, course, workers);
    if (played.exhausted) {
      const auto created = std::count_if(played.journal.begin(), played.journal.end(),
                                         [](const Happening& h) { return h.point.has_value(); });
      EXPECT_EQ(static_cast<std::uint64_t>(created), space.cardinality());
    }
    expect_replay(search, space, seed, played);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(served, test::cases(100));
}

// Trials 1 to 40, every fourth of which fails, at places that `seed` decides; proposals that
// follow.
std::vector<std::optional<Point>> after_failures(Algorithm algorithm, FailureValue value,
                                                 std::uint64_t seed) {
  const Space space = test::unit_cube(3);
  SearchSpec search;
  search.algorithm = algorithm;
  search.second_objective =
      algorithm == Algorithm::nsga2 ? SecondObjective::parameters : SecondObjective::none;
  search.population = 8;
  search.failures.value = value;
  const auto sampler = make_sampler(search, space, 5);
  Draws places(Rng(seed, Purpose::simulation));
  Draws others(Rng(1, Purpose::simulation, 1));
  for (std::uint32_t n = 1; n <= 40; ++n) {
    const bool fails = n % 4 == 0;
    Draws& draws = fails ? places : others;
    std::vector<double> unit;
    for (int d = 0; d < 3; ++d) {
      unit.push_back(draws.uniform());
    }
    sampler->created(TrialId(n), space.point_at(unit));
    Observation seen = test::observation(unit[0] + unit[1] * unit[2], 10 * unit[1]);
    if (fails) {
      seen.outcome = n % 8 == 0 ? Outcome::diverged : Outcome::failed;
    }
    sampler->finished(TrialId(n), as_told(seen, search.failures));
  }
  std::vector<std::optional<Point>> out;
  for (std::uint32_t next = 41; next < 61; ++next) {
    out.push_back(sampler->propose(TrialId(next), next % 3));
  }
  return out;
}

TEST_P(EverySampler, LearnsNothingOfFailuresThatAreToBeIgnored) {
  const auto algorithm = static_cast<Algorithm>(GetParam());
  if (algorithm == Algorithm::grid) {
    return;  // serves no cube
  }
  EXPECT_EQ(after_failures(algorithm, FailureValue::ignore, 3),
            after_failures(algorithm, FailureValue::ignore, 4));
  if (algorithm == Algorithm::tpe || algorithm == Algorithm::gp || algorithm == Algorithm::forest) {
    EXPECT_NE(after_failures(algorithm, FailureValue::worst, 3),
              after_failures(algorithm, FailureValue::worst, 4));
  }
}

TEST_P(EverySampler, ServesASpaceOfNoDimensions) {
  const auto algorithm = static_cast<Algorithm>(GetParam());
  SearchSpec search;
  search.algorithm = algorithm;
  const Space space;
  if (refusals(search, space).empty()) {
    const Played played = play(search, space, 1, Course::mixed, 1);
    EXPECT_TRUE(played.exhausted);
    EXPECT_EQ(played.journal.size(), 2U);  // created and finished
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EverySampler,
                         testing::Range(std::size_t{0}, algorithm_names().size()),
                         [](const auto& each) { return algorithm_names()[each.param]; });

}  // namespace
}  // namespace twostep
