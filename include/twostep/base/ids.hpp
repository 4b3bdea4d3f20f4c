// Strong integer identifiers: a TrialId is no WorkerId. Ordered, so that ties can be broken by id.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace twostep {

template <class Tag, class Rep = std::uint32_t>
struct Id {
  Rep value{};
  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  friend constexpr auto operator<=>(Id, Id) = default;
};

using TrialId = Id<struct TrialTag>;    // 1, 2, ... in order of creation
using WorkerId = Id<struct WorkerTag>;  // the rank that trains (0 only when alone)
using RunId = Id<struct RunTag>;        // 1, 2, ...: one per start of the program
using AssignmentId = Id<struct AssignmentTag, std::uint64_t>;  // 1, 2, ... over the whole study

}  // namespace twostep

template <class Tag, class Rep>
struct std::hash<twostep::Id<Tag, Rep>> {
  std::size_t operator()(twostep::Id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
