#include "app/launch_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/launcher_messages.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

TEST(LaunchPlan, ReadsItsCommandLine) {
  const auto o = parse_launch(
      {"--restarts", "3", "--no-recovery", "mpirun", "-n", "4", "--", "run", "s.yaml", "--quiet"});
  EXPECT_EQ(o.restarts, 3);
  EXPECT_FALSE(o.recovery);
  EXPECT_THAT(o.launcher, ElementsAre("mpirun", "-n", "4"));
  EXPECT_THAT(o.run, ElementsAre("s.yaml", "--quiet"));
  EXPECT_TRUE(parse_launch({"--", "run", "s.yaml"}).launcher.empty());
  for (const Words& wrong :
       {Words{}, Words{"mpirun"}, Words{"mpirun", "--"}, Words{"mpirun", "--", "run"},
        Words{"mpirun", "--", "check", "x"}, Words{"--restarts", "--", "run", "x"},
        Words{"-n", "4", "--", "run", "x"}}) {
    EXPECT_THROW(static_cast<void>(parse_launch(wrong)), Error);
  }
}

TEST(LaunchPlan, RecoveryIsForOpenMpi4) {
  const auto four = recognise({"/usr/bin/mpirun"}, "mpirun (Open MPI) 4.1.4\n\nReport bugs", true);
  EXPECT_EQ(four.kind, LauncherKind::open_mpi);
  EXPECT_TRUE(four.recovery);
  EXPECT_THAT(launcher_words(four, {}, {}), ElementsAre("/usr/bin/mpirun", "--enable-recovery",
                                                        "--mca", "async_mpi_finalize", "1"));
  EXPECT_FALSE(recognise({"mpirun"}, "mpirun (Open MPI) 4.1.4", false).recovery);
  const auto five = recognise({"mpirun"}, "mpirun (Open MPI) 5.0.3", true);
  EXPECT_EQ(five.kind, LauncherKind::open_mpi);
  EXPECT_FALSE(five.recovery);
  EXPECT_EQ(recognise({"mpiexec"}, "HYDRA build details:\n Version: 4.0.2", true).kind,
            LauncherKind::other);
  EXPECT_EQ(recognise({"srun", "-n4"}, "slurm-wlm 22.05.8", true).kind, LauncherKind::srun);
}

TEST(LaunchPlan, LeavesNodesOutOfTheCommand) {
  const auto nodes = parse_hostfile("# lab\nh1 slots=4\nh2.lab.org slots=2 # old\n\nh3\n");
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[1].slots, 2);
  Launcher mpirun{
      LauncherKind::open_mpi, false, {"mpirun", "--hostfile", "hosts", "-n", "7", "-q"}};
  EXPECT_EQ(launcher_words(mpirun, nodes, {}), mpirun.words);
  EXPECT_THAT(launcher_words(mpirun, nodes, {"h2"}),
              ElementsAre("mpirun", "-q", "--host", "h1:4,h3:1", "-n", "5"));
  mpirun.words = {"mpirun", "-H", "a:2,b,a", "-np", "2"};
  const auto listed = parse_host_list("a:2,b,a");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].slots, 3);
  EXPECT_THAT(launcher_words(mpirun, listed, {"b"}),
              ElementsAre("mpirun", "--host", "a:3", "-n", "2"));
  const Launcher srun{LauncherKind::srun, false, {"srun", "-N3"}};
  EXPECT_THAT(launcher_words(srun, nodes, {"h1"}),
              ElementsAre("srun", "-N3", "--nodes=2", "--ntasks=3", "--nodelist=h2.lab.org,h3"));
  EXPECT_THAT(parse_tasks_per_node("2(x3),1"), ElementsAre(2, 2, 2, 1));
}

TEST(LaunchPlan, FindsTheNodeThatALauncherBlames) {
  EXPECT_EQ(
      blamed_node("mpirun noticed that process rank 1 with PID 77 on node h2 exited on signal 9"),
      "h2");
  EXPECT_EQ(
      blamed_node("  HNP daemon   : [[1,0],0] on node ctl\n  Remote daemon: [[1,0],2] on node "
                  "node3\n"),
      "node3");
  EXPECT_EQ(
      blamed_node("srun: error: node4: task 5: Killed\nsrun: error: node1: tasks 0-3: Killed"),
      "node4");
  EXPECT_EQ(blamed_node("srun: error: node1: task 0: Exited with exit code 75"), "");
  EXPECT_EQ(blamed_node("loss 0.3"), "");
}

