"""`search.warm_start`: a search that begins with the trials of an earlier one."""
import json
import os
import shutil

import support

EARLIER = support.STUDY.replace("trials: 16", "trials: 16\n  algorithm: tpe")
LATER = EARLIER.replace("directory: out", "directory: later").replace("float: [1e-3, 1e-1]", "float: [1e-4, 1]").replace(
    "algorithm: tpe", "algorithm: tpe\n  warm_start: out")

TABLE = ("objective,training.learning_rate,model.layers,training.batch_size,training.optimizer,model.width[1],model.activation\n"
         "{},{},1,64,adam,8,relu\n")


class WarmStart(support.Case):
    def created(self, folder):
        return [json.loads(line)["point"] for line in self.events(folder) if '"event":"trial_created"' in line]

    def test_the_search_goes_on_from_earlier_trials(self):
        self.write("study.yaml", EARLIER)
        self.twostep("run", "study.yaml")
        self.write("later.yaml", LATER)
        self.assertIn("warm start  16 trials of out, the best ", self.twostep("check", "later.yaml").stdout)
        done = self.twostep("run", "later.yaml", ranks=3)
        self.assertIn("Warm start: 16 trials of out", done.stderr)
        self.assertRegex(done.stdout, r"warm start +16 trials of out")
        events = [json.loads(line)["event"] for line in self.events("later")]
        self.assertEqual(events[:3], ["study_created", "run_started", "warm_started"])
        report = json.loads(self.read("later", "report.json"))
        self.assertEqual((report["prior_trials"], report["prior_left_out"], report["warm_start"]), (16, 0, "out"))
        earlier = json.loads(self.read("out", "report.json"))["trials"]
        self.assertEqual(report["prior_best"], min(trial["objective"] for trial in earlier))
        self.assertIn("search begun with 16 trials of out", self.twostep("journal", "later").stdout)

        # The same from a table; and what the study began with is all that counts from then on.
        self.write("later.yaml", LATER.replace("directory: later", "directory: table").replace(
            "warm_start: out", "warm_start: out/trials.csv"))
        self.twostep("run", "later.yaml")
        first = {str(point) for point in self.created("later")[:3]}
        self.assertTrue(first & {str(point) for point in self.created("table")})
        shutil.rmtree(self.path("out"))
        self.write("later.yaml", LATER)
        self.twostep("run", "later.yaml")

        # Without it the first trials are random ones.
        self.write("cold.yaml", LATER.replace("directory: later", "directory: cold").replace("  warm_start: out\n", ""))
        self.twostep("run", "cold.yaml")
        self.assertNotEqual(self.created("cold")[:10], self.created("table")[:10])

    def test_mistakes_are_named(self):
        def refused(text, code, *words):
            self.write("later.yaml", text)
            for verb in ("check", "run"):
                message = self.twostep(verb, "later.yaml", code=code).stderr
                for word in words:
                    self.assertIn(word, message)
            self.assertFalse(os.path.exists(self.path("later", "journal", "0001.jsonl")))

        refused(LATER, 3, "search.warm_start: no study in out")
        refused(LATER.replace("warm_start: out", "warm_start: out.csv"), 3, "no such file: out.csv")
        refused(LATER.replace("algorithm: tpe", "algorithm: sobol"), 3, "later.yaml:", "teaches nothing", "use tpe")
        refused(LATER.replace("warm_start: out", "warm_start: later"), 3, "later.yaml:", "own directory")
        self.write("study.yaml", EARLIER)
        self.twostep("run", "study.yaml")
        refused(LATER.replace("algorithm: tpe", "algorithm: tpe\n  objective: mae"), 3, "ranked its trials by mse")
        refused(LATER.replace("batch_size: {choice: [64, 128]}", "batch_size: 32"), 3, "none of its 16 trials has a place")
        self.write("out.csv", "a,b\n1,2\n")
        refused(LATER.replace("warm_start: out", "warm_start: out.csv"), 3, "out.csv:1: no column", "neither objective nor value")

        # Whatever else is given: with the line of the study file, or of the file that is read.
        def given(source, *words):
            refused(LATER.replace("warm_start: out", "warm_start: " + source), 3, *words)

        given("later.yaml/../later/trials.csv", "no such file")
        given("./later", "later.yaml:", "own directory")
        given("sqlite:///old.db", "later.yaml:", "databases cannot be read", "to_csv")
        self.write("old.db", "SQLite format 3\0and so on")
        given("old.db", "later.yaml:", "old.db is an SQLite database", "trials_dataframe")
        self.write("old.CSV", "objective\n")
        given("old.CSV", "old.CSV:1: no column for")
        self.write("none.csv", TABLE.format("1", "5"))
        given("none.csv", "later.yaml:", "none of its 1 trials has a place", "none.csv:2: training.learning_rate is '5'")
        self.write("bad.csv", TABLE.format("nan", "0.01"))
        given("bad.csv", "later.yaml:", "all of its 1 trials failed")
        begin = '{"op_code": 0, "study_name": "%s", "directions": [%d]}\n'
        self.write("old.log", begin % ("a", 1) + begin % ("b", 2))
        given("old.log", "more than one study", "write warm_start: old.log#a")
        given("old.log#c", "no study called c", "a, b")
        given("old.log#b", "old.log:2: its study is maximised")
        given("old.log#a", "later.yaml:", "no finished trials")

    def test_nsga2_needs_both_of_its_objectives(self):
        self.write("study.yaml", LATER.replace("algorithm: tpe", "algorithm: nsga2\n  second_objective: parameters").replace(
            "warm_start: out", "warm_start: old.csv"))
        self.write("old.csv", TABLE.format("1", "0.01"))
        self.assertIn("nsga2 weighs the loss against parameters", self.twostep("check", "study.yaml", code=3).stderr)
        self.write("old.csv", TABLE.format("1", "0.01").replace("\n", ",parameters\n", 1).replace("relu\n", "relu,300\n"))
        self.assertIn("warm start  1 trial of old.csv, the best 1\n", self.twostep("check", "study.yaml").stdout)

    def test_times_of_inference_are_measured_and_learnt_from(self):
        timed = EARLIER.replace("algorithm: tpe", "algorithm: nsga2\n  second_objective: inference_seconds")
        self.write("study.yaml", timed)
        self.assertIn("more accurate and faster", self.twostep("run", "study.yaml").stdout)
        trials = json.loads(self.read("out", "report.json"))["trials"]
        self.assertTrue(all(0 < trial["inference_seconds_per_row"] < 1 for trial in trials))
        later = timed.replace("directory: out", "directory: later").replace("nsga2\n", "nsga2\n  warm_start: SOURCE\n")
        for source in ("out", "out/trials.csv"):
            self.write("later.yaml", later.replace("SOURCE", source))
            self.assertIn(f"warm start  16 trials of {source}, the best ", self.twostep("check", "later.yaml").stdout)
        self.write("old.csv", TABLE.format("1", "0.01"))
        self.write("later.yaml", later.replace("SOURCE", "old.csv"))
        refusal = self.twostep("check", "later.yaml", code=3).stderr
        self.assertIn("against inference_seconds, which its trials do not have", refusal)
        self.assertIn("a column inference_seconds_per_row", refusal)


if __name__ == "__main__":
    support.main()
