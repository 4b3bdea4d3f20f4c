// The benchmarks of twostep-bench; each prints its figures and returns an exit code.
#pragma once

#include <string>

namespace twostep::bench {

int step_bench();
// Under MPI: trials that do nothing, with the journal in `folder`.
int dispatch_bench(int& argc, char**& argv, const std::string& folder, unsigned trials);
// Reads back a journal of `trials` trials in `folder`.
int resume_bench(const std::string& folder, unsigned trials);

}  // namespace twostep::bench
