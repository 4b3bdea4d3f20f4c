#include "app/command_trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "support/temporary_folder.hpp"
#include "support/write_program.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"

namespace twostep {
namespace {

std::vector<std::string> logged;

// The files of a folder, of which some cannot be written.
class RefusingFiles : public Files {
 public:
  explicit RefusingFiles(const std::string& folder) : files_(make_posix_files(folder)) {}
  std::string refused;  // the end of a path

  std::unique_ptr<AppendFile> create_exclusive(const std::string& path) override {
    return files_->create_exclusive(path);
  }
  std::optional<std::string> read_from(const std::string& path, std::uint64_t byte) override {
    return files_->read_from(path, byte);
  }
  void replace(const std::string& path, std::string_view bytes) override {
    if (!refused.empty() && path.ends_with(refused)) {
      throw Error(ErrorKind::io, Problem{path, "cannot be written", "No space left on device", ""});
    }
    files_->replace(path, bytes);
  }
  std::vector<std::string> list(const std::string& folder) override { return files_->list(folder); }
  void remove(const std::string& path) override { files_->remove(path); }
  void make_folder(const std::string& path) override { files_->make_folder(path); }

 private:
  std::unique_ptr<Files> files_;
};

class CommandTrainerTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::string program_ = folder_.path() + "/train";
  StudySpec spec_;
  Space space_;
  PosixClock clock_;
  RefusingFiles files_{folder_.path()};

  CommandTrainerTest() {
    spec_.directory = folder_.path();
    spec_.trainer.command = {program_};
    spec_.trainer.command_at.text = "study.yaml:3";
    spec_.trainer.grace_seconds = 0.2;
    logged.clear();
    set_log_sink([](LogLevel, std::string_view text) { logged.emplace_back(text); });
  }
  ~CommandTrainerTest() override { set_log_sink(nullptr); }

