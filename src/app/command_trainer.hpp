// The user's program as a trainer: trainer.command. It is told its configuration in a JSON file and
// in the environment, and says its values in lines of JSON on its standard output
// (docs/command.md). Where it cannot be started, or a file that its command names has gone, no
// trial is to blame: TrainerUnavailable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/posix/program.hpp"
#include "app/said_values.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/files.hpp"
#include "twostep/ports/trainer.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

class CommandTrainer : public Trainer {
 public:
  // files: of the study directory. Spec, space, files and clock must outlive this object.
  CommandTrainer(const StudySpec& spec, const Space& space, Files& files, Clock& clock);

  void start(const Assignment& assignment) override;
  [[nodiscard]] std::optional<Result> advance(Duration slice) override;
  [[nodiscard]] Progress progress() const override;
  [[nodiscard]] Bytes save() const override;
  void load(std::span<const std::byte> state) override;
  void stop() override;
  [[nodiscard]] bool ready(Duration slice) override;

 private:
  const StudySpec& spec_;
  const Space& space_;
  Files& files_;
  Clock& clock_;
  std::vector<std::string> files_named_;  // words of the command that were files at the beginning
  std::optional<Assignment> assignment_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Program> leaving_;  // told to end
  SaidCurve said_;
  Excerpt out_;
  Excerpt err_;
  Time begun_{};
  double before_ = 0;  // seconds of earlier parts of this training

  [[nodiscard]] std::string folder() const;
  [[nodiscard]] std::string configuration() const;
  void launch();
  [[nodiscard]] std::optional<Problem> find_cause(const ProgramEnd& end) const;
  [[noreturn]] void refuse(ErrorKind kind, const Problem& problem);
  void keep_output();
  [[nodiscard]] Result result(Outcome outcome, const std::string& message) const;
  [[nodiscard]] Result ended_with(const ProgramEnd& end) const;
  Result leave(Result result);
};

}  // namespace twostep
