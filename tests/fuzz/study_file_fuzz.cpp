// A study file, as YAML (first byte even) or as the JSON of a journal (odd). What is read must
// survive the way into the journal and back, and its first configurations must be in its space.
#include "adapters/yaml/yaml_reader.hpp"
#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/search/proposer.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

using namespace twostep;

namespace {

void check(const ConfigNode& node) {
  const StudySpec spec = read_spec(node);
  const std::string json = to_json(spec);
  const StudySpec again = read_spec(read_json(json));
  fuzz::require(to_json(again) == json, "a study file survives the journal");
  const Space space = make_space(spec);
  Proposer proposer(make_sampler(spec.search, space, spec.seed), space);
  for (std::uint32_t trial = 1; trial <= 3; ++trial) {
    const auto point = proposer.next(TrialId(trial));
    if (!point) {
      break;
    }
    fuzz::require(space.contains(*point), "a configuration is in its space");
    static_cast<void>(resolve(spec, space, *point));
    proposer.created(TrialId(trial), *point);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string text(fuzz::text(data + 1, size - 1));
  try {
    check(data[0] % 2 == 0 ? read_yaml(text, "study.yaml") : read_json(text));
  } catch (const Error&) {
  }
  return 0;
}
