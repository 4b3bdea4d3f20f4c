#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "adapters/posix/child.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/commands.hpp"
#include "app/deadline.hpp"
#include "app/launch_plan.hpp"
#include "app/launcher_messages.hpp"
#include "app/places.hpp"
#include "app/study_setup.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr Duration child_look_every = std::chrono::milliseconds(50);
// Ranks say goodbye for up to 5 s after rank 0 has told its outcome.
constexpr Duration end_patience = std::chrono::seconds(8);
constexpr Duration term_patience = std::chrono::seconds(3);
// mpirun without recovery ends a job that lost rank 0 within 3 s.
constexpr Duration dead_patience = std::chrono::seconds(4);
constexpr Duration start_patience = std::chrono::seconds(300);
constexpr Duration same_signal = std::chrono::seconds(1);
constexpr Duration restart_pause = std::chrono::seconds(1);
constexpr Duration too_late = std::chrono::seconds(20);
constexpr int most_false_starts = 3;  // in a row

void say(const std::string& text) {
  std::fprintf(stderr, "twostep launch: %s\n", text.c_str());
}

std::vector<std::string> default_launcher() {
  if (environment("SLURM_JOB_ID") && output_of({"srun", "--version"})) {
    return {"srun", "--mpi=" + environment("TWOSTEP_SRUN_MPI").value_or("pmix")};
  }
  return {"mpirun"};
}

std::vector<Node> known_nodes(const Launcher& launcher) {
  if (launcher.kind == LauncherKind::open_mpi) {
    if (const auto file = find_option(
            launcher.words, {"--hostfile", "-hostfile", "--machinefile", "-machinefile"})) {
      return parse_hostfile(read_file(file->value).value_or(""));
    }
    if (const auto list = find_option(launcher.words, {"--host", "-host", "-H"})) {
      return parse_host_list(list->value);
    }
  }
  const auto list = environment("SLURM_JOB_NODELIST");
  if (!list || launcher.kind == LauncherKind::other) {
    return {};
  }
  const auto tasks = parse_tasks_per_node(environment("SLURM_TASKS_PER_NODE").value_or("1"));
  std::vector<Node> out;
  for (Node& node :
       parse_hostfile(output_of({"scontrol", "show", "hostnames", *list}).value_or(""))) {
    node.slots = out.size() < tasks.size() ? tasks[out.size()] : tasks.back();
    out.push_back(node);
  }
  return out;
}

// The options of `run` with the time limit as a moment, so that a second start knows what is left.
std::vector<std::string> with_deadline(const std::vector<std::string>& run,
                                       std::optional<WallTime>& deadline) {
  DeadlineOptions options;
  std::vector<std::string> out{"run"};
  out.insert(out.end(), run.begin(), run.end());
  for (const auto& [name, value] :
       {std::pair("--deadline", &options.deadline), std::pair("--walltime", &options.walltime)}) {
    if (const auto found = find_option(out, {name})) {
      *value = found->value;
      const auto at = out.begin() + static_cast<long>(found->first);
      out.erase(at, at + static_cast<long>(found->words));
    }
  }
  const bool told = !options.deadline.empty() || !options.walltime.empty();
  auto job = environment("SLURM_JOB_ID");
  const auto array = environment("SLURM_ARRAY_JOB_ID");
  const auto task = environment("SLURM_ARRAY_TASK_ID");
  if (array && task) {
    job = *array + "_" + *task;  // the number of the array's last one stands for all of them
  }
  if (!told && job && !environment("SLURM_JOB_END_TIME")) {
    std::string end = output_of({"squeue", "-h", "-j", *job, "-o", "%e"}).value_or("");
    end.erase(end.find_last_not_of(" \n") + 1);
    options.deadline = parse_moment(end) ? end : "";
  }
  PosixClock clock;
  if (const auto lsf = environment("LSB_JOBID"); lsf && !told && options.deadline.empty()) {
    const std::string index = environment("LSB_JOBINDEX").value_or("0");
    const std::string name = index == "0" ? *lsf : *lsf + "[" + index + "]";
    const auto left =
        parse_time_left(output_of({"bjobs", "-noheader", "-o", "time_left", name}).value_or(""));
    options.walltime = left ? std::to_string(*left) + "s" : "";
  }
  deadline = find_deadline(options, clock.wall(), environment);
  if (deadline) {
    out.push_back("--deadline");
    out.push_back(
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*deadline).count()));
  }
  return out;
}

// One job, from its start until nothing of it is left on this machine.
class Job {
 public:
  Job(const std::vector<std::string>& command, std::string outcome_file)
      : child_(command), outcome_file_(std::move(outcome_file)), begun_(clock_.now()) {}

  JobEnd wait() {
    JobEnd end;
    while (!child_.ended()) {
      wait_for(child_look_every);
      heard_ += child_.relay();
      pass_signals();
      watch();
    }
    heard_ += child_.relay();
    end.status = *child_.ended();
    kill_descendants();
    end.outcome = parse_outcome(read_file(outcome_file_).value_or(""));
    end.asked = told_;
    end.forced = doomed_;
    return end;
  }
  [[nodiscard]] const std::string& heard() const { return heard_; }

 private:
  PosixClock clock_;
  Child child_;
  std::string outcome_file_;
  Time begun_;
  std::string heard_;
  bool told_ = false;
  int terms_ = 0;
  Time told_at_{};
  Time next_look_{};
  std::optional<Time> over_since_;  // the outcome is known, or will never be
  bool doomed_ = false;
  bool killed_ = false;
  std::optional<Time> rank_zero_missed_;

