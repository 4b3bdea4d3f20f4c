#include "app/launch_plan.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <sstream>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr int failures_to_leave_out = 2;

[[noreturn]] void bad_launch(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::usage, Problem{"twostep launch", what, "", hint});
}

std::string short_name(const std::string& host) {
  return host.substr(0, host.find('.'));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) {
    return one == name || short_name(one) == short_name(name);
  });
}

int whole_number(const std::string& text, int otherwise) {
  return !text.empty() && std::all_of(text.begin(), text.end(), ::isdigit) && text.size() < 8
             ? std::stoi(text)
             : otherwise;
}

// From "mpirun (Open MPI) 4.1.4" or "mpirun (OpenRTE) 4.1.4"; 0 for others.
int open_mpi_version(const std::string& text) {
  for (const std::string name : {"Open MPI", "OpenRTE"}) {
    if (const auto at = text.find(name); at != std::string::npos) {
      const auto digit = text.find_first_not_of(") v", at + name.size());
      return digit == std::string::npos
                 ? 0
                 : whole_number(text.substr(digit, text.find('.', digit) - digit), 0);
    }
  }
  return 0;
}

}  // namespace

LaunchOptions parse_launch(const std::vector<std::string>& words) {
  LaunchOptions out;
  const auto bar = std::find(words.begin(), words.end(), "--");
  auto at = words.begin();
  for (; at != bar && at->starts_with("-"); ++at) {
    if (*at == "--help" || *at == "-h") {
      out.help = true;
      return out;
    }
    if (*at == "--no-recovery") {
      out.recovery = false;
    } else if (*at == "--restarts") {
      out.restarts = ++at == bar ? -1 : whole_number(*at, -1);
      if (out.restarts < 0) {
        bad_launch("--restarts takes a number", "twostep launch --help");
      }
    } else {
      bad_launch("no such option: " + *at,
                 "options of mpirun or srun come after its name: twostep launch mpirun " + *at +
                     " ... -- run study.yaml");
    }
  }
  out.launcher.assign(at, bar);
  if (bar == words.end() || bar + 1 == words.end() || *(bar + 1) != "run" ||
      bar + 2 == words.end()) {
    bad_launch("what to launch is missing", "twostep launch mpirun -n 33 -- run study.yaml");
  }
  out.run.assign(bar + 2, words.end());
  return out;
}

std::string launch_help() {
  return "Usage: twostep launch [options] [mpirun ...|srun ...] -- run STUDY.yaml [options]\n\n"
         "start a study under mpirun or srun, and again when ranks die\n\n"
         "A dead rank does not end the study: the job is started again within seconds and goes "
         "on.\n"
         "Under mpirun of Open MPI 4 the loss of a rank in step 1 costs only its trial. Nodes "
         "that\n"
         "fail twice are left out. The exit code is rank 0's, whatever mpirun makes of it. "
         "SIGTERM,\n"
         "SIGUSR1 and Ctrl-C let the study stop in order; a second SIGTERM ends it at once. In a\n"
         "job of Slurm or LSF the time limit is looked up. Without mpirun or srun, srun is used\n"
         "in a Slurm job, else mpirun.\n\n"
         "Options:\n"
         "  --restarts N    how often the job is started again (20)\n"
         "  --no-recovery   do not ask mpirun to keep the job when a rank dies\n"
         "  -h [ --help ]   this text\n";
}

Launcher recognise(const std::vector<std::string>& words, const std::string& version,
                   bool recovery) {
  Launcher out;
  out.words = words;
  const std::string name = words.front().substr(words.front().rfind('/') + 1);
  if (name == "srun") {
    out.kind = LauncherKind::srun;
  } else if (const int major = open_mpi_version(version); major > 0) {
    out.kind = LauncherKind::open_mpi;
    out.recovery = recovery && major == 4;
  }
  return out;
}

std::vector<Node> parse_hostfile(const std::string& text) {
  std::vector<Node> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    Node node;
    if (!(words >> node.name)) {
      continue;
    }
    for (std::string word; words >> word;) {
      if (word.starts_with("slots=")) {
        node.slots = whole_number(word.substr(6), 1);
      }
    }
    out.push_back(node);
  }
  return out;
}

std::vector<Node> parse_host_list(const std::string& text) {
  std::vector<Node> out;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto colon = part.find(':');
    const std::string name = part.substr(0, colon);
    const int slots = colon == std::string::npos ? 1 : whole_number(part.substr(colon + 1), 1);
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Node& n) { return n.name == name; });
    if (same != out.end()) {
      same->slots += slots;
    } else {
      out.push_back({name, slots});
    }
  }
  return out;
}

