// Trials of other studies: a table (first byte even) or an Optuna journal (odd), of which the first
// line names the study. What is read is in the space, and is a failure or has a finite value.
#include <cmath>

#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/prior_trials.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

using namespace twostep;

namespace {

const StudySpec& fuzzed_spec() {
  static const StudySpec spec = read_spec(
      read_json(R"({"study": {"seed": 1}, "space": {"lr": {"float": [1e-5, 1e-1], "log": true},
          "width": {"int": [8, 64], "step": 8}, "norm": {"choice": ["none", "batch", true, 1]},
          "momentum": {"float": [0, 1], "when": {"norm": "batch"}}, "drop": 0.2}})"),
      StudyUse::ask);
  return spec;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(fuzz::text(data + 1, size - 1));
  const StudySpec& spec = fuzzed_spec();
  const Space space = make_space(spec);
  try {
    const std::size_t end = text.find('\n');
    const TrialsRead read = data[0] % 2 == 0 || end == std::string::npos
                                ? read_trials_csv(text, "t.csv", spec, space)
                                : read_optuna_journal(text.substr(end + 1), "old.log",
                                                      text.substr(0, end), spec, space);
    for (const PriorTrial& t : read.warm.trials) {
      fuzz::require(space.contains(t.point), "a trial is in the space");
      fuzz::require((t.outcome == Outcome::finished) == std::isfinite(t.objective),
                    "a trial has failed or has a value");
      fuzz::require(t.fidelity > 0 && t.fidelity <= 1, "a fidelity is a share");
    }
  } catch (const Error&) {
  }
  return 0;
}
