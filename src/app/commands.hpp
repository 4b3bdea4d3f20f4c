// One function per verb of the program. Each returns the exit code and throws Error for what goes
// wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/deadline.hpp"

namespace twostep {

struct RunOptions {
  std::string study_file;
  bool fresh = false;      // start over; refused while the study directory holds a study, unless
  bool overwrite = false;  // the old one may be removed
  bool quiet = false;      // no progress
  DeadlineOptions deadline;
  double lost_after = 120;   // seconds of silence after which a rank counts as lost
  std::string data_root;     // where relative paths of data files begin, per host
  std::string outcome_file;  // where the outcome is written beside the study directory
};

struct PredictOptions {
  std::string model_file;
  std::vector<std::string> data_files;
  std::string output_file;
  bool overwrite = false;
};

struct SlurmOptions {
  std::string study_file;
  std::uint32_t nodes = 0;  // 0: as many as the study needs to end within one job
  std::uint32_t cores = 16;
  std::string time;
  std::string account;
  std::string partition;
};

struct SuggestOptions {
  std::string study_file;
  std::string history;  // folder that keeps what was asked and told; empty: nothing is kept
};

int check_command(const std::string& study_file);
int run_command(const RunOptions& options, int& argc, char**& argv);
int slurm_command(const SlurmOptions& options);  // prints a batch script
// The words after "launch".
int launch_command(const std::vector<std::string>& arguments);
// `given`: a study directory or a study file.
int status_command(const std::string& given);
int report_command(const std::string& given, const std::string& format);
int journal_command(const std::string& given);
int suggest_command(const SuggestOptions& options);  // requests on stdin, answers on stdout
int schema_command(const std::string& format);
int predict_command(const PredictOptions& options);

// Version, build, library versions and instruction set; several lines.
std::string version_text();
// The same in one line, for the journal and model files.
std::string build_text();

}  // namespace twostep
