// How much memory one training takes on one rank, estimated before anything is allocated: memory
// that is promised and then not there ends the process, not the trial. The estimate counts what
// grows with the network and the batch; libraries and the mapped data are left out.
#pragma once

#include <cstdint>

#include "twostep/ports/engine.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep {

// share_rows: of each batch, on this rank. In bytes; the largest number if it has no other.
[[nodiscard]] std::uint64_t training_bytes(const NetworkShape& shape, OptimizerKind optimizer,
                                           std::uint64_t share_rows);

// Error{resources}, with the figures, if more is needed than there is. 0 available: not known.
void require_memory(std::uint64_t needed, std::uint64_t available);

}  // namespace twostep
