// Agreement on errors among the members of a team. A member that alone hits an unreadable file must
// not leave the others waiting in a collective: each runs its part, then all learn whether anybody
// failed, and all throw the same error.
#pragma once

#include <functional>

#include "twostep/ports/group.hpp"

namespace twostep {

// Collective. Runs `work`, which must make no collective call. If any member's work throws Error or
// std::bad_alloc, every member throws the error of the lowest such rank.
void agree(Group& group, const std::function<void()>& work);

}  // namespace twostep
