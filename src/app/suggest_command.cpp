#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include "adapters/posix/posix_files.hpp"
#include "adapters/posix/study_lock.hpp"
#include "app/commands.hpp"
#include "app/study_setup.hpp"
#include "app/suggest_session.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
namespace {

// The facts of the sessions before this one, and of this one, in a folder. The first line holds the
// study, so that no other is taken for it. A session that adds to it writes a file of its own,
// which begins with all that was there; the longest is the newest, whatever was killed when.
class History {
 public:
  History(const std::string& folder, const StudySpec& spec, SuggestSession& session)
      : folder_(folder), files_(make_posix_files(folder)) {
    files_->make_folder("");
    lock_.emplace(folder, std::chrono::seconds(10));
    text_ = "{\"twostep_history\":1,\"study\":" + to_json(spec) + "}\n";
    const std::size_t head = text_.size();
    std::string longest;
    for (const std::string& name : files_->list("")) {
      if (name.ends_with(".jsonl")) {
        std::string text = files_->read(name).value_or("");
        text.resize(text.rfind('\n') + 1);  // without a torn line
        next_ = std::max<std::uint64_t>(next_, std::strtoull(name.c_str(), nullptr, 10));
        old_.push_back(name);
        longest = text.size() > longest.size() ? text : longest;
      }
    }
    if (longest.empty()) {
      return;
    }
    if (longest.compare(0, head, text_) != 0) {
      throw Error(ErrorKind::study,
                  Problem{folder, "the history of another study",
                          "its first line holds the space, algorithm and seed that it belongs to, "
                          "and the study file says otherwise",
                          "give another --history, or the study file as it was"});
    }
    std::size_t number = 1;
    for (std::size_t at = head; at < longest.size();) {
      const std::size_t end = longest.find('\n', at);
      replay(longest.substr(at, end - at), ++number, session);
      at = end + 1;
    }
    text_ = std::move(longest);
  }

  void add(const std::vector<std::string>& facts) {
    if (!file_) {
      char name[32];
      std::snprintf(name, sizeof name, "%08llu.jsonl", static_cast<unsigned long long>(next_ + 1));
      file_ = files_->create_exclusive(name);
      file_->append(text_);
      file_->sync();
      for (const std::string& old : old_) {
        files_->remove(old);
      }
    }
    std::string lines;
    for (const std::string& fact : facts) {
      lines += fact + "\n";
    }
    file_->append(lines);
    file_->sync();
  }

 private:
  std::string folder_;
  std::unique_ptr<Files> files_;
  std::optional<StudyLock> lock_;
  std::unique_ptr<AppendFile> file_;
  std::string text_;
  std::vector<std::string> old_;
  std::uint64_t next_ = 0;

  void replay(const std::string& line, std::size_t number, SuggestSession& session) const {
    try {
      session.replay(line);
    } catch (const Error& error) {
      Problem problem = error.problems().front();
      problem.where = folder_ + ", line " + std::to_string(number);
      throw Error(ErrorKind::study, problem);
    }
  }
};

}  // namespace

int suggest_command(const SuggestOptions& options) {
  StudySpec spec = load_spec(options.study_file, StudyUse::ask);
  SuggestSession session(spec);
  std::unique_ptr<History> history;
  if (!options.history.empty()) {
    history = std::make_unique<History>(options.history, spec, session);
  }
  for (std::string line; std::getline(std::cin, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    const SuggestSession::Answer answer = session.answer(line);
    if (history && !answer.facts.empty()) {
      history->add(answer.facts);
    }
    std::cout << answer.line << "\n" << std::flush;
    if (!std::cout) {
      throw Error(ErrorKind::io, Problem{"stdout", "nobody reads the answers", "", ""});
    }
  }
  return 0;
}

}  // namespace twostep
