// One function per verb of the program. Each returns the exit code and throws Error for what goes
// wrong.
#pragma once

#include <string>
#include <vector>

namespace twostep {

struct RunOptions {
  std::string study_file;
  bool fresh = false;      // start over; refused while the study directory holds a study, unless
  bool overwrite = false;  // the old one may be removed
  bool quiet = false;      // no progress
};

struct PredictOptions {
  std::string model_file;
  std::vector<std::string> data_files;
  std::string output_file;
  bool overwrite = false;
};

int check_command(const std::string& study_file);
int run_command(const RunOptions& options, int& argc, char**& argv);
int status_command(const std::string& directory);
int report_command(const std::string& directory, const std::string& format);
int journal_command(const std::string& directory);
int schema_command(const std::string& format);
int predict_command(const PredictOptions& options);

// Version, build, library versions and instruction set; several lines.
std::string version_text();
// The same in one line, for the journal and model files.
std::string build_text();

}  // namespace twostep
