"""Trials in rungs, killed and resumed: what goes on has the bits of a training that never paused."""
import json
import os

import support

WHOLE = support.STUDY.replace("trials: 16", "trials: 40").replace("epochs: 5}", "epochs: 27}")
STOPPED = WHOLE.replace("search:", "search:\n  early_stopping: {rule: %s}")


class EarlyStopping(support.Case):
    def journalled(self):
        return [json.loads(line) for line in self.events() if line.endswith("}")]

    def count(self, event):
        return sum(f'"event":"{event}"' in line for line in self.events())

    def curves(self):
        """Per trial, the objectives of its validations and how it ended."""
        curves, ends = {}, {}
        for event in self.journalled():
            if event["event"] == "finished" and event["kind"] == "trial":
                if event["outcome"] in ("finished", "paused"):
                    curve = curves.setdefault(event["trial"], [])
                    curve[event.get("curve_from", 0):] = event["curve"]
                if event["outcome"] not in ("paused", "interrupted"):
                    ends.setdefault(event["trial"], []).append(event["outcome"])
            elif event["event"] == "trial_stopped":
                ends.setdefault(event["trial"], []).append("stopped")
        return curves, ends

    def run_with_kills(self, study):
        self.write("study.yaml", study)
        for number in (1, 2):
            before = self.count("trial_stopped")
            job = self.start("run", "study.yaml", ranks=3)
            support.wait_until(lambda: (self.count("run_started") == number
                                        and self.count("trial_stopped") >= before + 2) or job.poll() is not None,
                               f"trials that run {number} has stopped")
            self.assertIsNone(job.poll(), "the job ended before it could be killed")
            support.kill_job(job)
            job.stderr.close()
        self.twostep("run", "study.yaml", ranks=3)

    def test_kills_leave_the_bits_of_whole_trainings(self):
        self.write("study.yaml", WHOLE)
        self.twostep("run", "study.yaml", ranks=3)
        whole, _ = self.curves()
        for rule in ("asha", "hyperband"):
            os.rename(self.path("out"), self.path(f"before-{rule}"))
            self.run_with_kills(STOPPED % rule)
            curves, ends = self.curves()
            self.assertEqual(sorted(ends), list(range(1, 41)))
            for trial, outcomes in ends.items():
                self.assertEqual(len(outcomes), 1, f"trial {trial} ended as {outcomes}")
                curve = curves[trial]
                self.assertEqual(curve, whole[trial][:len(curve)], f"trial {trial} of {rule}")
                if outcomes == ["finished"]:
                    self.assertEqual(len(curve), len(whole[trial]))
            stopped = [trial for trial, outcomes in ends.items() if outcomes == ["stopped"]]
            self.assertGreater(len(stopped), 10)
            self.assertLess(len(stopped), 40)
            report = json.loads(self.read("out", "report.json"))
            self.assertEqual(report["runs"], 3)

    def test_what_makes_no_sense_is_refused(self):
        for options, what in (("{rule: asha, reduction_factor: 1}", "out of range"),
                              ("{rule: asha, top_k: 3}", "goes with one_epoch"),
                              ("{minimum: 3}", "without a rule"),
                              ("{rule: asha, minimum: 27}", "not below the whole")):
            self.write("study.yaml", WHOLE.replace("search:", f"search:\n  early_stopping: {options}"))
            refused = self.twostep("check", "study.yaml", code=3)
            self.assertIn(what, refused.stderr)
            self.assertIn("study.yaml:2", refused.stderr)


if __name__ == "__main__":
    support.main()
