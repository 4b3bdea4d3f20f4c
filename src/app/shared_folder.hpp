// Whether all hosts of a run see what they have to: the study directory, which must be one and the
// same, and the data files, which may be copies at other places (`--data-root`).
#pragma once

#include <string>
#include <vector>

#include "app/places.hpp"
#include "app/study_setup.hpp"

namespace twostep {

// Where relative paths of data files begin on this host, by `--data-root DIR` or
// `HOST=DIR,...,DIR`;
// "": in the working directory. Error{usage} for what cannot be read.
[[nodiscard]] std::string data_root(const std::string& option, const std::string& host);

// A file in the study directory that only this run can have written; its name is given to the
// others.
class SharedMark {
 public:
  explicit SharedMark(std::string directory);  // rank 0; Error{io}
  ~SharedMark();
  SharedMark(const SharedMark&) = delete;
  SharedMark& operator=(const SharedMark&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string directory_;
  std::string name_;
};

// What a worker misses: "", "study", "data PATH", or "program" and why it cannot be run.
[[nodiscard]] std::string missing_here(const StudySetup& setup, const std::string& mark);
// Error{study}, Error{data} or Error{config} with the hosts on which something is missing.
void check_all_see(const StudySetup& setup, const std::vector<Place>& places,
                   const std::vector<std::string>& missing);

}  // namespace twostep
