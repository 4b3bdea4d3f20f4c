#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_trainer(Rows& t) {
  using T = FieldType;
  t.push_back(plain("trainer.command", T::list, "", "", 0, 0,
                    "A program and its arguments that train a configuration in place of the "
                    "built-in networks (docs/command.md): [python3, train.py].",
                    nullptr));
  t.push_back(choice(
      "trainer.goal", {"minimise", "maximise"}, "minimise",
      "Whether smaller or larger values of the command's are better.", [](StudySpec& s) -> Slot {
        return EnumSlot{
            &s.trainer.maximise, [](void* to, std::size_t i) { *static_cast<bool*>(to) = i == 1; },
            [](const void* from) { return std::size_t{*static_cast<const bool*>(from)}; }};
      }));
  t.push_back(plain("trainer.grace_seconds", T::real, "s", "10", 0, 3600,
                    "How long a command that is stopped has between SIGTERM and SIGKILL.",
                    [](StudySpec& s) -> Slot { return &s.trainer.grace_seconds; }));
  t.push_back(plain("trainer.output_kib", T::integer, "KiB", "1024", 1, 1e6,
                    "What is kept of each command's stdout, and of its stderr: the beginning and "
                    "the end.",
                    [](StudySpec& s) -> Slot { return &s.trainer.output_kib; }));
  t.push_back(choice("trainer.finalists_per", {"rank", "node"}, "rank",
                     "Whether step 2 runs one command per worker at a time, or one per node.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.trainer.finalists_per); }));
}

}  // namespace twostep::field_rows
