// What each early-stopping rule should say, from its definition: everything is computed anew from
// the whole history, as slowly and as plainly as can be.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "twostep/study/early_stopping.hpp"
#include "twostep/study/result.hpp"

namespace twostep::test {

struct RuleSettings {
  StoppingRule rule = StoppingRule::asha;
  std::size_t rungs = 3;
  std::uint32_t eta = 3;
  std::uint32_t brackets = 0;
  std::size_t startup = 5;
  double percentile = 25;
  std::size_t top_k = 3;
};

// A trial has come to a rung below the last, or has ended.
struct Fact {
  enum class Kind { reached, ended } kind;
  std::uint32_t trial;
  std::size_t rung;  // ended: the rungs passed
  Result result;
};

struct Known {
  std::vector<Fact> facts;
  std::map<std::uint32_t, std::size_t> paused;  // trial -> the fact of its arrival
  std::uint32_t created = 0;
  bool all_created = false;
};

struct Says {
  std::vector<std::uint32_t> go_on;     // the rule names one of them
  std::vector<std::uint32_t> given_up;  // ascending
};

inline double known_value(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

using Place = std::pair<double, std::uint32_t>;

// Who has come to the rung up to the fact `until`, also by having finished before it.
inline std::vector<Place> came_to(const Known& k, std::size_t rung, std::size_t until) {
  std::vector<Place> out;
  for (std::size_t i = 0; i <= until && i < k.facts.size(); ++i) {
    const Fact& f = k.facts[i];
    const bool there = f.kind == Fact::Kind::reached
                           ? f.rung == rung
                           : f.result.outcome == Outcome::finished && f.rung <= rung;
    if (there) {
      out.emplace_back(known_value(f.result.objective), f.trial);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

inline std::size_t rank_of(const std::vector<Place>& places, std::uint32_t trial) {
  std::size_t rank = 0;
  while (places[rank].second != trial) {
    ++rank;
  }
  return rank;
}

inline double quantile(std::vector<double> v, double percent) {
  std::sort(v.begin(), v.end());
  const double at = percent / 100 * static_cast<double>(v.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(low);
  return part > 0 && v[low] != v[low + 1] ? v[low] + part * (v[low + 1] - v[low]) : v[low];
}

inline double average(const std::vector<double>& curve, std::size_t length) {
  double sum = 0;
  for (std::size_t i = 0; i < length; ++i) {
    sum += curve[i];
  }
  return sum / static_cast<double>(length);
}

// Whether the trial that came by this fact goes on: median and percentile.
inline bool keeps_up(const RuleSettings& s, const Known& k, std::size_t arrival) {
  const Fact& f = k.facts[arrival];
  std::vector<double> others;
  std::size_t whole = 0;
  for (std::size_t i = 0; i < arrival; ++i) {
    if (k.facts[i].kind != Fact::Kind::ended || k.facts[i].result.outcome != Outcome::finished) {
      continue;
    }
    ++whole;
    for (std::size_t j = 0; j < i; ++j) {
      const Fact& g = k.facts[j];
      if (g.kind == Fact::Kind::reached && g.trial == k.facts[i].trial && g.rung == f.rung) {
        const std::vector<double>& c = g.result.curve;
        const double value = s.rule == StoppingRule::median ? average(c, c.size()) : c.back();
        if (!std::isnan(value)) {
          others.push_back(value);
        }
      }
    }
  }
  return whole == 0 || whole < s.startup || others.empty() ||
         known_value(f.result.objective) <=
             quantile(others, s.rule == StoppingRule::median ? 50 : s.percentile);
}

// First rung, first trial and planned size of the trial's bracket.
struct BracketOf {
  std::size_t first;
  std::uint32_t begin;
  std::uint32_t size;
};
inline BracketOf bracket_of(const RuleSettings& s, std::uint32_t trial) {
  const std::size_t kinds = s.brackets == 0 ? s.rungs : std::min<std::size_t>(s.brackets, s.rungs);
  std::uint32_t begin = 1;
  for (std::size_t i = 0;; i = (i + 1) % kinds) {
    const auto power = static_cast<double>(s.rungs - 1 - i);
    const double n = std::ceil(static_cast<double>(s.rungs) / (power + 1) *
                                   std::pow(static_cast<double>(s.eta), power) -
                               1e-9);
    const auto size = static_cast<std::uint32_t>(n);
    if (trial < begin + size) {
      return {i, begin, size};
    }
    begin += size;
  }
}

// The trial's part in a bracket whose trials have all come to its rung, or ended: the rank among
// them and how many go on; nullopt: somebody is still waited for.
inline std::optional<bool> survives(const RuleSettings& s, const Known& k, std::uint32_t trial,
                                    std::size_t rung) {
  const BracketOf b = bracket_of(s, trial);
  const std::uint32_t last = std::min(b.begin + b.size - 1, k.created);
  if (last < b.begin + b.size - 1 && !k.all_created) {
    return std::nullopt;
  }
  double share = std::pow(s.eta, static_cast<double>(rung - b.first));
  std::set<std::uint32_t> members;  // those that were to come to this rung
  for (std::uint32_t t = b.begin; t <= last; ++t) {
    members.insert(t);
  }
  std::vector<Place> places;
  for (std::size_t r = b.first; r <= rung; ++r) {
    places.clear();
    for (const std::uint32_t t : members) {
      bool known = false;
      for (const Fact& f : k.facts) {
        if (f.trial != t) {
          continue;
        }
        if (f.kind == Fact::Kind::reached && f.rung == r) {
          places.emplace_back(known_value(f.result.objective), t);
          known = true;
        } else if (f.kind == Fact::Kind::ended && f.rung <= r) {
          if (f.result.outcome == Outcome::finished) {
            places.emplace_back(known_value(f.result.objective), t);
          }
          known = true;
        }
      }
      if (!known) {
        return std::nullopt;
      }
    }
    std::sort(places.begin(), places.end());
    share = std::pow(s.eta, static_cast<double>(r - b.first + 1));
    const auto kept =
        std::max<std::size_t>(1, static_cast<std::size_t>((last - b.begin + 1) / share + 1e-9));
    members.clear();
    for (std::size_t i = 0; i < kept && i < places.size(); ++i) {
      members.insert(places[i].second);
    }
  }
  return members.count(trial) > 0;
}

// Highest rung first, then the best: of those that pause among the best n / eta of their rung.
inline std::vector<std::uint32_t> promotable(const RuleSettings& s, const Known& k) {
  std::vector<std::uint32_t> out;
  for (std::size_t rung = s.rungs - 1; rung-- > 0;) {
    const std::vector<Place> places = came_to(k, rung, k.facts.size());
    for (std::size_t i = 0; i < places.size() / s.eta; ++i) {
      const auto at = k.paused.find(places[i].second);
      if (at != k.paused.end() && k.facts[at->second].rung == rung) {
        out.push_back(places[i].second);
      }
    }
  }
  return out;
}

inline Says expected(const RuleSettings& s, const Known& k) {
  Says out;
  if (s.rule == StoppingRule::asha_promotion || s.rule == StoppingRule::pasha) {
    out.go_on = promotable(s, k);
    return out;
  }
  std::vector<std::pair<std::size_t, std::uint32_t>> arrivals;  // of those that pause, in order
  for (const auto& [trial, fact] : k.paused) {
    arrivals.emplace_back(fact, trial);
  }
  std::sort(arrivals.begin(), arrivals.end());
  for (const auto& [fact, trial] : arrivals) {
    const std::size_t rung = k.facts[fact].rung;
    std::optional<bool> on;
    if (s.rule == StoppingRule::asha) {
      const std::vector<Place> places = came_to(k, rung, fact);
      on = rank_of(places, trial) < std::max<std::size_t>(1, places.size() / s.eta);
    } else if (s.rule == StoppingRule::hyperband) {
      on = survives(s, k, trial, rung);
    } else if (s.rule == StoppingRule::one_epoch) {
      std::set<std::uint32_t> known;
      for (const Fact& f : k.facts) {
        known.insert(f.trial);
      }
      if (k.all_created && known.size() == k.created) {
        on = rank_of(came_to(k, 0, k.facts.size()), trial) < s.top_k;
      }
    } else {
      on = keeps_up(s, k, fact);
    }
    if (on) {
      (*on ? out.go_on : out.given_up).push_back(trial);
    }
  }
  std::sort(out.given_up.begin(), out.given_up.end());
  return out;
}

}  // namespace twostep::test