  static Assignment assignment(std::uint32_t number, AssignmentKind kind) {
    Assignment a;
    a.kind = kind;
    a.trial = TrialId(number);
    a.budget.amount = 3;
    a.team = {WorkerId(0)};
    return a;
  }
  static Result run(CommandTrainer& trainer, std::uint32_t number,
                    AssignmentKind kind = AssignmentKind::trial) {
    trainer.start(assignment(number, kind));
    for (int i = 0; i < 600; ++i) {
      if (auto result = trainer.advance(std::chrono::milliseconds(100))) {
        while (!trainer.ready(std::chrono::milliseconds(100))) {
        }
        return *result;
      }
    }
    return {};
  }
  // Why nothing can be trained here, and by which kind of error.
  static std::pair<std::string, ErrorKind> refusal(CommandTrainer& trainer, std::uint32_t number) {
    try {
      const Result result = run(trainer, number);
      return {"there is a result: " + result.message, ErrorKind::internal};
    } catch (const TrainerUnavailable& error) {
      return {error.what(), error.kind()};
    }
  }
  std::string good_program() const {
    return "#!/bin/sh\necho '{\"value\": 0.5}'\necho some output\necho some words >&2\n";
  }
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(CommandTrainerTest, OutputThatCannotBeKeptIsOnlyALossOfOutput) {
  test::write_program(program_, good_program());
  CommandTrainer trainer(spec_, space_, files_, clock_);
  files_.refused = "/stdout.txt";
  const Result result = run(trainer, 1);
  EXPECT_EQ(result.outcome, Outcome::finished) << result.message;
  EXPECT_EQ(result.objective, 0.5);
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_SAYS(logged[0], "the output of a program was not kept");
  EXPECT_SAYS(logged[0], "trials/1/stdout.txt: cannot be written");
  EXPECT_SAYS(logged[0], "No space left on device");
  files_.refused.clear();
  EXPECT_EQ(run(trainer, 2).outcome, Outcome::finished);
  EXPECT_EQ(files_.read("trials/2/stdout.txt"), "{\"value\": 0.5}\nsome output\n");
  EXPECT_EQ(files_.read("trials/2/stderr.txt"), "some words\n");
}

TEST_F(CommandTrainerTest, AnOutputsNameMayBeTaken) {
  test::write_program(program_, good_program());
  CommandTrainer trainer(spec_, space_, files_, clock_);
  std::filesystem::create_directories(
      folder_.file("trials/1/stdout.txt/x"));  // no file replaces it
  EXPECT_EQ(run(trainer, 1).outcome, Outcome::finished);
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_SAYS(logged[0], "trials/1/stdout.txt");
}

// What keeps every program from being launched is no trial's fault.
TEST_F(CommandTrainerTest, ALaunchThatThrowsIsNoFailedTrial) {
  test::write_program(program_, good_program());
  CommandTrainer trainer(spec_, space_, files_, clock_);
  files_.refused = "/config.json";
  const auto [text, kind] = refusal(trainer, 1);
  EXPECT_EQ(kind, ErrorKind::io);
  EXPECT_SAYS(text, "study.yaml:3: trainer.command on " + host_name() +
                        ": trials/1/config.json: cannot be written");
  EXPECT_SAYS(text, "No space left on device");
  EXPECT_SAYS(text, "hint: mend it; the same command then goes on");
  // It is idle again.
  files_.refused.clear();
  EXPECT_EQ(run(trainer, 2).outcome, Outcome::finished);
}

TEST_F(CommandTrainerTest, AProgramThatCannotBeStartedIsNoFailedTrial) {
  CommandTrainer trainer(spec_, space_, files_, clock_);
  const auto expect_refusal = [&](const std::string& part) {
    const auto [text, kind] = refusal(trainer, 1);
    EXPECT_EQ(kind, ErrorKind::io);
    EXPECT_SAYS(text, "study.yaml:3: trainer.command on " + host_name() + ": ");
    EXPECT_SAYS(text, part);
  };
  expect_refusal("no such program: " + program_);
  test::write_program(program_, good_program());
  EXPECT_EQ(run(trainer, 1).outcome, Outcome::finished);
  std::filesystem::permissions(program_, std::filesystem::perms::owner_read);
  expect_refusal("not executable: " + program_);
  test::write_program(program_, "#!/usr/bin/python9\n");
  expect_refusal("interpreter /usr/bin/python9 is not there");
  test::write_program(program_, "#!/usr/bin/env python9\n");  // which `env` says by its exit code
  expect_refusal("python9 is in none of the folders of PATH");
  test::write_program(program_, "echo '{\"value\": 1}'\n");
  expect_refusal("no shell reads it");
  // A program's own such code is its failure.
  test::write_program(program_, "#!/bin/sh\nno-such-tool\n");
  const Result result = run(trainer, 1);
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_SAYS(result.message, "the command ended with exit code 127: ");
}

TEST_F(CommandTrainerTest, AScriptThatItsInterpreterMissesIsNoFailedTrial) {
  spec_.trainer.command = {"sh", program_};
  test::write_program(program_, "exit 3\n");
  CommandTrainer trainer(spec_, space_, files_, clock_);
  EXPECT_SAYS(run(trainer, 1).message, "exit code 3");
  std::filesystem::remove(program_);
  EXPECT_SAYS(refusal(trainer, 2).first, "no such file: " + program_);
}

TEST_F(CommandTrainerTest, AScriptThatGoesBeforeItIsReadIsNoFailedTrial) {
  test::write_program(program_, "#!/bin/sh\nrm \"$0\"\nexit 2\n");
  CommandTrainer trainer(spec_, space_, files_, clock_);
  EXPECT_SAYS(refusal(trainer, 1).first, "no such program: " + program_);
  test::write_program(program_, "#!/bin/sh\nrm \"$0\"\necho '{\"value\": 1}'\nexit 2\n");
  EXPECT_EQ(run(trainer, 2).outcome, Outcome::failed);
}

// Else nsga2 would have a single objective, and nobody would know.
TEST_F(CommandTrainerTest, ATrialSaysWhatTheSearchWeighsItsValueAgainst) {
  CommandTrainer trainer(spec_, space_, files_, clock_);
  const auto result_of = [&](const std::string& line, AssignmentKind kind) {
    test::write_program(program_, "#!/bin/sh\necho '" + line + "'\necho why >&2\n");
    return run(trainer, 1, kind);
  };
  const std::string all = R"({"value": 1, "parameters": 12, "inference_seconds": 2e-6})";
  for (const auto& [second, key] :
       {std::pair{SecondObjective::parameters, std::string("parameters")},
        std::pair{SecondObjective::inference_seconds, std::string("inference_seconds")}}) {
    spec_.search.second_objective = second;
    const Result lacks = result_of(R"({"value": 1})", AssignmentKind::trial);
    EXPECT_EQ(lacks.outcome, Outcome::failed);
    EXPECT_EQ(lacks.error, ErrorKind::trial);
    EXPECT_SAYS(lacks.message, "with no " + key + ", which search.second_objective weighs it");
    EXPECT_SAYS(lacks.message, "{\"value\": 0.25, \"" + key + "\": ");
    EXPECT_SAYS(lacks.message, ": why");
    const std::string negative = R"({"value": 1, ")" + key + R"(": -2})";
    const Result below = result_of(negative, AssignmentKind::trial);
    EXPECT_SAYS(below.message, "with negative " + key);
    EXPECT_TRUE(std::isnan(below.inference_seconds_per_row));
    EXPECT_EQ(below.parameters, 0U);
    const std::string zero = R"({"value": 1, ")" + key + R"(": 0})";
    EXPECT_EQ(result_of(zero, AssignmentKind::trial).outcome == Outcome::finished,
              second == SecondObjective::inference_seconds);
    EXPECT_EQ(result_of(R"({"value": 1})", AssignmentKind::retrain).outcome, Outcome::finished);
  }
  EXPECT_EQ(result_of(all, AssignmentKind::trial).inference_seconds_per_row, 2e-6);
  // Measured and so different in every run: recorded of a trial only where it is asked for.
  spec_.search.second_objective = SecondObjective::seconds;
  const Result timed = result_of(all, AssignmentKind::trial);
  EXPECT_EQ(timed.outcome, Outcome::finished);
  EXPECT_EQ(timed.parameters, 12U);
  EXPECT_TRUE(std::isnan(timed.inference_seconds_per_row));
  EXPECT_EQ(result_of(all, AssignmentKind::retrain).inference_seconds_per_row, 2e-6);
}

TEST_F(CommandTrainerTest, SignalsAreToldFromExitCodes) {
  CommandTrainer trainer(spec_, space_, files_, clock_);
  test::write_program(program_, "#!/bin/sh\necho it fell >&2\nkill -9 $$\n");
  EXPECT_EQ(run(trainer, 1).message, "the command was ended by signal 9 (Killed): it fell");
  test::write_program(program_, "#!/bin/sh\nexit 130\n");
  EXPECT_EQ(run(trainer, 2).message,
            "the command ended with exit code 130, by which shells mean signal 2 (Interrupt)");
}

}  // namespace
}  // namespace twostep
