#include "twostep/study/assignment.hpp"

#include "study/names.hpp"
#include "twostep/study/result.hpp"

namespace twostep {
namespace {

const std::vector<std::string> assignment_kinds{"extract_subset", "trial", "extract_full",
                                                "retrain"};
const std::vector<std::string> outcomes{"finished",    "diverged", "failed", "timed_out",
                                        "interrupted", "crashed",  "paused", "stopped"};

}  // namespace

const char* name(AssignmentKind v) {
  return name_of(assignment_kinds, v);
}
bool parse_name(const std::string& text, AssignmentKind& out) {
  return value_of(assignment_kinds, text, out);
}
const char* name(Outcome v) {
  return name_of(outcomes, v);
}
bool parse_name(const std::string& text, Outcome& out) {
  return value_of(outcomes, text, out);
}

}  // namespace twostep
