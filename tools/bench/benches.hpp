// The benchmarks of twostep-bench; each prints its figures and returns an exit code.
#pragma once

#include <string>

namespace twostep::bench {

// peer_file: what peers/pytorch_step.py printed, or "".
int step_bench(const std::string& peer_file);
// What a trial costs beside its steps: set-up and validations.
int trial_bench();
// Under MPI: steps of a team of all ranks against steps of one, all-reduces over sizes, and what
// the model that is fitted to them predicts for more ranks.
int scaling_bench(int& argc, char**& argv);
// Under MPI: trials that do nothing, with the journal in `folder`.
int dispatch_bench(int& argc, char**& argv, const std::string& folder, unsigned trials);
// Reads back a journal of `trials` trials in `folder`.
int resume_bench(const std::string& folder, unsigned trials);
// Extracts a study's subset, or (where that is done) all its rows; prints seconds, bytes and MB at
// most. rows_file: where to list the subset's rows for others to read, or "".
int read_bench(const std::string& study_file, bool full, const std::string& rows_file);

}  // namespace twostep::bench
