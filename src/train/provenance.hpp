// The JSON text that a model file carries, so that in a year one knows where it came from.
#pragma once

#include <string>

#include "twostep/train/mlp_trainer.hpp"

namespace twostep {

[[nodiscard]] std::string provenance(const TrainerContext& context, const Assignment& assignment,
                                     const Result& result);

}  // namespace twostep
