// Errors that a user or a machine causes: this run or this trial cannot go on. Each is one clear
// message of four parts (where, what, why, hint); one Error may carry many problems, since `twostep
// check` lists all mistakes at once. Adapters and readers throw it; it is caught at the trial
// boundary in the worker, where it becomes a failed Result, and in main, where it becomes a message
// and an exit code.
#pragma once

#include <exception>
#include <string>
#include <vector>

namespace twostep {

// The enumerators' order is part of the journal format (written by name) and of docs/operations.md
// (exit codes).
enum class ErrorKind {
  usage,      // command line                                   exit 2
  config,     // study file                                     exit 3
  data,       // data files or their contents                   exit 4
  study,      // study directory: held, of another study, corrupt   exit 5
  io,         // no space, no permission, failing file system   exit 6
  resources,  // too few ranks, too little memory               exit 7
  trial,  // numeric or training failure of one trial; as a study's end: too many failures   exit 8
  internal,  // anything else                                  exit 1
};

// Exit code for "stopped before the end, run me again to resume" (EX_TEMPFAIL of sysexits.h).
inline constexpr int resume_exit_code = 75;

struct Problem {
  std::string where;  // "study.yaml:12", "file.h5:/tair", or empty
  std::string what;   // the mistake, one line
  std::string why;    // may be empty
  std::string hint;   // what to do, may be empty

  // "where: what\n  why: ...\n  hint: ..." without the empty parts; no trailing newline.
  [[nodiscard]] std::string text() const;
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, Problem problem);
  Error(ErrorKind kind, std::vector<Problem> problems);  // requires at least one

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::vector<Problem>& problems() const noexcept { return problems_; }
  [[nodiscard]] const char* what() const noexcept override {
    return text_.c_str();
  }  // all problems' texts

 private:
  ErrorKind kind_;
  std::vector<Problem> problems_;
  std::string text_;
};

[[nodiscard]] int exit_code(ErrorKind kind) noexcept;
[[nodiscard]] const char* name(ErrorKind kind) noexcept;
[[nodiscard]] ErrorKind error_kind_from_name(
    const std::string& name) noexcept;  // internal if unknown

// The candidate with the smallest edit distance to `word`, or "" if none is near enough to be a
// misspelling.
[[nodiscard]] std::string nearest(const std::string& word,
                                  const std::vector<std::string>& candidates);

}  // namespace twostep
