// Learning-rate schedules. They are defined over the whole budget in optimiser steps, so that they
// mean the same on a subset and on all the data.
#pragma once

#include <cstdint>

#include "twostep/study/hyperparameters.hpp"

namespace twostep {

// Learning rate of optimiser step `step` (from 0) of `total`: a linear warm-up, then over the rest
// of the budget, with u in [0, 1) the part of it that is done:
//   constant, reduce_on_plateau   1 (the latter's drops are the caller's: they depend on
//   validation) cosine                        (1 + cos(pi u)) / 2   (Loshchilov and Hutter 2017,
//   without restarts) linear                        1 - u step factor^floor(u (count + 1))
//   exponential                   factor^u
//   one_cycle                     cosine from 1/25 up to 1 at u = 0.3, then down to 1/250000 (Smith
//   and
//                                 Topin 2019, with fastai's constants)
//   cyclic                        triangles between factor and 1, `count` of them (Smith 2017)
[[nodiscard]] double learning_rate_at(const TrainingSettings& settings, std::uint64_t step,
                                      std::uint64_t total);

}  // namespace twostep
