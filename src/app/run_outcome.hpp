// outcome.json: how a run ended, for launchers that cannot see rank 0's exit code or that get a
// wrong one (mpirun in recovery mode says 0 whatever happened). `run --outcome FILE` keeps a copy
// there, which says from the start who rank 0 is, so that its launcher notices when it is gone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "twostep/ports/files.hpp"

namespace twostep {

struct RunOutcome {
  bool running = false;
  // While it runs:
  std::string host;  // of rank 0
  std::string pid_space;
  long pid = 0;
  bool opened = false;  // all ranks have been heard of and the study is open
  // At its end:
  int code = 0;
  bool restart = false;  // it lost ranks: the same job would go on if it were started again
  std::string reason;
  std::vector<std::string> lost_hosts;  // of the ranks that were lost, one each
};

// Of this process, which is rank 0.
[[nodiscard]] RunOutcome running_outcome(bool opened);
[[nodiscard]] std::string to_json(const RunOutcome& outcome);
[[nodiscard]] std::optional<RunOutcome> parse_outcome(const std::string& text);

// Replaces a file anywhere; Error{io}.
void write_file(const std::string& path, const std::string& text);
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

}  // namespace twostep
