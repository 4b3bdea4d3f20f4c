#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "app/commands.hpp"
#include "app/deadline.hpp"
#include "app/run_sbatch.hpp"
#include "app/study_setup.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/cost_model.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t sampled_for_times = 200;
constexpr std::uint32_t most_nodes = 1024;
// Of the time of a job: starting, extraction, waiting for the last trainings.
constexpr double useful_share = 0.85;

struct Estimate {
  double search = 0;   // core seconds
  double retrain = 0;  // core seconds
  double longest = 0;  // seconds of the longest training on one core
};

Estimate estimate(const StudySetup& s) {
  Estimate out;
  const CostModel model;
  for (const Hyperparameters& h : sample_trainings(s, sampled_for_times)) {
    const auto parameters =
        static_cast<double>(parameter_count(h.model, s.plan.inputs(), s.plan.targets()));
    const auto seconds = [&](double rows, double validation, const Budget& budget) {
      return model.typical_seconds(
          training_work(parameters, h.training.batch_size, rows, validation, budget));
    };
    const double trial =
        seconds(static_cast<double>(s.plan.subset_rows),
                static_cast<double>(s.plan.subset_validation_rows), s.spec.search.budget);
    const double retraining =
        seconds(static_cast<double>(s.plan.split_rows[0]),
                static_cast<double>(s.plan.split_rows[1]), s.spec.retraining.budget);
    out.search += trial / sampled_for_times * s.spec.search.trials;
    out.retrain += retraining / sampled_for_times * s.spec.promotion.finalists;
    out.longest = std::max(out.longest, trial);
  }
  return out;
}

std::string hours(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 360 ? "%.3f h" : "%.1f h", seconds / 3600);
  return text;
}

void refuse(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::usage, Problem{"twostep slurm", what, "", hint});
}

// One line of a batch script: nothing in it may end it or mean something to a shell.
void check_word(const std::string& name, const std::string& text) {
  const auto good = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string("._-,:+@%/=").find(c) != std::string::npos;
  };
  if (!std::all_of(text.begin(), text.end(), good)) {
    refuse(name + " may not contain spaces or signs of the shell: " + text, "");
  }
}

// Of a comment, which a line break would end.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return text;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

}  // namespace

int slurm_command(const SlurmOptions& o) {
  const StudySetup s = load_study(o.study_file);
  const auto limit = parse_duration(o.time, 60);
  if (!limit || *limit < 60) {
    refuse("--time is not a time limit of Slurm: " + o.time, "2:00:00, 1-12:00:00, or minutes");
  }
  for (const auto& [name, text] : {std::pair("--time", o.time), std::pair("--account", o.account),
                                   std::pair("--partition", o.partition)}) {
    check_word(name, text);
  }
  if (s.spec.directory.find('\n') != std::string::npos ||
      o.study_file.find('\n') != std::string::npos) {
    refuse("line breaks in paths", "");
  }
  if (s.spec.runs_command() && o.nodes == 0) {
    refuse("nothing is known of how long " + s.spec.trainer.command.front() + " takes",
           "give the number of nodes, for example --nodes 4");
  }
  const Estimate e = s.spec.runs_command() ? Estimate{} : estimate(s);
  const double work = e.search + e.retrain;
  std::uint32_t nodes = o.nodes;
  if (nodes == 0) {
    const double wanted = work / (*limit * useful_share * o.cores);
    nodes = static_cast<std::uint32_t>(std::clamp(std::ceil(wanted), 1.0, double{most_nodes}));
  }
  const std::uint32_t threads = s.spec.threads;
  const std::uint32_t ranks = std::max(1U, o.cores / threads);  // of a node
  const double workers = static_cast<double>(nodes) * ranks - 1;
  if (workers < 1) {
    refuse("one rank coordinates, so at least two are needed", "--nodes 2, or --cores 2");
  }
  const double busy = std::min(workers, static_cast<double>(s.spec.search.trials));
  const double span = std::max(e.search / busy, e.longest) + e.retrain / workers;
  const double jobs = std::max(1.0, std::ceil(span / (*limit * useful_share)));

  std::string name = "twostep";
  for (const char c : s.spec.name) {
    name += name == "twostep" ? "-" : "";
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  }
  std::printf("#!/bin/bash\n# %s: written by `twostep slurm`; submit it with sbatch.\n",
              name.c_str());
  if (s.spec.runs_command()) {
    std::printf(
        "# Nothing is known of how long %s takes; the job is requeued until the study is "
        "finished.\n",
        one_line(s.spec.trainer.command.front()).c_str());
  } else {
    std::printf(
        "# Step 1 %s, step 2 %s of one core (a guess before anything has run: 20 GFLOP/s).\n",
        hours(e.search).c_str(), hours(e.retrain).c_str());
    std::printf("# On %u nodes of %u cores about %s: %.0f job%s of this length.\n", nodes, o.cores,
                hours(span).c_str(), jobs, jobs > 1 ? "s, each requeued by the one before" : "");
  }
  if (workers > s.spec.search.trials) {
    std::printf("# More ranks than trials (%u): fewer nodes would do for step 1.\n",
                s.spec.search.trials);
  }
  if (!o.account.empty()) {
    std::printf("#SBATCH --account=%s\n", o.account.c_str());
  }
  if (!o.partition.empty()) {
    std::printf("#SBATCH --partition=%s\n", o.partition.c_str());
  }
  const long warning = std::lround(std::clamp(*limit / 20, 10.0, 120.0));
  std::printf(
      "#SBATCH --job-name=%s\n#SBATCH --nodes=%u\n#SBATCH --ntasks-per-node=%u\n"
      "#SBATCH --cpus-per-task=%u\n#SBATCH --time=%s\n#SBATCH --requeue\n"
      "#SBATCH --open-mode=append\n#SBATCH --signal=B:USR1@%ld\n\nTWOSTEP_STUDY=%s\n",
      name.c_str(), nodes, ranks, threads, o.time.c_str(), warning, quoted(o.study_file).c_str());
  const std::string script = run_sbatch;
  const std::string mark = "# ---- nothing below needs editing ----\n";
  std::cout << std::flush << script.substr(script.find(mark) + mark.size()) << std::flush;
  return 0;
}

}  // namespace twostep
