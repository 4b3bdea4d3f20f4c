"""`search.warm_start`: a search that begins with the trials of an earlier one."""
import json
import os
import shutil

import support

EARLIER = support.STUDY.replace("trials: 16", "trials: 16\n  algorithm: tpe")
LATER = EARLIER.replace("directory: out", "directory: later").replace("float: [1e-3, 1e-1]", "float: [1e-4, 1]").replace(
    "algorithm: tpe", "algorithm: tpe\n  warm_start: out")


class WarmStart(support.Case):
    def created(self, folder):
        return [json.loads(line)["point"] for line in self.events(folder) if '"event":"trial_created"' in line]

    def test_the_search_goes_on_from_earlier_trials(self):
        self.write("study.yaml", EARLIER)
        self.twostep("run", "study.yaml")
        self.write("later.yaml", LATER)
        self.assertIn("warm start  16 trials of out\n", self.twostep("check", "later.yaml").stdout)
        done = self.twostep("run", "later.yaml", ranks=3)
        self.assertIn("Warm start: 16 trials of out", done.stderr)
        self.assertRegex(done.stdout, r"warm start +16 trials of out")
        events = [json.loads(line)["event"] for line in self.events("later")]
        self.assertEqual(events[:3], ["study_created", "run_started", "warm_started"])
        report = json.loads(self.read("later", "report.json"))
        self.assertEqual((report["prior_trials"], report["warm_start"]), (16, "out"))
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
        refused(LATER.replace("warm_start: out", "warm_start: out.csv"), 3, "neither objective nor value")


if __name__ == "__main__":
    support.main()
