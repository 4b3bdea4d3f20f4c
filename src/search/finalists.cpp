#include "twostep/search/finalists.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "twostep/base/error.hpp"

namespace twostep {

std::vector<TrialId> choose_finalists(std::vector<Candidate> candidates, std::size_t count) {
  std::erase_if(candidates, [](const Candidate& c) { return !std::isfinite(c.objective); });
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.fidelity != b.fidelity) {
      return a.fidelity > b.fidelity;
    }
    return a.objective != b.objective ? a.objective < b.objective : a.trial < b.trial;
  });
  std::vector<TrialId> out;
  for (std::size_t i = 0; i < candidates.size() && i < count; ++i) {
    out.push_back(candidates[i].trial);
  }
  return out;
}

std::vector<std::uint32_t> plan_teams(std::size_t finalists, std::uint32_t workers,
                                      std::uint32_t requested) {
  if (requested > workers) {
    throw Error(
        ErrorKind::resources,
        Problem{"retraining.team", "fewer ranks than a team needs",
                std::to_string(requested) + " ranks per finalist are asked for and " +
                    std::to_string(workers) +
                    (workers == 1 ? " worker is there" : " workers are there"),
                "start more ranks (rank 0 only coordinates), or set retraining.team to auto"});
  }
  if (requested > 0 || finalists == 0) {
    return std::vector<std::uint32_t>(finalists, requested);
  }
  const auto count = static_cast<std::uint32_t>(finalists);
  std::vector<std::uint32_t> out(finalists, std::max(1U, workers / count));
  for (std::uint32_t i = 0; workers > count && i < workers % count; ++i) {
    ++out[i];
  }
  return out;
}

}  // namespace twostep
