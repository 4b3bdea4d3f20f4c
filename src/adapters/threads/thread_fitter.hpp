// Fits on a thread of this process, which makes no call of MPI.
#pragma once

#include <memory>

#include "twostep/search/fitter.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Fitter> make_thread_fitter(Proposer proposer);

}  // namespace twostep
