// What ask and tell answers about the trials so far.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "app/suggest_session.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {

SuggestSession::Answer SuggestSession::best(const ConfigNode& node) const {
  const std::uint64_t count = node.scalar == "true" ? 1 : read_count(node, "best");
  // Whole trainings first, then by how far the others came.
  std::vector<std::tuple<double, double, TrialId>> ranked;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (trials_[i].ended && std::isfinite(trials_[i].value)) {
      const double share = trials_[i].step > 0 ? rungs_.share(trials_[i].step) : 1;
      ranked.emplace_back(-share, natural_value(spec_.search.objective, trials_[i].value),
                          TrialId(static_cast<std::uint32_t>(i) + 1));
    }
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.resize(std::min<std::size_t>(ranked.size(), count));
  std::string list;
  for (const auto& [share, minimised, id] : ranked) {
    const Trial& trial = trials_[id.value - 1];
    std::string text = trial_json(id);
    text.pop_back();
    list += (list.empty() ? "" : ",") + text + ",\"value\":" + nlohmann::json(trial.value).dump() +
            (trial.step > 0 ? ",\"step\":" + std::to_string(trial.step) : "") + "}";
  }
  return {"{\"best\":[" + list + "]}", {}};
}

SuggestSession::Answer SuggestSession::pending() const {
  std::string list;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (!trials_[i].ended) {
      list += (list.empty() ? "" : ",") + work_json(TrialId(static_cast<std::uint32_t>(i) + 1));
    }
  }
  return {"{\"pending\":[" + list + "]}", {}};
}

}  // namespace twostep
