// The benchmarks of twostep-bench; each prints its figures and returns an exit code.
#pragma once

#include <string>

namespace twostep::bench {

// peer_file: what peers/pytorch_step.py printed, or "".
int step_bench(const std::string& peer_file);
// Under MPI: trials that do nothing, with the journal in `folder`.
int dispatch_bench(int& argc, char**& argv, const std::string& folder, unsigned trials);
// Reads back a journal of `trials` trials in `folder`.
int resume_bench(const std::string& folder, unsigned trials);

}  // namespace twostep::bench
