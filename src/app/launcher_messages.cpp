#include "app/launcher_messages.hpp"

#include <regex>

namespace twostep {

std::string blamed_node(const std::string& text) {
  static const std::regex patterns[] = {
      std::regex(R"(with PID \d+ on node (\S+) exited on signal)"),
      std::regex(R"(Remote daemon:\s+\S+ on node (\S+))"),
      std::regex(R"(srun: error: Node failure on (\S+))"),
      std::regex(R"(srun: error: (\S+): tasks? [\d,-]+: (?!Exited))")};
  std::string node;
  std::size_t first = std::string::npos;
  for (const std::regex& pattern : patterns) {
    std::smatch found;
    if (std::regex_search(text, found, pattern) &&
        static_cast<std::size_t>(found.position()) < first) {
      first = static_cast<std::size_t>(found.position());
      node = found[1];
    }
  }
  return node;
}

std::optional<Problem> refusal(const std::string& launcher, int status, const std::string& text) {
  constexpr int no_such_program = 127;
  const auto says = [&](const char* words) { return text.find(words) != std::string::npos; };
  Problem out{"twostep launch", launcher + " refuses the command", "see its message above", ""};
  if (says("There are not enough slots available")) {
    out.why = "it has fewer slots than ranks are asked for";
    out.hint = "more ranks than cores: " + launcher + " --oversubscribe ...; else fewer ranks (-n)";
  } else if (says("--allow-run-as-root")) {
    out.why = "it does not start ranks as root";
    out.hint = "be another user, or " + launcher + " --allow-run-as-root ...";
  } else if (says("Error: unknown option")) {
    out.hint = launcher + " --help lists its options; those of twostep come after '-- run'";
  } else if (status == no_such_program && says((launcher + ": no such program").c_str())) {
    out.what = "no such program: " + launcher;
    out.why = "it is neither a path nor in PATH";
    out.hint = "load the MPI's module, or give the path of its mpirun";
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace twostep