  // mpirun kills its ranks a second after a SIGTERM of its own: the first becomes a SIGUSR1.
  void pass_signals() {
    const Time now = clock_.now();
    if (const auto signal = stop_signal(); signal && !told_) {
      told_ = true;
      told_at_ = now;
      terms_ = terms_noted();
      child_.signal(SIGUSR1);
    } else if (told_ && terms_noted() > terms_) {
      terms_ = terms_noted();
      if (now - told_at_ >= same_signal) {
        child_.signal(SIGTERM);
      }
    }
  }

  // A launcher may wait for ever for ranks that are gone.
  void watch() {
    const Time now = clock_.now();
    if (now < next_look_) {
      return;
    }
    next_look_ = now + 4 * child_look_every;
    const auto word = parse_outcome(read_file(outcome_file_).value_or(""));
    if (!over_since_) {
      if (word && !word->running) {
        // Members of a broken team wait for each other for ever.
        over_since_ = now + (word->restart ? Duration{0} : end_patience);
      } else if (rank_zero_died(word, now) ||
                 (!(word && word->opened) && now - begun_ > start_patience)) {
        doomed_ = true;
        over_since_ = now;
      }
      return;
    }
    if (now >= *over_since_ + term_patience && !killed_) {
      killed_ = true;
      child_.signal_group(SIGKILL);
    } else if (now >= *over_since_) {
      child_.signal(SIGTERM);
    }
  }

  bool rank_zero_died(const std::optional<RunOutcome>& word, Time now) {
    const Place self = own_place();
    if (!word || !word->running || word->host != self.host || word->pid_space != self.pid_space ||
        word->pid_space.empty() || process_lives(word->pid)) {
      rank_zero_missed_.reset();
      return false;
    }
    if (!rank_zero_missed_) {
      rank_zero_missed_ = now;
    }
    return now - *rank_zero_missed_ >= dead_patience;
  }
};

void note_failures(NodeRecord& record, const JobEnd& end, const std::string& heard) {
  if (end.outcome && !end.outcome->lost_hosts.empty()) {
    for (const std::string& host : end.outcome->lost_hosts) {
      record.failed(host);
    }
  } else {
    record.failed(blamed_node(heard));
  }
}

}  // namespace

int launch_command(const std::vector<std::string>& arguments) {
  note_stop_signals();
  const LaunchOptions options = parse_launch(arguments);
  if (options.help) {
    std::cout << launch_help();
    return 0;
  }
  const auto file = std::find_if(options.run.begin(), options.run.end(),
                                 [](const std::string& word) { return !word.starts_with("-"); });
  if (file == options.run.end()) {
    throw Error(ErrorKind::usage, Problem{"twostep launch", "missing argument: study", "",
                                          "twostep launch mpirun -n 33 -- run study.yaml"});
  }
  const std::string directory = load_spec(*file).directory;
  make_posix_files(directory)->make_folder("");
  const std::string outcome_file =
      directory + "/.launch-" + host_name() + "-" + std::to_string(own_pid()) + ".json";

  const auto words = options.launcher.empty() ? default_launcher() : options.launcher;
  const Launcher launcher =
      recognise(words, output_of({words.front(), "--version"}).value_or(""), options.recovery);
  std::optional<WallTime> deadline;
  const auto run = with_deadline(options.run, deadline);
  adopt_orphans();

  NodeRecord record;
  PosixClock clock;
  int false_starts = 0;
  for (int restarts = 0;; ++restarts) {
    const auto nodes = known_nodes(launcher);
    const auto left_out = record.left_out(nodes);
    for (const std::string& node : left_out) {
      say("without " + node + ", where ranks died twice");
    }
    std::vector<std::string> command = launcher_words(launcher, nodes, left_out);
    command.push_back(own_program());
    command.insert(command.end(), run.begin(), run.end());
    command.insert(command.end(), {"--outcome", outcome_file});
    Job job(command, outcome_file);
    const JobEnd end = job.wait();
    std::error_code ignored;
    std::filesystem::remove(outcome_file, ignored);
    NextStep next = decide(end);
    false_starts = next.never_began ? false_starts + 1 : 0;
    if (!next.restart) {
      std::filesystem::remove(directory, ignored);  // only if nothing is in it
      return next.code;
    }
    if (next.never_began && restarts == 0) {
      if (const auto problem = refusal(words.front(), end.status, job.heard())) {
        std::filesystem::remove(directory, ignored);
        throw Error(ErrorKind::usage, *problem);
      }
    }
    note_failures(record, end, job.heard());
    if (stop_signal()) {
      return resume_exit_code;
    }
    if (false_starts == most_false_starts || restarts == options.restarts) {
      say(next.why + "; given up after " + std::to_string(restarts + 1) + " starts");
      return next.never_began ? exit_code(ErrorKind::resources) : exit_code(ErrorKind::internal);
    }
    if (deadline && *deadline - clock.wall() < too_late) {
      say(next.why + "; too little time is left to start again");
      return resume_exit_code;
    }
    say(next.why + "; starting again (" + std::to_string(restarts + 1) + " of " +
        std::to_string(options.restarts) + ")");
    wait_for(restart_pause);
  }
}

}  // namespace twostep
