// A checkpoint as it lies in a file (first byte even), or one with the right head and checksum
// around the input as the state of a real, small training (odd). What a training takes it must be
// able to go on from.
#include <memory>

#include "fuzz/targets.hpp"
#include "support/sample_study.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/checkpoint.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/train/mlp_trainer.hpp"
#include "twostep/train/reference_engine.hpp"

using namespace twostep;

namespace {

struct Bench {
  Bench()
      : spec(test::sample_spec({.subset = R"({"rows": 8, "validation_rows": 4})",
                                .model = R"("layers": 1, "width": 2)",
                                .training = R"("batch_size": 4)"})) {
    assignment.kind = AssignmentKind::extract_subset;
    assignment.team = {WorkerId(0)};
    Extractor extractor({spec, plan, shards, packs, solo, clock});
    extractor.start(assignment);
    while (!extractor.advance({})) {
    }
    assignment.kind = AssignmentKind::trial;
    assignment.trial = TrialId(1);
    assignment.budget.amount = 2;
  }
  StudySpec spec;
  Space space = make_space(spec);
  MemShards shards = test::sample_shards();
  DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  MemPacks packs;
  MemModels models;
  SoloGroupMaker solo;
  SimClock clock;
  std::unique_ptr<Engine> engine = make_reference_engine();
  Assignment assignment;
};

void check_state(Bench& bench, std::span<const std::byte> state) {
  MlpTrainer trainer({bench.spec, bench.space, bench.plan, bench.packs, bench.models, *bench.engine,
                      bench.solo, bench.clock, "fuzz"});
  trainer.start(bench.assignment);
  try {
    trainer.load(state);
  } catch (const Error&) {
  }
  static_cast<void>(trainer.save());
  while (!trainer.advance(std::chrono::seconds(1))) {
    bench.clock.spend(std::chrono::seconds(1));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Bench bench;
  if (size == 0) {
    return 0;
  }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  if (data[0] % 2 == 0) {
    static_cast<void>(decode_checkpoint(bench.assignment, fuzz::text(data + 1, size - 1)));
    return 0;
  }
  const auto state =
      decode_checkpoint(bench.assignment, encode_checkpoint(bench.assignment, bytes));
  fuzz::require(state && std::equal(state->begin(), state->end(), bytes.begin(), bytes.end()),
                "a checkpoint holds what was saved");
  check_state(bench, *state);
  return 0;
}
