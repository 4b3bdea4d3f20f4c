"""Workers that hang, die under a configuration, or come back: what each costs, and what the report says of it."""
import json
import os
import signal
import subprocess
import sys
import time

import campaign
from campaign import support

LONG = support.STUDY.replace("trials: 16", "trials: 12").replace("epochs: 5}", "epochs: 300}")
SLOW = support.STUDY.replace("trials: 16", "trials: 8").replace("epochs: 5}", "epochs: 4000}")  # seconds each
LOST_AFTER = ("--lost-after", "5")


def recovering(ranks, *args):
    """Under Open MPI's recovery mode, in which the death of a rank ends nobody else."""
    line = support.command(ranks, *args)
    at = line.index(support.MPIEXEC)
    return line[:at + 2] + ["--enable-recovery"] + line[at + 2:]


class Workers(support.Case):
    def begin(self, line):
        log = open(self.path("log"), "w")
        with log:
            return subprocess.Popen(line, cwd=self.folder, stdout=log, stderr=log, env=support.environment())

    def journal(self):
        return [json.loads(line) for line in self.events() if line.endswith("}")]

    def report(self):
        return json.loads(self.read("out", "report.json"))

    def unbroken(self):
        self.twostep("run", "study.yaml", ranks=3)
        whole = self.trials()
        os.rename(self.path("out"), self.path("unbroken"))
        return whole

    def holder(self, trial=None):
        """(worker, trial) of the newest assignment under way."""
        open_ = {}
        for event in self.journal():
            if event["event"] == "dispatched" and event["kind"] == "trial":
                open_[event["assignment"]] = event
            elif event["event"] == "finished":
                open_.pop(event["assignment"], None)
            elif event["event"] == "worker_lost":
                open_ = {n: e for n, e in open_.items() if event["worker"] not in e["team"]}
            elif event["event"] == "run_started":
                open_ = {}
        for event in open_.values():
            first = min(e["assignment"] for e in open_.values() if e["team"] == event["team"])
            if event["assignment"] == first and trial in (None, event["trial"]):
                return event["team"][0], event["trial"]
        return None

    def test_a_hung_worker_costs_its_trial_a_second_attempt(self):
        self.write("study.yaml", LONG)
        whole = self.unbroken()
        job = self.begin(support.command(3, "run", "study.yaml", *LOST_AFTER))
        support.wait_until(lambda: self.holder() or job.poll() is not None, "a trial under way")
        worker, _ = self.holder()
        os.kill(campaign.ranks_of(job.pid)[worker], signal.SIGSTOP)
        job.wait(timeout=120)
        self.assertEqual(job.returncode, 0, self.read("log"))
        self.assertEqual(self.trials(), whole)
        lost = [e for e in self.journal() if e["event"] == "worker_lost"]
        self.assertEqual([e["worker"] for e in lost], [worker])
        self.assertIn("silent", lost[0]["why"])
        self.assertEqual(self.report()["workers_lost"], 1)
        self.assertIn(f"worker {worker}: silent", self.report()["losses"][0])
        self.assertIn("lost", self.read("log"))

    def test_a_hung_worker_that_comes_back_works_on(self):
        self.write("study.yaml", LONG.replace("trials: 12", "trials: 40"))
        whole = self.unbroken()
        job = self.begin(support.command(3, "run", "study.yaml", *LOST_AFTER))
        support.wait_until(lambda: self.holder() or job.poll() is not None, "a trial under way")
        worker, _ = self.holder()
        pid = campaign.ranks_of(job.pid)[worker]
        os.kill(pid, signal.SIGSTOP)
        support.wait_until(lambda: any(e["event"] == "worker_lost" for e in self.journal()), "the loss", 60)
        os.kill(pid, signal.SIGCONT)
        self.assertEqual(job.wait(timeout=120), 0, self.read("log"))
        self.assertEqual(self.trials(), whole)
        once = campaign.finished_of(self.journal())  # raises if a trial counts twice
        self.assertEqual(sum(kind == "trial" for kind, _ in once), 40)

    def poison(self, start, trial):
        """Kills whatever worker has begun `trial`, as often as it is tried. Returns how often that was."""
        kills = 0
        for _ in range(6):
            job = self.begin(start)
            while job.poll() is None:
                held = self.holder(trial)
                if held and held[0] in campaign.ranks_of(job.pid):
                    attempt = sum(e["event"] == "dispatched" and e["trial"] == trial and e["kind"] == "trial"
                                  for e in self.journal())
                    if attempt > kills:
                        kills += 1
                        try:
                            os.kill(campaign.ranks_of(job.pid)[held[0]], signal.SIGKILL)
                        except (KeyError, ProcessLookupError):
                            kills -= 1
                time.sleep(0.005)
            if job.returncode == 0 or os.path.exists(self.path("out", "report.json")) and \
                    self.report()["phase"] == "finished":
                break
        return kills

    def expect_crashed(self, whole, trial, kills):
        self.assertEqual(kills, 2, "tried twice, not a third time")
        rows = self.trials()
        for number, (ours, theirs) in enumerate(zip(rows, whole)):
            if number == trial:
                self.assertEqual(ours.split(",")[1], "crashed")
                self.assertIn("died", ours)
            else:
                self.assertEqual(ours.split(",")[:7], theirs.split(",")[:7])

    def test_a_poison_trial_under_recovery(self):
        self.write("study.yaml", SLOW)
        whole = self.unbroken()
        kills = self.poison(recovering(4, "run", "study.yaml", *LOST_AFTER), 3)
        self.expect_crashed(whole, 3, kills)

    def test_a_poison_trial_that_takes_the_job_with_it(self):
        self.write("study.yaml", SLOW)
        whole = self.unbroken()
        kills = self.poison(support.command(4, "run", "study.yaml"), 3)
        self.expect_crashed(whole, 3, kills)

    def test_too_little_memory_is_a_failed_trial_not_a_killed_rank(self):
        """Twelve times this machine's memory: it would have been killed in the middle."""
        self.write("study.yaml", support.STUDY.replace("width: {int: [4, 32], log: true, per: layer}",
                                                       "width: {choice: [8, 65536]}")
                   .replace("layers: {int: [1, 3]}", "layers: 8").replace("trials: 16", "trials: 8"))
        self.twostep("run", "study.yaml", ranks=3)
        big = [row for row in self.trials()[1:] if ",65536" in row]
        self.assertTrue(big)
        for row in big:
            self.assertEqual(row.split(",")[1], "failed")
            self.assertIn("too much memory", row)

    def test_a_suspended_run_cannot_disturb_its_successor(self):
        """A whole run is stopped, loses its directory to a successor (as on a file system without locks), and wakes."""
        self.write("study.yaml", LONG)
        whole = self.unbroken()
        old = self.begin(support.command(3, "run", "study.yaml"))
        support.wait_until(lambda: self.holder() or old.poll() is not None, "a trial under way")
        ranks = campaign.ranks_of(old.pid)
        for pid in [*ranks.values(), old.pid]:
            os.kill(pid, signal.SIGSTOP)
        try:
            held = self.twostep("run", "study.yaml", ranks=3, code=5)
            self.assertIn("held by another run", held.stderr)
            os.remove(self.path("out", "lock"))  # what NFS without locks amounts to
            job = self.begin(support.command(3, "run", "study.yaml"))
            support.wait_until(lambda: len(os.listdir(self.path("out", "journal"))) > 1, "the successor")
            for pid in [*ranks.values(), old.pid]:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(job.wait(timeout=120), 0, self.read("log"))
            old.wait(timeout=120)
        finally:
            support.kill_job(old)
        done = self.twostep("run", "study.yaml")
        self.assertIn("is finished", done.stdout)
        self.assertEqual(self.trials(), whole)


if __name__ == "__main__":
    support.main()
