#include "twostep/search/team_plan.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr std::size_t most_durations = 400;    // allotments that are tried
constexpr std::size_t most_starts = 6;         // of the local search
constexpr std::size_t most_schedules = 2000;   // of one of them
constexpr std::uint32_t all_sizes_up_to = 16;  // larger teams are thinned out
constexpr double noticeable = 1e-9;            // relative

using Sizes = std::vector<std::uint32_t>;

// The team sizes worth trying for one finalist: each faster than all smaller ones.
Sizes useful_sizes(const std::vector<double>& seconds, std::size_t finalists) {
  const auto ranks = static_cast<std::uint32_t>(seconds.size());
  Sizes some;
  for (std::uint32_t k = 1; k <= ranks; k += k < all_sizes_up_to ? 1 : k / 8) {
    some.push_back(k);
  }
  for (std::uint32_t parts = 1; parts <= finalists && parts <= ranks; ++parts) {
    some.push_back(ranks / parts);
  }
  std::sort(some.begin(), some.end());
  Sizes out;
  double least = std::numeric_limits<double>::infinity();
  for (const std::uint32_t k : some) {
    if (seconds[k - 1] < least * (1 - noticeable)) {
      least = seconds[k - 1];
      out.push_back(k);
    }
  }
  return out;
}

class Planner {
 public:
  explicit Planner(const TeamTimes& times) : times_(times) {
    for (const auto& seconds : times_) {
      TWOSTEP_REQUIRE(!seconds.empty() && seconds.size() == times_.front().size());
      TWOSTEP_REQUIRE(seconds.front() < std::numeric_limits<double>::infinity());
      useful_.push_back(useful_sizes(seconds, times_.size()));
    }
  }

  TeamPlan plan() {
    try_durations();
    std::stable_sort(starts_.begin(), starts_.end(),
                     [](const Rated& a, const Rated& b) { return a.before(b); });
    Rated best = starts_.front();
    for (std::size_t i = 0; i < std::min(starts_.size(), most_starts); ++i) {
      const Rated better = improved(starts_[i]);
      best = better.before(best) ? better : best;
    }
    return best.plan;
  }

 private:
  struct Rated {
    TeamPlan plan;
    double work = 0;  // rank-seconds, to settle ties
    [[nodiscard]] bool before(const Rated& other) const {
      const bool earlier = plan.seconds < other.plan.seconds * (1 - noticeable);
      return earlier || (plan.seconds <= other.plan.seconds * (1 + noticeable) &&
                         work < other.work * (1 - noticeable));
    }
  };
  const TeamTimes& times_;
  std::vector<Sizes> useful_;
  std::vector<Rated> starts_;

  [[nodiscard]] double seconds(std::size_t i, std::uint32_t size) const {
    return times_[i][size - 1];
  }

  [[nodiscard]] Sizes longest_first(const Sizes& sizes) const {
    Sizes order(sizes.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return seconds(a, sizes[a]) > seconds(b, sizes[b]);
    });
    return order;
  }

  [[nodiscard]] Rated rate(const Sizes& sizes, const Sizes& order) const {
    Rated out{{sizes, order, list_schedule(times_, sizes, order)}, 0};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      out.work += sizes[i] * seconds(i, sizes[i]);
    }
    return out;
  }

  void try_durations() {
    std::vector<double> durations;
    double shortest = 0;  // the longest of the finalists' shortest
    for (std::size_t i = 0; i < times_.size(); ++i) {
      for (const std::uint32_t k : useful_[i]) {
        durations.push_back(seconds(i, k));
      }
      shortest = std::max(shortest, seconds(i, useful_[i].back()));
    }
    std::erase_if(durations, [&](double d) { return d < shortest; });
    std::sort(durations.begin(), durations.end());
    durations.erase(std::unique(durations.begin(), durations.end()), durations.end());
    const std::size_t stride = 1 + durations.size() / most_durations;
    for (std::size_t d = 0; d < durations.size(); d += stride) {
      Sizes sizes;
      for (std::size_t i = 0; i < times_.size(); ++i) {
        sizes.push_back(*std::find_if(useful_[i].begin(), useful_[i].end(), [&](std::uint32_t k) {
          return seconds(i, k) <= durations[d];
        }));
      }
      if (starts_.empty() || sizes != starts_.back().plan.sizes) {
        starts_.push_back(rate(sizes, longest_first(sizes)));
      }
    }
  }

  // Another size for one finalist, or for two; one finalist earlier. As long as that helps.
  [[nodiscard]] Rated improved(const Rated& start) const {
    Rated best = start;
    std::size_t tried = 0;
    const auto consider = [&](const Sizes& sizes, const Sizes& order) {
      ++tried;
      const Rated other = rate(sizes, order);
      best = other.before(best) ? other : best;
    };
    for (double before = 0; before != best.plan.seconds && tried < most_schedules;) {
      before = best.plan.seconds;
      const TeamPlan from = best.plan;
      for (std::size_t i = 0; i < from.sizes.size() && tried < most_schedules; ++i) {
        for (const std::uint32_t k : useful_[i]) {
          Sizes sizes = from.sizes;
          sizes[i] = k;
          consider(sizes, longest_first(sizes));
          consider(sizes, from.order);
          for (std::size_t j = 0; j < i && tried < most_schedules; ++j) {
            for (const std::uint32_t other : neighbours(j, from.sizes[j])) {
              Sizes both = sizes;
              both[j] = other;
              consider(both, longest_first(both));
            }
          }
        }
        for (std::size_t j = 0; j < i; ++j) {
          Sizes order = from.order;
          std::rotate(order.begin() + static_cast<long>(j), order.begin() + static_cast<long>(i),
                      order.begin() + static_cast<long>(i) + 1);
          consider(from.sizes, order);
        }
      }
    }
    return best;
  }

  // The next useful sizes below and above.
  [[nodiscard]] Sizes neighbours(std::size_t i, std::uint32_t size) const {
    const auto at = std::find(useful_[i].begin(), useful_[i].end(), size);
    Sizes out;
    if (at != useful_[i].begin()) {
      out.push_back(*(at - 1));
    }
    if (at != useful_[i].end() && at + 1 != useful_[i].end()) {
      out.push_back(*(at + 1));
    }
    return out;
  }
};

}  // namespace

double list_schedule(const TeamTimes& times, const Sizes& sizes, const Sizes& order) {
  TWOSTEP_REQUIRE(order.size() == sizes.size() && sizes.size() == times.size());
  if (times.empty()) {
    return 0;
  }
  auto idle = static_cast<std::uint32_t>(times.front().size());
  std::vector<std::uint32_t> waiting = order;
  std::vector<std::pair<double, std::uint32_t>> running;  // end, ranks; a heap, soonest on top
  const auto later = [](const auto& a, const auto& b) { return a > b; };
  double now = 0;
  for (;;) {
    std::erase_if(waiting, [&](std::uint32_t i) {
      if (idle == 0 || sizes[i] > idle) {
        return false;
      }
      idle -= sizes[i];
      running.emplace_back(now + times[i][sizes[i] - 1], sizes[i]);
      std::push_heap(running.begin(), running.end(), later);
      return true;
    });
    if (running.empty()) {
      TWOSTEP_REQUIRE(waiting.empty());
      return now;
    }
    std::pop_heap(running.begin(), running.end(), later);
    now = running.back().first;
    idle += running.back().second;
    running.pop_back();
  }
}

TeamPlan plan_earliest(const TeamTimes& times) {
  return times.empty() ? TeamPlan{} : Planner(times).plan();
}

}  // namespace twostep
