"""`twostep launch`: dead ranks, exit codes, signals, time limits; and the batch script that `twostep slurm` writes."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import support

LONGER = support.STUDY.replace("trials: 16", "trials: 40").replace("epochs: 5}", "epochs: 100}").replace(
    "epochs: 2}", "epochs: 40}")
VERSION = subprocess.run([support.MPIEXEC, "--version"], capture_output=True, text=True).stdout
OPEN_MPI = "Open MPI" in VERSION or "OpenRTE" in VERSION  # the latter is how its mpiexec calls itself


def rank_of(pid):
    """The rank of a process in its MPI job, or None."""
    try:
        with open(f"/proc/{pid}/environ") as file:
            found = re.search(r"(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)", file.read())
        with open(f"/proc/{pid}/stat") as file:
            alive = file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return None
    return int(found.group(1)) if found and alive else None


class Launch(support.Case):
    def launch(self, *words, ranks=3, options=(), run=(), batch=None):
        launcher = list(words) or [support.MPIEXEC, "-n", str(ranks)]
        env = support.environment()
        if OPEN_MPI:
            env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_mpi_yield_when_idle="1",
                       OMPI_MCA_hwloc_base_binding_policy="none", OMPI_MCA_btl_tcp_if_include="lo",
                       OMPI_MCA_oob_tcp_if_include="lo")
        env.update(batch or {})
        command = [support.TWOSTEP, "launch", *options, *launcher, "--", "run", "study.yaml", *run]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL, env=env)

    def ranks(self, job):
        return {rank_of(pid): pid for pid in support.descendants(job.pid) if rank_of(pid) is not None}

    def finished(self):
        return sum('"event":"finished"' in line and '"kind":"trial"' in line for line in self.events())

    def lines(self, event):
        return [line for line in self.events() if f'"event":"{event}"' in line]

    def end(self, job, code, seconds=120):
        try:
            out, err = job.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            support.kill_job(job)
            raise
        self.assertEqual(job.returncode, code, out + err)
        return out, err

    def check_once(self, trials):
        counts = {}
        for line in self.events():
            event = json.loads(line)
            if event["event"] == "finished" and event["kind"] == "trial" and event["outcome"] == "finished":
                counts[event["trial"]] = counts.get(event["trial"], 0) + 1
        self.assertEqual(counts, {trial: 1 for trial in range(1, trials + 1)})

    def test_dead_ranks_change_nothing(self):
        self.write("study.yaml", LONGER)
        self.end(self.launch(), 0)
        unbroken = self.trials()
        os.rename(self.path("out"), self.path("unbroken"))
        # Without recovery any death ends the job, which is started again.
        job = self.launch(options=["--no-recovery"])
        for victim, trials in ((2, 3), (0, 10)):
            support.wait_until(lambda: self.finished() >= trials or job.poll() is not None, f"{trials} trials")
            support.wait_until(lambda: victim in self.ranks(job) or job.poll() is not None, f"rank {victim}")
            runs = len(self.lines("run_started"))
            os.kill(self.ranks(job)[victim], signal.SIGKILL)
            support.wait_until(lambda: len(self.lines("run_started")) > runs or job.poll() is not None, "a new run", 30)
        _, err = self.end(job, 0)
        self.assertEqual(err.count("starting again"), 2, err)
        self.assertEqual(self.trials(), unbroken)
        self.check_once(40)

    @unittest.skipUnless(OPEN_MPI, "recovery is for Open MPI")
    def test_recovery_loses_only_a_trial(self):
        study = LONGER.replace("epochs: 100}", "epochs: 400}")
        self.write("study.yaml", study)
        self.end(self.launch(), 0)
        unbroken = self.trials()
        os.rename(self.path("out"), self.path("unbroken"))
        job = self.launch(ranks=4)
        support.wait_until(lambda: self.finished() >= 3 or job.poll() is not None, "trials")
        os.kill(self.ranks(job)[2], signal.SIGKILL)
        begun = time.monotonic()
        support.wait_until(lambda: self.lines("worker_lost") or job.poll() is not None, "the loss", 30)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(len(self.lines("run_started")), 1)
        # Rank 0's death is noticed by the launcher; the survivors are ended and the job begins anew.
        os.kill(self.ranks(job)[0], signal.SIGKILL)
        support.wait_until(lambda: len(self.lines("run_started")) == 2 or job.poll() is not None, "a new run", 40)
        _, err = self.end(job, 0)
        self.assertIn("rank 0 died", err)
        self.assertEqual(self.trials(), unbroken)
        self.check_once(40)
        self.assertEqual([n for n in os.listdir(self.path("out")) if n.startswith(".launch")], [])

    @unittest.skipUnless(OPEN_MPI, "recovery is for Open MPI")
    def test_a_team_that_lost_a_member_begins_again(self):
        self.write("study.yaml", LONGER.replace("trials: 40", "trials: 6").replace(
            "epochs: 40}", "epochs: 3000}\n  team: 2").replace("finalists: 3", "finalists: 1"))
        job = self.launch()
        support.wait_until(lambda: any('"kind":"retrain"' in line for line in self.lines("dispatched"))
                           or job.poll() is not None, "a retraining")
        time.sleep(0.2)  # into its collectives
        os.kill(self.ranks(job)[2], signal.SIGKILL)
        support.wait_until(lambda: len(self.lines("run_started")) == 2 or job.poll() is not None, "a new run", 40)
        # What was wanted is seen; the rest of the retraining is not.
        job.send_signal(signal.SIGTERM)
        _, err = self.end(job, 75, 60)
        self.assertIn("starting again (1 of 20)", err)
        self.assertIn("its team cannot go on", err)

    def test_exit_codes_are_rank_zeros(self):
        self.write("study.yaml", LONGER.replace("data/*.h5", "nowhere/*.h5"))
        _, err = self.end(self.launch(), 4)
        self.assertIn("nowhere", err)
        self.assertFalse(os.path.exists(self.path("out")))
        self.write("study.yaml", LONGER.replace("trials: 40", "trails: 40"))
        self.end(self.launch(), 3)
        self.write("study.yaml", support.STUDY)
        _, err = self.end(self.launch("false"), 7)
        self.assertIn("given up after 3 starts", err)
        _, err = self.end(self.launch("no-such-launcher"), 2)
        self.assertIn("no such program: no-such-launcher", err)
        self.assertNotIn("starting again", err)
        self.twostep("launch", "--", "walk", code=2)
        self.twostep("launch", "--help")

    def test_signals_stop_in_order(self):
        self.write("study.yaml", LONGER)
        for number, sent in enumerate((signal.SIGTERM, signal.SIGUSR1)):
            job = self.launch()
            support.wait_until(lambda: len(self.lines("run_started")) > number and self.finished() >= 3 * (number + 1)
                               or job.poll() is not None, "three trials")
            job.send_signal(sent)
            self.end(job, 75, 30)
            outcome = json.loads(self.read("out", "outcome.json"))
            self.assertEqual((outcome["exit_code"], outcome["restart"]), (75, False))
            self.assertIn("stopped by SIGUSR1", outcome["reason"])
        self.end(self.launch(), 0)
        self.check_once(40)

    def test_a_second_sigterm_means_now(self):
        self.write("study.yaml", LONGER)
        job = self.start("run", "study.yaml")
        support.wait_until(lambda: self.finished() >= 1 or job.poll() is not None, "a trial")
        # It does not answer the first at once; the second comes while it still waits for its training.
        job.send_signal(signal.SIGSTOP)
        job.send_signal(signal.SIGTERM)
        job.send_signal(signal.SIGCONT)
        job.send_signal(signal.SIGTERM)
        _, err = job.communicate(timeout=30)
        self.assertEqual(job.returncode, 75, err)

    def test_time_limits_end_a_run_before_they_come(self):
        self.write("study.yaml", LONGER.replace("epochs: 100}", "epochs: 6000}"))
        begun = time.monotonic()
        job = self.launch(run=["--walltime", "14s", "--margin", "6"])
        _, err = self.end(job, 75, 40)
        self.assertLess(time.monotonic() - begun, 14)
        self.assertIn("Time limit", err)
        self.assertRegex(json.loads(self.read("out", "outcome.json"))["reason"], "time")
        self.assertGreaterEqual(self.finished(), 1)
        self.twostep("run", "study.yaml", "--walltime", "120", code=2)
        self.twostep("run", "study.yaml", "--deadline", "soon", code=2)

    def test_lsf_is_asked_for_the_time_that_is_left(self):
        """A stand-in for bjobs, which knows job 77[3] alone and gives it a minute."""
        os.mkdir(self.path("lsf"))
        self.write("lsf/bjobs", '#!/bin/sh\n[ "$*" = "-noheader -o time_left 77[3]" ] && echo "0:01 L"\n')
        os.chmod(self.path("lsf", "bjobs"), 0o755)
        self.write("study.yaml", support.STUDY)
        path = self.path("lsf") + ":" + os.environ["PATH"]
        _, err = self.end(self.launch(batch={"PATH": path, "LSB_JOBID": "77", "LSB_JOBINDEX": "3"}), 0)
        self.assertRegex(err, r"Time limit: .*; stops 10 s before")
        os.rename(self.path("out"), self.path("limited"))
        _, err = self.end(self.launch(batch={"PATH": path, "LSB_JOBID": "77", "LSB_JOBINDEX": "0"}), 0)
        self.assertNotIn("Time limit", err)

    def test_batch_scripts(self):
        self.write("study.yaml", support.STUDY)
        for options in (["--time", "2:00:00", "--nodes", "4"], ["--time", "30", "--account", "a", "--partition", "p"]):
            script = self.twostep("slurm", "study.yaml", *options).stdout
            self.write("job.sbatch", script)
            subprocess.run(["bash", "-n", self.path("job.sbatch")], check=True)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", self.path("job.sbatch")], check=True)
            self.assertIn(f"--time={options[1]}", script)
        self.assertIn("#SBATCH --nodes=1\n", script)  # what so small a study needs
        self.assertIn("--account=a", script)
        with open(os.path.join(support.SOURCE, "slurm/run.sbatch")) as file:
            self.assertTrue(script.endswith(file.read().split("needs editing ----\n")[1]))
        self.twostep("slurm", "study.yaml", "--time", "soon", code=2)
        self.twostep("slurm", "study.yaml", "--time", "5", "--account", "x\n#SBATCH -p y", code=2)


if __name__ == "__main__":
    support.main()
