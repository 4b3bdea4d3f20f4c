#include "app/shared_folder.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/executable.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

const std::string no_data = "data ";
const std::string no_program = "program ";

std::string add_host(const std::string& list, const std::string& host) {
  if (list.empty()) {
    return host;
  }
  const bool known = (", " + list + ",").find(", " + host + ",") != std::string::npos;
  return known ? list : list + ", " + host;
}

}  // namespace

std::string data_root(const std::string& option, const std::string& host) {
  std::string out;
  std::istringstream parts(option);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto equals = part.find('=');
    const std::string root = equals == std::string::npos ? part : part.substr(equals + 1);
    if (root.empty() || equals == 0) {
      throw Error(ErrorKind::usage, Problem{"--data-root", "cannot be read: " + option, "",
                                            "a folder, or HOST=FOLDER,HOST=FOLDER,FOLDER"});
    }
    if (equals == std::string::npos) {
      out = out.empty() ? root : out;
    } else if (part.substr(0, equals) == host) {
      return root;
    }
  }
  return out;
}

SharedMark::SharedMark(std::string directory) : directory_(std::move(directory)) {
  PosixClock clock;
  name_ = ".seen-" + host_name() + "-" + std::to_string(own_pid()) + "-" +
          std::to_string(clock.wall().count());
  make_posix_files(directory_)->replace(name_, name_);
}

SharedMark::~SharedMark() {
  try {
    make_posix_files(directory_)->remove(name_);
  } catch (const Error&) {  // an empty file too many
  }
}

std::string missing_here(const StudySetup& setup, const std::string& mark) {
  try {
    if (make_posix_files(setup.spec.directory)->read(mark) != mark) {
      return "study";
    }
  } catch (const Error&) {
    return "study";
  }
  if (setup.spec.runs_command()) {
    if (auto problem = program_problem(setup.spec.trainer.command.front())) {
      problem->hint.clear();
      return no_program + problem->text();
    }
  }
  for (const ShardInfo& shard : setup.shards.shards) {
    const std::string path = rooted(setup.data_root, shard.path);
    if (!exists(path)) {
      return no_data + path;
    }
  }
  return "";
}

void check_all_see(const StudySetup& setup, const std::vector<Place>& places,
                   const std::vector<std::string>& missing) {
  std::string without_study;
  std::map<std::string, std::string> without_program;  // hosts by what is wrong there
  std::vector<Problem> without_data;
  for (std::size_t rank = 1; rank < missing.size(); ++rank) {
    const std::string& host = places[rank].host;
    if (missing[rank] == "study") {
      without_study = add_host(without_study, host);
    } else if (missing[rank].starts_with(no_program)) {
      std::string& hosts = without_program[missing[rank].substr(no_program.size())];
      hosts = add_host(hosts, host);
    } else if (missing[rank].starts_with(no_data)) {
      const std::string where = host + ":" + missing[rank].substr(no_data.size());
      const bool said = std::any_of(without_data.begin(), without_data.end(),
                                    [&](const Problem& p) { return p.where == where; });
      if (!said) {
        without_data.push_back({where, "no such file on this host",
                                places.front().host + ", where rank 0 is, has it",
                                "copy it there; if it lies elsewhere: --data-root " + host +
                                    "=FOLDER, where the relative paths of data.files begin"});
      }
    }
  }
  if (!without_study.empty()) {
    throw Error(
        ErrorKind::study,
        Problem{setup.spec.directory, "the study directory is not the same on " + without_study,
                "a file that rank 0 wrote on " + places.front().host + " is not seen there",
                "put study.directory on a file system that all hosts mount (NFS, sshfs); data "
                "files may lie on each host's own disk (--data-root)"});
  }
  if (!without_program.empty()) {
    std::vector<Problem> problems;
    for (const auto& [text, hosts] : without_program) {
      problems.push_back({setup.spec.trainer.command_at.text,
                          "trainer.command on " + hosts + ": " + text, "", ""});
    }
    problems.back().hint = places.front().host +
                           ", where rank 0 is, can run it: install it on the others too, or name "
                           "it by a path that all hosts have";
    throw Error(ErrorKind::config, problems);
  }
  if (!without_data.empty()) {
    throw Error(ErrorKind::data, without_data);
  }
}

}  // namespace twostep
