// The decisions of `twostep launch`, without the processes: which command starts the job, whom to
// leave out of it, and what to do when it has ended.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/run_outcome.hpp"

namespace twostep {

enum class LauncherKind { open_mpi, srun, other };

struct LaunchOptions {
  std::vector<std::string> launcher;  // "mpirun", "-n", "33"; empty: what there is
  std::vector<std::string> run;       // "study.yaml" and the options of `twostep run`
  int restarts = 20;
  bool recovery = true;  // let mpirun of Open MPI 4 keep the job when a rank dies
  bool help = false;
};

// The words after "launch"; Error{usage}.
[[nodiscard]] LaunchOptions parse_launch(const std::vector<std::string>& words);
[[nodiscard]] std::string launch_help();

struct Launcher {
  LauncherKind kind = LauncherKind::other;
  bool recovery = false;
  std::vector<std::string> words;
};
// version: what `mpirun --version` prints.
[[nodiscard]] Launcher recognise(const std::vector<std::string>& words, const std::string& version,
                                 bool recovery);

struct Node {
  std::string name;
  int slots = 1;
};
// Of a hostfile, of `--host a:2,b`, of "2(x3),1" tasks on the nodes of an allocation.
[[nodiscard]] std::vector<Node> parse_hostfile(const std::string& text);
[[nodiscard]] std::vector<Node> parse_host_list(const std::string& text);
[[nodiscard]] std::vector<int> parse_tasks_per_node(const std::string& text);
// What the words say about hosts: {option's index, its value's index}, or nullopt.
struct WordAt {
  std::size_t first = 0;  // index of the option
  std::size_t words = 0;  // 2, or 1 for --option=value
  std::string value;
};
[[nodiscard]] std::optional<WordAt> find_option(const std::vector<std::string>& words,
                                                const std::vector<std::string>& names);

// The command's words for the job on the nodes that are left of `all`; the words as they are if
// nothing is left out or nothing is known about the nodes. At least one node stays.
[[nodiscard]] std::vector<std::string> launcher_words(const Launcher& launcher,
                                                      const std::vector<Node>& all,
                                                      const std::vector<std::string>& left_out);

// Nodes on which ranks died; those where it happened twice are left out.
class NodeRecord {
 public:
  void failed(const std::string& node);
  // At most half of them.
  [[nodiscard]] std::vector<std::string> left_out(const std::vector<Node>& all) const;

 private:
  std::map<std::string, int> failures_;
};

struct JobEnd {
  std::optional<RunOutcome> outcome;
  int status = 0;       // of the launcher
  bool asked = false;   // it was asked to stop
  bool forced = false;  // its launcher had to be killed
};
struct NextStep {
  bool restart = false;
  bool never_began = false;  // rank 0 did not come as far as the study
  int code = 0;              // if not restarted
  std::string why;
};
[[nodiscard]] NextStep decide(const JobEnd& end);

}  // namespace twostep
