"""The same study on any number of ranks gives the same trials, to the last bit."""
import json
import math
import os

import support


class Ranks(support.Case):
    def test_any_number_of_ranks_gives_the_same_trials(self):
        for algorithm in ("random", "sobol"):
            tables = {}
            for ranks in (0, 1, 2, 3, 5):
                folder = f"{algorithm}-{ranks}"
                self.write("study.yaml", support.STUDY.replace("directory: out", f"directory: {folder}")
                           .replace("search:", f"search:\n  algorithm: {algorithm}"))
                done = self.twostep("run", "study.yaml", ranks=ranks)
                if ranks >= 3:  # teams are planned with what a sum was seen to take
                    self.assertRegex(done.stderr, rf"ranks per finalist:( \d+){{3}} of {ranks - 1}, some \S+ s in "
                                                  r"all \(a sum: \S+ us a message, \S+ ns a byte\)")
                    self.assertNotIn("a sum: 5 us a message, 0.25 ns", done.stderr)  # the model's own
                tables[ranks] = self.trials(folder)
                report = json.loads(self.read(folder, "report.json"))
                self.assertEqual(report["phase"], "finished")
                self.assertEqual(len(report["finalists"]), 3)
            for ranks, table in tables.items():
                self.assertEqual(table, tables[0], f"{algorithm}: {ranks} ranks differ from one process")
            self.assertEqual(len(tables[0]), 17)

    def test_threads_beyond_the_cpus_are_warned_about_once(self):
        cpus = len(os.sched_getaffinity(0))
        self.write("study.yaml", support.STUDY.replace("training:", f"training:\n  threads: {cpus}", 1))
        done = self.twostep("run", "study.yaml", ranks=3, env=support.environment(OMP_WAIT_POLICY="passive"))
        self.assertEqual(done.stderr.count(f"2 training ranks of {cpus} thread"), 1, done.stderr)
        self.assertIn("2 on", done.stderr)
        # Another number of threads may change bits: a study is not resumed with it.
        self.write("study.yaml", support.STUDY.replace("training:", f"training:\n  threads: {cpus + 1}", 1))
        done = self.twostep("run", "study.yaml", code=None)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("training.threads", done.stderr)

    def test_a_team_retrains_to_the_same_loss(self):
        reports = {}
        for team, ranks in ((1, 2), (3, 4)):
            self.write("study.yaml", support.STUDY.replace("directory: out", f"directory: t{team}")
                       .replace("retraining:", f"retraining:\n  team: {team}"))
            self.twostep("run", "study.yaml", ranks=ranks)
            reports[team] = json.loads(self.read(f"t{team}", "report.json"))
        for one in reports[1]["finalists"]:
            three = next(f for f in reports[3]["finalists"] if f["trial"] == one["trial"])
            self.assertEqual(three["team"], 3)
            # Up to the rounding of the reduction, which training spreads.
            self.assertTrue(math.isclose(one["objective"], three["objective"], rel_tol=0.02), (one, three))

    def test_norms_and_dropout_are_those_of_the_whole_batch(self):
        for norm in ("batch", "layer"):
            model = f"model:\n  norm: {norm}\n  dropout: 0.1\n  residual: true"
            tables, reports = {}, {}
            for team, ranks in ((1, 2), (2, 3)):
                folder = f"{norm}-{team}"
                # Rates at which training does not blow the rounding of sums up to per cents.
                self.write("study.yaml", support.STUDY.replace("directory: out", f"directory: {folder}")
                           .replace("[1e-3, 1e-1]", "[1e-3, 1e-2]")
                           .replace("model:", model).replace("retraining:", f"retraining:\n  team: {team}"))
                self.twostep("run", "study.yaml", ranks=ranks)
                tables[team] = self.trials(folder)
                reports[team] = json.loads(self.read(folder, "report.json"))["finalists"]
            self.assertEqual(tables[2], tables[1], norm)
            self.assertEqual(len(reports[1]), 3)
            for one in reports[1]:
                two = next(f for f in reports[2] if f["trial"] == one["trial"])
                self.assertEqual((one["team"], two["team"]), (1, 2))
                # Statistics of halves, or other units dropped, are found out by this: both were tried.
                self.assertTrue(math.isclose(one["objective"], two["objective"], rel_tol=0.005), (norm, one, two))

    def retrained(self, folder, options, ranks):
        self.write("study.yaml", support.STUDY.replace("directory: out", f"directory: {folder}")
                   .replace("retraining:", f"retraining:\n  {options}"))
        done = self.twostep("run", "study.yaml", ranks=ranks)
        report = json.loads(self.read(folder, "report.json"))
        keys = ("trial", "objective", "validation", "test")
        return [{key: f[key] for key in keys} for f in report["finalists"]], done.stderr

    def test_reproducible_teams_of_any_size_agree_to_the_last_bit(self):
        options = "reproducible: true\n  micro_batches: 8\n  memory: 0.01\n  "
        tables = {team: self.retrained(f"r{team}", options + f"team: {team}", max(team + 1, 2))[0]
                  for team in (1, 2, 3, 4)}
        tables["auto"] = self.retrained("ra", options + "team: auto", 4)[0]
        for team, table in tables.items():
            self.assertEqual(table, tables[1], f"a team of {team} differs")

    def test_streamed_rows_in_one_window_are_those_in_memory(self):
        mapped, _ = self.retrained("m", "team: 2\n  reading: mapped", 3)
        streamed, said = self.retrained("s", "team: 2\n  reading: streamed", 3)
        self.assertEqual(mapped, streamed)
        self.assertIn("rows streamed", said)
        windows, said = self.retrained("w", "team: 2\n  memory: 0.01", 3)
        self.assertIn("shuffled in windows of", said)
        self.assertNotEqual(windows, mapped)


if __name__ == "__main__":
    support.main()
