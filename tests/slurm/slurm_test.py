"""slurm/run.sbatch on a real Slurm: time limits, requeueing, cancelling, a node that dies, job arrays.

All jobs run side by side on one virtual cluster, each test looks after its own."""
import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import cluster  # noqa: E402
import support  # noqa: E402

SCRIPT = os.path.join(support.SOURCE, "slurm", "run.sbatch")
SMALL = support.STUDY.replace("trials: 16", "trials: 24")


def lengthened(text, seconds_per_epoch, wanted):
    """The study with trainings that take about `wanted` seconds on one core of this machine."""
    epochs = max(5, round(wanted / seconds_per_epoch))
    return text.replace("budget: {epochs: 5}", f"budget: {{epochs: {epochs}}}")


class Slurm(support.Case):
    data_rows = 6000

    @classmethod
    def setUpClass(cls):
        absent = cluster.missing()
        if absent:
            if os.environ.get("CI") == "true":
                raise AssertionError(f"a skip is a failure here; missing: {absent}")
            print(f"SKIPPED LOUDLY: no Slurm can be started: {absent}")
            raise unittest.SkipTest(absent)
        super().setUpClass()
        cls.slurm = cluster.Cluster(nodes=8, cores=2)
        try:
            cls.slurm.start()
            cls.measure()
        except BaseException:
            cls.slurm.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.slurm.stop()
        super().tearDownClass()

    @classmethod
    def measure(cls):
        """How long an epoch of the small study takes here, alone; and its trials, undisturbed."""
        case = cls("run_nothing")
        case.setUp()
        case.write("study.yaml", SMALL)
        case.twostep("run", "study.yaml")
        cls.unbroken = case.trials()
        case.write("study.yaml", SMALL.replace("epochs: 5}", "epochs: 200}").replace("directory: out", "directory: long"))
        case.twostep("run", "study.yaml")
        rows = [line.split(",") for line in case.read("long", "trials.csv").splitlines()]
        times = [float(row[-1]) for row in rows[1:]]
        cls.epoch_seconds = sum(times) / len(times) / 200
        case.tearDown()

    def run_nothing(self):
        pass

    # -- what all tests do

    def new_folder(self, name):
        folder = self.path(name)
        os.mkdir(folder)
        os.symlink(self.data_folder, os.path.join(folder, "data"))
        return folder

    def submit(self, folder, *arguments, options=(), env=None):
        done = self.slurm.run("sbatch", "--parsable", "--output=log.%j.%a" if any("--array" in o for o in options) else
                              "--output=log", "--ntasks-per-node=2", *options, SCRIPT, *arguments, cwd=folder,
                              env=dict({"TWOSTEP": support.TWOSTEP}, **(env or {})))
        return done.stdout.strip().split(";")[0]

    def log_of(self, folder):
        text = ""
        for name in sorted(os.listdir(folder)):
            if name.startswith("log"):
                with open(os.path.join(folder, name)) as file:
                    text += file.read()
        return text

    def events_of(self, folder, kind=None):
        found = []
        journal = os.path.join(folder, "out", "journal")
        if os.path.isdir(journal):
            for name in sorted(os.listdir(journal)):
                with open(os.path.join(journal, name)) as file:
                    for line in file:
                        if line.endswith("\n"):
                            event = json.loads(line)
                            if kind in (None, event["event"]):
                                found.append(event)
        return found

    def finished(self, folder):
        return sum(e["kind"] == "trial" and e["outcome"] == "finished" for e in self.events_of(folder, "finished"))

    def await_end(self, job, folder, seconds):
        ended = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")
        try:
            self.slurm.wait(lambda: self.slurm.job(job).get("JobState") in ended, f"the end of job {job}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.slurm.job(job)}\n{self.log_of(folder)[-3000:]}")
        return self.slurm.job(job)

    def check_finished(self, folder, trials):
        """The study is finished and every trial was finished exactly once."""
        with open(os.path.join(folder, "out", "report.json")) as file:
            report = json.load(file)
        self.assertEqual(report["phase"], "finished", self.log_of(folder)[-3000:])
        counts = {}
        for event in self.events_of(folder, "finished"):
            if event["kind"] == "trial" and event["outcome"] != "interrupted":
                counts[event["trial"]] = counts.get(event["trial"], 0) + 1
        self.assertEqual(counts, {trial: 1 for trial in range(1, trials + 1)})
        return report

    def trials_of(self, folder):
        with open(os.path.join(folder, "out", "trials.csv")) as file:
            return [line.rsplit(",", 1)[0] for line in file.read().splitlines()]

    # -- the scenarios, each in a thread

    def time_limit(self):
        """A minute's limit, a study that needs more; another number of nodes after the requeue."""
        folder = self.new_folder("limit")
        # Some 130 s of processor time for two cores: more than a minute's job can do.
        text = lengthened(SMALL.replace("trials: 24", "trials: 130"), self.epoch_seconds, 1.0)
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(text)
        # Slurm's warning is a signal that says nothing: twostep has to know the limit itself.
        job = self.submit(folder, "study.yaml", options=["--nodes=2", "--time=1", "--signal=B:URG@5"])

        def requeued():
            now = self.slurm.job(job)
            return int(now.get("Restarts", 0)) > 0 and now["JobState"] == "PENDING"
        self.slurm.wait(requeued, "a requeue", 120)
        self.slurm.run("scontrol", "update", f"jobid={job}", "numnodes=1", "numtasks=2", "numcpus=2", "timelimit=5")
        end = self.await_end(job, folder, 280)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        self.assertGreaterEqual(int(end["Restarts"]), 1)
        self.check_finished(folder, 130)
        log = self.log_of(folder)
        self.assertRegex(log, r"Time limit: \S+; stops \d+ s before")
        reasons = [e["reason"] for e in self.events_of(folder, "run_ended")]
        self.assertRegex(reasons[0], "its time is up|time that is left")
        # srun with PMIx over two nodes, then on another number.
        self.assertRegex(log, r"4 ranks .*: 0 on (node\d) CPUs \S+; 1 on \1 CPUs \S+; 2(-3)? on (?!\1)node\d")
        sizes = [e["workers"] for e in self.events_of(folder, "run_started")]
        self.assertEqual(sizes[0], 3)
        self.assertEqual(sizes[1:], [1])

    def cancelled(self):
        """scancel stops the study in order, and for good; a new job on another number of nodes goes on."""
        folder = self.new_folder("cancelled")
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(lengthened(SMALL, self.epoch_seconds, 0.4))
        job = self.submit(folder, "study.yaml", options=["--nodes=1"])
        self.slurm.wait(lambda: self.finished(folder) >= 2, "two trials", 120)
        self.slurm.run("scancel", job)
        end = self.await_end(job, folder, 60)
        self.assertEqual(end["JobState"], "CANCELLED", self.log_of(folder))
        self.slurm.wait(lambda: self.events_of(folder)[-1]["event"] == "run_ended", "a clean end", 30)
        time.sleep(1)
        self.assertEqual(self.slurm.job(job)["JobState"], "CANCELLED")
        job = self.submit(folder, "study.yaml", options=["--nodes=2"])
        end = self.await_end(job, folder, 200)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        self.check_finished(folder, 24)

    def node_dies(self):
        """A node loses its power in mid-run: the study goes on without it."""
        folder = self.new_folder("node")
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(lengthened(SMALL, self.epoch_seconds, 0.8))
        job = self.submit(folder, "study.yaml", options=["--nodes=2"])
        self.slurm.wait(lambda: self.finished(folder) >= 2, "two trials", 120)
        names = self.slurm.run("scontrol", "show", "hostnames", self.slurm.job(job)["NodeList"]).stdout.split()
        self.slurm.crash(names[-1])
        end = self.await_end(job, folder, 240)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        self.check_finished(folder, 24)
        self.assertGreaterEqual(len(self.events_of(folder, "run_started")), 2)

    def array(self):
        """Two studies of a job array, side by side in one folder: none disturbs the other."""
        folder = self.new_folder("array")
        for name in "ab":
            with open(os.path.join(folder, f"{name}.yaml"), "w") as file:
                file.write(SMALL.replace("directory: out", f"directory: out-{name}"))
        job = self.submit(folder, "a.yaml", "b.yaml", options=["--nodes=1", "--array=0-1"])
        for index in (0, 1):
            end = self.await_end(f"{job}_{index}", folder, 200)
            self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        for name in "ab":
            with open(os.path.join(folder, f"out-{name}", "trials.csv")) as file:
                rows = [line.rsplit(",", 1)[0] for line in file.read().splitlines()]
            self.assertEqual(rows, self.unbroken)

    def resubmitted(self):
        """Where a job may not be requeued, a new one is submitted that goes on, with the same result."""
        folder = self.new_folder("again")
        text = lengthened(SMALL, self.epoch_seconds, 0.4)
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(text)
        job = self.submit(folder, "study.yaml", options=["--nodes=1", "--no-requeue", "--job-name=again",
                                                         "--open-mode=append"])
        self.slurm.wait(lambda: self.finished(folder) >= 3, "three trials", 120)
        self.slurm.run("scancel", "--batch", "--signal=USR1", job)
        end = self.await_end(job, folder, 60)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder))
        found = re.search(r"Submitted batch job (\d+)", self.log_of(folder))
        self.assertTrue(found, self.log_of(folder))
        end = self.await_end(found.group(1), folder, 200)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        self.check_finished(folder, 24)
        self.assertEqual(len(self.events_of(folder, "run_started")), 2)

    def with_mpirun(self):
        """Open MPI's own launcher inside the job: on both nodes, with recovery, the same result."""
        folder = self.new_folder("mpirun")
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(SMALL)
        job = self.submit(folder, "study.yaml", options=["--nodes=2"],
                          env={"TWOSTEP_LAUNCHER": "mpirun", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        end = self.await_end(job, folder, 200)
        self.assertEqual(end["JobState"], "COMPLETED", self.log_of(folder)[-3000:])
        self.check_finished(folder, 24)
        self.assertEqual(self.trials_of(folder), self.unbroken)
        self.assertRegex(self.log_of(folder), r"4 ranks .*: 0 on node\d.* 2-3 on node\d")

    def test_all_together(self):
        failures = {}

        def run(scenario):
            begun = time.monotonic()
            try:
                scenario()
                print(f"  {scenario.__name__}: passed after {time.monotonic() - begun:.0f} s", flush=True)
            except BaseException as error:  # noqa: B902: of a thread, reported below
                failures[scenario.__name__] = error
                print(f"  {scenario.__name__}: FAILED after {time.monotonic() - begun:.0f} s: {error}", flush=True)

        scenarios = [self.time_limit, self.node_dies, self.array, self.resubmitted, self.cancelled,
                     self.with_mpirun]
        if os.environ.get("TWOSTEP_SCENARIO"):
            scenarios = [getattr(self, os.environ["TWOSTEP_SCENARIO"])]
        threads = [threading.Thread(target=run, args=(s,)) for s in scenarios]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, {})


if __name__ == "__main__":
    support.main()