std::vector<int> parse_tasks_per_node(const std::string& text) {
  std::vector<int> out;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto times = part.find("(x");
    const int tasks = whole_number(part.substr(0, times), 1);
    const int repeats = times == std::string::npos
                            ? 1
                            : whole_number(part.substr(times + 2, part.find(')') - times - 2), 1);
    out.insert(out.end(), static_cast<std::size_t>(repeats), tasks);
  }
  return out;
}

std::optional<WordAt> find_option(const std::vector<std::string>& words,
                                  const std::vector<std::string>& names) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    for (const std::string& name : names) {
      if (words[i] == name && i + 1 < words.size()) {
        return WordAt{i, 2, words[i + 1]};
      }
      if (words[i].starts_with(name + "=")) {
        return WordAt{i, 1, words[i].substr(name.size() + 1)};
      }
    }
  }
  return std::nullopt;
}

std::vector<std::string> launcher_words(const Launcher& launcher, const std::vector<Node>& all,
                                        const std::vector<std::string>& left_out) {
  std::vector<std::string> words = launcher.words;
  const auto remove = [&](const std::vector<std::string>& names) {
    const auto found = find_option(words, names);
    if (found) {
      const auto at = words.begin() + static_cast<long>(found->first);
      words.erase(at, at + static_cast<long>(found->words));
    }
    return found ? found->value : std::string();
  };
  int before = 0;
  int slots = 0;
  int nodes = 0;
  std::string list;
  for (const Node& node : all) {
    before += node.slots;
    if (contains(left_out, node.name)) {
      continue;
    }
    slots += node.slots;
    ++nodes;
    list += (list.empty() ? "" : ",") + node.name;
    list += launcher.kind == LauncherKind::open_mpi ? ":" + std::to_string(node.slots) : "";
  }
  const bool fewer = slots > 0 && slots < before;
  if (fewer && launcher.kind == LauncherKind::open_mpi) {
    remove({"--hostfile", "-hostfile", "--machinefile", "-machinefile"});
    remove({"--host", "-host", "-H"});
    const std::string asked = remove({"-n", "-np", "--np", "-c"});
    const int ranks = std::min(slots, whole_number(asked, slots));
    const std::vector<std::string> extra{"--host", list, "-n", std::to_string(ranks)};
    words.insert(words.end(), extra.begin(), extra.end());
  } else if (fewer && launcher.kind == LauncherKind::srun) {
    // The last of equal options counts.
    const std::vector<std::string> extra{"--nodes=" + std::to_string(nodes),
                                         "--ntasks=" + std::to_string(slots), "--nodelist=" + list};
    words.insert(words.end(), extra.begin(), extra.end());
  }
  if (launcher.recovery) {
    const std::vector<std::string> extra{"--enable-recovery", "--mca", "async_mpi_finalize", "1"};
    words.insert(words.begin() + 1, extra.begin(), extra.end());
  }
  return words;
}

void NodeRecord::failed(const std::string& node) {
  if (!node.empty()) {
    ++failures_[short_name(node)];
  }
}

std::vector<std::string> NodeRecord::left_out(const std::vector<Node>& all) const {
  std::vector<std::pair<int, std::string>> bad;
  for (const Node& node : all) {
    const auto found = failures_.find(short_name(node.name));
    if (found != failures_.end() && found->second >= failures_to_leave_out) {
      bad.emplace_back(-found->second, node.name);
    }
  }
  std::sort(bad.begin(), bad.end());
  bad.resize(std::min(bad.size(), all.size() / 2));
  std::vector<std::string> out;
  for (const auto& [failures, name] : bad) {
    out.push_back(name);
  }
  return out;
}

namespace {

// A launcher ends the other ranks of one that was killed by a SIGTERM, which rank 0 obeys as if it
// were the user's. What it then reports is the signal that killed the first.
bool stopped_over_a_death(const JobEnd& end) {
  constexpr int by_signal = 128;
  return end.outcome->code == resume_exit_code && !end.asked && !end.forced &&
         end.status > by_signal && end.status != by_signal + SIGTERM;
}

}  // namespace

NextStep decide(const JobEnd& end) {
  NextStep next;
  if (end.outcome && !end.outcome->running) {
    next.code = end.outcome->code;
    next.why = end.outcome->reason;
    next.restart = end.outcome->restart && !end.asked;
    if (!next.restart && stopped_over_a_death(end)) {
      next.restart = true;
      next.why = "ranks died";
    }
    return next;
  }
  if (end.asked) {
    next.code = resume_exit_code;
    next.why = "it was asked to stop and ended without a word";
    return next;
  }
  next.restart = true;
  next.never_began = !end.outcome || !end.outcome->opened;
  next.code = end.status == 0 ? exit_code(ErrorKind::internal) : end.status;
  next.why = next.never_began ? "it ended with code " + std::to_string(end.status) +
                                    " before rank 0 had opened the study"
             : end.forced ? "rank 0 died"
                          : "ranks died";
  return next;
}

}  // namespace twostep