TEST(LaunchPlan, KnowsWhatALauncherWouldRefuseAgain) {
  const auto why = [](int status, const char* text) {
    const auto problem = refusal("mpirun", status, text);
    return problem ? problem->what + ": " + problem->why : "";
  };
  EXPECT_THAT(why(1, "There are not enough slots available in the system to satisfy the 3"),
              HasSubstr("fewer slots than ranks"));
  EXPECT_THAT(why(1, "override this protection by adding the --allow-run-as-root option"),
              HasSubstr("as root"));
  EXPECT_THAT(why(1, "mpirun: Error: unknown option \"--nosuch\""), HasSubstr("message above"));
  EXPECT_THAT(why(127, "mpirun: no such program"), HasSubstr("no such program: mpirun"));
  EXPECT_EQ(why(127, "bash: orted: command not found"), "");
  EXPECT_EQ(why(1, "ORTE has lost communication with a remote daemon."), "");
}

TEST(LaunchPlan, TwoFailuresLeaveANodeOutButNeverMoreThanHalf) {
  const auto nodes = parse_host_list("a,b,c,d");
  NodeRecord record;
  record.failed("b.lab.org");
  record.failed("");
  EXPECT_TRUE(record.left_out(nodes).empty());
  record.failed("b");
  EXPECT_THAT(record.left_out(nodes), ElementsAre("b"));
  for (const char* node : {"a", "a", "c", "c", "c"}) {
    record.failed(node);
  }
  EXPECT_THAT(record.left_out(nodes), ElementsAre("c", "a"));
  EXPECT_TRUE(record.left_out({{"c", 8}}).empty());
}

TEST(LaunchPlan, TheOutcomeDecides) {
  RunOutcome o;
  o.code = 75;
  JobEnd end{o, 0, false, false};
  EXPECT_FALSE(decide(end).restart);
  EXPECT_EQ(decide(end).code, 75);
  end.outcome->restart = true;
  EXPECT_TRUE(decide(end).restart);
  end.asked = true;
  EXPECT_FALSE(decide(end).restart);
  EXPECT_EQ(decide({RunOutcome{.code = 4}, 0, false, false}).code, 4);  // though mpirun says 0
  EXPECT_EQ(decide({RunOutcome{.code = 0}, 137, false, true}).code, 0);
  // A rank was killed, and the launcher's SIGTERM to the others stopped rank 0 in good order.
  const RunOutcome stopped{.code = 75};
  EXPECT_TRUE(decide({stopped, 137, false, false}).restart);
  EXPECT_FALSE(decide({stopped, 137, true, false}).restart);
  EXPECT_FALSE(decide({stopped, 143, false, false}).restart);
  EXPECT_FALSE(decide({stopped, 75, false, false}).restart);
  RunOutcome running;
  running.running = true;
  EXPECT_TRUE(decide({running, 137, false, false}).restart);
  EXPECT_TRUE(decide({running, 137, false, false}).never_began);
  running.opened = true;
  EXPECT_FALSE(decide({running, 0, false, false}).never_began);
  EXPECT_EQ(decide({running, 143, true, false}).code, 75);
  EXPECT_TRUE(decide({std::nullopt, 127, false, false}).never_began);
}

TEST(LaunchPlan, OutcomesReadBackTheSame) {
  RunOutcome o;
  o.code = 75;
  o.restart = true;
  o.reason = "worker 3 was \"lost\"";
  o.lost_hosts = {"h3", "h4"};
  const auto back = parse_outcome(to_json(o));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(o));
  EXPECT_TRUE(parse_outcome(to_json(running_outcome(true)))->running);
  for (const char* wrong : {"", "{", "[]", "{}", "{\"exit_code\": \"x\"}", "{\"running\": 3}"}) {
    EXPECT_FALSE(parse_outcome(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace twostep
