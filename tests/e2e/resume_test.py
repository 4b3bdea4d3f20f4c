"""Killed, stopped, run again: nothing finished is lost or repeated, and the end is the same."""
import json
import os
import signal

import support

LONGER = support.STUDY.replace("trials: 16", "trials: 30").replace("epochs: 5}", "epochs: 60}").replace(
    "epochs: 2}", "epochs: 40}")


class Resume(support.Case):
    def finished(self):
        return sum('"event":"finished"' in line and '"kind":"trial"' in line for line in self.events())

    def retraining(self):
        return any('"event":"dispatched"' in line and '"kind":"retrain"' in line for line in self.events())

    def test_five_kills_change_nothing(self):
        # Clocks decide the teams, so two runs agree to the last bit only if teams do not matter.
        self.write("study.yaml", LONGER.replace("retraining:", "retraining:\n  reproducible: true"))
        self.twostep("run", "study.yaml", ranks=3)
        unbroken = self.trials()
        reference = json.loads(self.read("out", "report.json"))
        os.rename(self.path("out"), self.path("unbroken"))
        moments = [lambda: self.finished() >= 1, lambda: self.finished() >= 8,
                   lambda: self.finished() >= 15, lambda: self.finished() >= 24, self.retraining]
        for number, moment in enumerate(moments):
            job = self.start("run", "study.yaml", ranks=3)
            support.wait_until(lambda: moment() or job.poll() is not None, f"moment {number}")
            self.assertIsNone(job.poll(), "the job ended before it could be killed")
            support.kill_job(job)
            job.stderr.close()
        done = self.twostep("run", "study.yaml", ranks=3)
        self.assertIn("Resuming", done.stderr)
        self.assertEqual(self.trials(), unbroken)
        report = json.loads(self.read("out", "report.json"))
        self.assertEqual(report["runs"], 6)
        for ours, theirs in zip(report["finalists"], reference["finalists"]):
            for key in ("trial", "objective", "test", "parameters"):
                self.assertEqual(ours[key], theirs[key])
        finished = {}
        for line in self.events():
            event = json.loads(line)
            if event["event"] == "finished" and event["kind"] == "trial":
                finished[event["trial"]] = finished.get(event["trial"], 0) + 1
        self.assertEqual(finished, {trial: 1 for trial in range(1, 31)})

    def test_a_long_retraining_goes_on_from_its_checkpoint(self):
        study = LONGER.replace("seed: 5", "seed: 5, checkpoint_seconds: 0.1").replace("trials: 30", "trials: 4").replace(
            "finalists: 3", "finalists: 1")
        for ranks, epochs in ((2, 4000), (3, 800)):  # alone, and as a team of two, whose steps take longer
            self.write("study.yaml", study.replace("retraining:", f"retraining:\n  team: {ranks - 1}").replace(
                "epochs: 40}", f"epochs: {epochs}}}"))
            folder = self.path("out")
            if os.path.exists(folder):
                os.rename(folder, self.path(f"unbroken-{ranks - 1}b"))
            self.twostep("run", "study.yaml", ranks=ranks)
            whole = json.loads(self.read("out", "report.json"))["finalists"][0]
            os.rename(folder, self.path(f"unbroken-{ranks}"))
            kills = 0
            while kills < 3:
                job = self.start("run", "study.yaml", ranks=ranks)
                before = self.checkpoint()
                support.wait_until(lambda: self.checkpoint() not in (None, before) or job.poll() is not None,
                                   "a new checkpoint")
                ended = job.poll() is not None
                support.kill_job(job)
                job.stderr.close()
                if ended:
                    break
                kills += 1
            self.assertGreaterEqual(kills, 1)
            self.twostep("run", "study.yaml", ranks=ranks)
            resumed = json.loads(self.read("out", "report.json"))["finalists"][0]
            for key in ("objective", "test", "validation", "parameters"):
                self.assertEqual(resumed[key], whole[key])
            self.assertFalse(os.path.exists(self.path("out", "checkpoints")))

    def checkpoint(self):
        """When the checkpoint of a retraining was written."""
        folder = self.path("out", "checkpoints")
        try:
            names = [n for n in os.listdir(folder) if n.startswith("retrain") and n.endswith(".bin")]
            return max((os.stat(os.path.join(folder, n)).st_mtime_ns for n in names), default=None)
        except OSError:
            return None

    def test_sigterm_stops_with_the_resume_code(self):
        self.write("study.yaml", LONGER)
        for ranks in (0, 3):
            out = self.path("out")
            if os.path.exists(out):
                os.rename(out, self.path(f"old-{ranks}"))
            job = self.start("run", "study.yaml", ranks=ranks)
            support.wait_until(lambda: self.finished() >= 3 or job.poll() is not None, "three trials")
            job.send_signal(signal.SIGTERM if ranks == 0 else signal.SIGUSR1)
            _, text = job.communicate(timeout=60)
            self.assertEqual(job.returncode, 75, text)
            self.assertIn("resumes it", text)
            outcome = json.loads(self.read("out", "outcome.json"))
            self.assertEqual(outcome["exit_code"], 75)
            self.assertTrue(outcome["resume"])
            self.twostep("run", "study.yaml", ranks=ranks)
            self.assertEqual(len(self.trials()), 31)

    def test_a_finished_study_says_so(self):
        self.write("study.yaml", support.STUDY)
        self.twostep("run", "study.yaml")
        before = self.events()
        for ranks in (0, 2):
            done = self.twostep("run", "study.yaml", ranks=ranks)
            self.assertIn("is finished", done.stdout)
        self.assertEqual(self.events(), before)

    def test_more_trials_extend_a_study_that_has_not_chosen(self):
        self.write("study.yaml", LONGER)
        job = self.start("run", "study.yaml")
        support.wait_until(lambda: self.finished() >= 3 or job.poll() is not None, "three trials")
        support.kill_job(job)
        job.stderr.close()
        self.write("study.yaml", LONGER.replace("trials: 30", "trials: 33"))
        self.twostep("run", "study.yaml")
        self.assertEqual(len(self.trials()), 34)

    def test_fresh_never_overwrites_unasked(self):
        self.write("study.yaml", support.STUDY)
        self.twostep("run", "study.yaml")
        before = self.read("out", "report.json")
        done = self.twostep("run", "--fresh", "study.yaml", code=5)
        self.assertIn("--overwrite", done.stderr)
        self.assertEqual(self.read("out", "report.json"), before)
        self.write("out/notes.txt", "mine")
        self.twostep("run", "--fresh", "--overwrite", "study.yaml")
        self.assertEqual(self.read("out", "notes.txt"), "mine")
        self.assertEqual(json.loads(self.read("out", "report.json"))["runs"], 1)
        self.twostep("run", "--overwrite", "study.yaml", code=2)

    def test_a_different_study_is_refused_with_the_difference(self):
        self.write("study.yaml", support.STUDY)
        self.twostep("run", "study.yaml")
        before = self.read("out", "trials.csv")
        self.write("study.yaml", support.STUDY.replace("[64, 128]", "[64]").replace("seed: 5", "seed: 6"))
        for ranks in (0, 3):
            done = self.twostep("run", "study.yaml", ranks=ranks, code=5)
            self.assertIn("seed", done.stderr)
            self.assertIn("batch_size", done.stderr)
        self.assertEqual(self.read("out", "trials.csv"), before)

    def test_a_held_directory_names_its_holder(self):
        self.write("study.yaml", LONGER.replace("epochs: 60}", "epochs: 6000}"))
        job = self.start("run", "study.yaml")
        try:
            support.wait_until(lambda: len(self.events()) > 3, "a running study")
            done = self.twostep("run", "study.yaml", code=5)
            self.assertIn("held by another run", done.stderr)
            self.assertIn(f"process {job.pid}", done.stderr)
            self.assertEqual(len(os.listdir(self.path("out", "journal"))), 1)
        finally:
            support.kill_job(job)
            job.stderr.close()


if __name__ == "__main__":
    support.main()
