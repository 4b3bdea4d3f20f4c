// How long to train: a number of epochs or of optimiser steps. An epoch of a subset and one of all
// the data are not the same work, hence the second unit.
#pragma once

#include <cstdint>

namespace twostep {

enum class BudgetUnit { epochs, steps };

struct Budget {
  BudgetUnit unit = BudgetUnit::epochs;
  std::uint64_t amount = 0;
  // Stop after this many validations without improvement; 0: never. Validation comes after every
  // epoch, or every `validate_every` optimiser steps when the unit is steps (0: once per epoch's
  // worth of steps).
  std::uint32_t patience = 0;
  std::uint64_t validate_every = 0;
  friend bool operator==(const Budget&, const Budget&) = default;
};

}  // namespace twostep
