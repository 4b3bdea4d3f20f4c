// Trainings of sample studies in memory, by one rank or by a team of threads.
#pragma once

#include "support/sample_study.hpp"
#include "support/thread_group.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/train/mlp_trainer.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep::test {

// A clock that moves on with every look, so that slices end.
class StepClock : public Clock {
 public:
  [[nodiscard]] Time now() override { return now_ += std::chrono::milliseconds(1); }
  [[nodiscard]] WallTime wall() override { return now_; }

 private:
  Time now_{};
};

struct Bench {
  explicit Bench(const SampleOptions& o = {})
      : spec(sample_spec(o)),
        space(make_space(spec)),
        shards(sample_shards()),
        plan(make_plan(spec, shards, {3, 0, 0})) {
    SoloGroupMaker solo;
    StepClock clock;
    for (const auto kind : {AssignmentKind::extract_subset, AssignmentKind::extract_full}) {
      Assignment a;
      a.kind = kind;
      a.team = {WorkerId(0)};
      Extractor extractor({spec, plan, shards, packs, solo, clock});
      extractor.start(a);
      while (!extractor.advance({})) {
      }
    }
  }
  StudySpec spec;
  Space space;
  MemShards shards;
  DataPlan plan;
  MemPacks packs;
  MemModels models;
};

inline Assignment training(AssignmentKind kind, std::uint64_t epochs, int members = 1) {
  Assignment a;
  a.kind = kind;
  a.trial = TrialId(2);
  a.budget.amount = epochs;
  for (int i = 0; i < members; ++i) {
    a.team.push_back(WorkerId(static_cast<std::uint32_t>(i)));
  }
  return a;
}

inline Result run(Bench& bench, const Assignment& assignment, Group* group = nullptr,
                  ThreadTeam* team = nullptr) {
  const auto engine = make_reference_engine();
  StepClock clock;
  SoloGroupMaker solo;
  std::unique_ptr<GroupMaker> fixed;
  if (team != nullptr) {
    fixed = std::make_unique<FixedGroupMaker>(*team, group->rank());
  }
  MlpTrainer trainer({bench.spec, bench.space, bench.plan, bench.packs, bench.models, *engine,
                      fixed ? *fixed : solo, clock, "test"});
  trainer.start(assignment);
  for (;;) {
    if (auto result = trainer.advance(std::chrono::milliseconds(5))) {
      return *result;
    }
  }
}

// The leader's result of a retraining by a team.
inline Result run_team(Bench& bench, std::uint64_t epochs, int members) {
  ThreadTeam team(members);
  Result leader;
  team.run([&](Group& group) {
    const Result r = run(bench, training(AssignmentKind::retrain, epochs, members), &group, &team);
    if (group.rank() == 0) {
      leader = r;
    }
  });
  return leader;
}

}  // namespace twostep::test
