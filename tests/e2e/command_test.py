"""`trainer.command`: a study whose trainings are a program of the user's."""
import json
import os
import signal
import time

import support

STUDY = """\
study: {name: outside, seed: 5, directory: out}
trainer:
  command: [python3, train.py]
  grace_seconds: 0.5
space:
  x: {float: [-2, 2]}
  kind: {choice: [plain, odd]}
  extra: {int: [1, 4], when: {kind: odd}}
search:
  trials: 12
  subset: {rows: 100}
  budget: {epochs: 3}
promotion: {finalists: 2}
retraining: {budget: {epochs: 5}}
"""

TRAIN = """\
import json, os, sys, time
told = json.load(open(os.environ["TWOSTEP_CONFIG"]))
choice = told["configuration"]
unit, amount = next(iter(told["budget"].items()))
print("some output that is no value")
for n in range(1, amount + 1):
    value = (choice["x"] - 0.5) ** 2 + 0.1 * choice.get("extra", 0) + 1 / n
    print(json.dumps({"value": value, "epoch": n, "parameters": 7}), flush=True)
"""


def alive(mark):
    """Processes with `mark` in their command line."""
    return [pid for pid, words, _ in support.processes() if mark.encode() in words]


def ranks_below(launcher):
    """The ranks of a job, without the guards of their programs; processes may end meanwhile."""
    found = []
    for pid in support.descendants(launcher):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read()
            if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(support.TWOSTEP) and b"\0guard\0" not in words:
                found.append(pid)
        except OSError:
            pass
    return found


class Command(support.Case):
    def results(self, folder="out"):
        return json.loads(self.read(folder, "report.json"))

    def statuses(self):
        return [t["status"] for t in self.results()["trials"]]

    def run_with(self, train, study=STUDY, code=0, ranks=0):
        self.write("train.py", train)
        self.write("study.yaml", study)
        return self.twostep("run", "study.yaml", ranks=ranks, code=code)

    def test_trials_and_finalists_are_what_the_program_says(self):
        self.run_with(TRAIN, ranks=3)
        report = self.results()
        self.assertEqual(report["phase"], "finished")
        self.assertEqual(report["objective_metric"], "value")
        for trial in report["trials"]:
            choice = trial["configuration"]
            expected = (choice["x"] - 0.5) ** 2 + 0.1 * choice.get("extra", 0) + 1 / 3
            self.assertAlmostEqual(trial["objective"], expected)
            self.assertEqual((trial["epochs"], trial["parameters"]), (3, 7))
            self.assertEqual("extra" in choice, choice["kind"] == "odd")
        best = sorted(report["trials"], key=lambda t: t["objective"])[:2]
        self.assertEqual({f["trial"] for f in report["finalists"]}, {t["trial"] for t in best})
        for finalist in report["finalists"]:
            self.assertAlmostEqual(finalist["objective"], finalist["search_objective"] - 1 / 3 + 1 / 5)
            told = json.loads(self.read("out", "finalists", str(finalist["trial"]), "config.json"))
            self.assertTrue(told["full_data"])
            self.assertIsNone(told["subset"])
        told = json.loads(self.read("out", "trials", "1", "config.json"))
        self.assertEqual((told["full_data"], told["subset"], told["budget"]), (False, {"rows": 100}, {"epochs": 3}))
        self.assertIn("some output", self.read("out", "trials", "1", "stdout.txt"))
        # The same study alone has the same trials, and a finished one has nothing to do.
        before = self.read("out", "journal", "0001.jsonl")
        self.twostep("run", "study.yaml")
        self.assertEqual(self.read("out", "journal", "0001.jsonl"), before)
        self.run_with(TRAIN, STUDY.replace("directory: out", "directory: alone"))
        self.assertEqual([t["objective"] for t in self.results("alone")["trials"]],
                         [t["objective"] for t in report["trials"]])

    def test_larger_may_be_better(self):
        self.run_with(TRAIN.replace("value = (", "value = -("), STUDY.replace("  grace", "  goal: maximise\n  grace"))
        report = self.results()
        values = [t["objective"] for t in report["trials"]]
        self.assertEqual({report["trials"][f["trial"] - 1]["objective"] for f in report["finalists"]},
                         set(sorted(values)[-2:]))

    def test_the_program_sees_no_job_of_ours(self):
        self.run_with(TRAIN + 'print([v for v in os.environ if v.startswith(("OMPI_", "PMIX_", "PMI_", "SLURM_"))], '
                      'sorted(v for v in os.environ if v.startswith("TWOSTEP_") and v != "TWOSTEP_BIN" and '
                      'v != "TWOSTEP_MPIEXEC"), sys.stdin.read())\n', ranks=2)
        said = self.read("out", "trials", "1", "stdout.txt").splitlines()[-1]
        self.assertEqual(said.strip(), "[] ['TWOSTEP_ATTEMPT', 'TWOSTEP_BUDGET', 'TWOSTEP_BUDGET_UNIT', "
                         "'TWOSTEP_CONFIG', 'TWOSTEP_DIRECTORY', 'TWOSTEP_FULL_DATA', 'TWOSTEP_SEED', 'TWOSTEP_TRIAL']")

    def test_programs_that_fail_are_failed_trials(self):
        train = TRAIN.replace("print(\"some", """
n = told["trial"]
if n == 1: sys.exit("it has no data")
if n == 2: os.kill(os.getpid(), 11)
if n == 3: sys.exit(0)
if n == 4: print('{"value": NaN}', flush=True); time.sleep(600)
if n == 5: print("x" * 3000000); print('{"value": "high"}'); sys.exit(0)
if n == 6: print('{"value": 1e999'); print('[1]'); print('{"value": 0.1, "epoch": 1}', end=""); sys.exit(0)
print("some""")
        self.run_with(train, STUDY.replace("  grace", "  output_kib: 64\n  grace"))
        trials = self.results()["trials"]
        self.assertEqual([t["status"] for t in trials[:6]],
                         ["failed", "failed", "failed", "diverged", "diverged", "finished"])
        self.assertIn("exit code 1: it has no data", trials[0]["message"])
        self.assertIn("signal 11", trials[1]["message"])
        self.assertIn("printed no value", trials[2]["message"])
        self.assertEqual(trials[5]["objective"], 0.1)
        kept = self.read("out", "trials", "5", "stdout.txt")
        self.assertLess(len(kept), 70000)
        self.assertIn("bytes are left out", kept)

    def test_what_is_no_text_harms_nothing(self):
        """Bytes that are no UTF-8, on both outputs: the journal is read back, and so is the report."""
        train = TRAIN.replace("print(\"some", """
if told["trial"] == 2:
    os.write(1, b'{"value": 3, "text": "\\xff\\xfe"}\\n\\xe9t\\xe9\\n')
    os.write(2, b"it is \\xc3\\xa9t\\xe9 and \\x00\\x1b[31m\\xf0\\x9f")
    sys.exit(9)
print("some""")
        self.run_with(train, STUDY.replace("trials: 12", "trials: 4"))
        trial = self.results()["trials"][1]
        self.assertEqual(trial["status"], "failed")
        self.assertIn("exit code 9: it is \u00e9t\ufffd and ", trial["message"])
        self.assertIn("\u00e9t\ufffd", self.twostep("status", "out").stdout + self.read("out", "journal", "0001.jsonl"))
        self.twostep("run", "study.yaml")

    def test_a_part_has_ended_before_the_next_begins(self):
        """A program that is slow to leave at a rung: nobody else begins the trial's next part meanwhile."""
        train = TRAIN.replace("print(\"some", """
import signal
busy = os.path.join(told["directory"], "busy")
os.mkdir(busy)
def leave(*_):
    time.sleep(0.2)
    os.rmdir(busy)
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
print("some""") + """
if told["until"]:
    time.sleep(600)
os.rmdir(busy)
"""
        study = STUDY.replace("budget: {epochs: 3}", "budget: {epochs: 9}\n  early_stopping: {rule: asha}")
        self.run_with(train, study.replace("grace_seconds: 0.5", "grace_seconds: 20"), ranks=4)
        self.assertEqual({status for status in self.statuses()} - {"finished", "stopped"}, set())
        self.assertIn("finished", self.statuses())

    def test_a_time_limit_ends_all_of_it(self):
        mark = f"outlives-{os.getpid()}-{time.time()}"
        train = TRAIN.replace("print(\"some", f"""
import subprocess, signal
if told["trial"] == 2:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["python3", "-c", "import time; time.sleep(600)", "{mark}"], start_new_session=True)
    time.sleep(600)
print("some""")
        begun = time.monotonic()
        self.run_with(train, STUDY.replace("trials: 12", "trials: 4\n  trial_seconds: 2"), ranks=2)
        self.assertLess(time.monotonic() - begun, 60)
        self.assertEqual(self.statuses(), ["finished", "timed_out", "finished", "finished"])
        self.assertEqual(alive(mark), [])

    def test_nothing_is_left_when_ranks_are_killed(self):
        mark = f"train-{os.getpid()}-{int(time.time() * 1000)}.py"
        slow = TRAIN.replace("print(\"some", "time.sleep(0.3)\nprint(\"some")
        self.write(mark, slow)
        study = STUDY.replace("train.py", mark).replace("trials: 12", "trials: 16")
        self.write("study.yaml", study)
        for victims in ("worker", "all"):
            job = self.start("run", "study.yaml", ranks=3)
            known = len(self.events()) if os.path.isdir(self.path("out", "journal")) else 0
            support.wait_until(lambda: os.path.isdir(self.path("out", "journal")) and
                               sum('"event":"finished"' in line for line in self.events()[known:]) >= 2 and
                               len(alive(mark)) >= 2, "two trials and more under way")
            ranks = ranks_below(job.pid)
            for pid in [max(ranks)] if victims == "worker" else [job.pid, *ranks]:
                os.kill(pid, signal.SIGKILL)
            job.communicate(timeout=60)
            support.wait_until(lambda: not alive(mark), f"the end of what {victims} left", 20)
        self.twostep("run", "study.yaml", ranks=3)
        counts = {}
        for line in self.events():
            event = json.loads(line)
            if event["event"] == "finished" and event["kind"] == "trial" and event["outcome"] == "finished":
                counts[event["trial"]] = counts.get(event["trial"], 0) + 1
        self.assertEqual(counts, {n: 1 for n in range(1, 17)})

    def test_a_signal_stops_the_programs_in_order(self):
        mark = f"polite-{os.getpid()}-{int(time.time() * 1000)}.py"
        self.write(mark, TRAIN.replace("print(\"some", """
import signal
def leave(*_):
    open(os.path.join(told["directory"], "left"), "w").close()
    sys.exit(1)
signal.signal(signal.SIGTERM, leave)
if told["attempt"] == 1:
    time.sleep(600)
print("some"""))
        self.write("study.yaml", STUDY.replace("train.py", mark).replace("trials: 12", "trials: 3"))
        job = self.start("run", "study.yaml")
        support.wait_until(lambda: alive(mark), "a program")
        time.sleep(0.3)  # for its handler; without it the test says less and passes too
        job.send_signal(signal.SIGUSR1)
        self.assertEqual(job.wait(timeout=60), 75)
        job.communicate()
        self.assertEqual(alive(mark), [])
        self.assertTrue(os.path.exists(self.path("out", "trials", "1", "left")))

    def test_rungs_begin_the_program_again(self):
        study = STUDY.replace("budget: {epochs: 3}", "budget: {epochs: 9}\n  early_stopping: {rule: asha}")
        self.run_with(TRAIN, study, ranks=3)
        report = self.results()
        self.assertTrue(report["stops"])
        finished = [t for t in report["trials"] if t["status"] == "finished"]
        self.assertTrue(finished)
        for trial in finished:
            self.assertEqual(trial["epochs"], 9)
            choice = trial["configuration"]
            self.assertAlmostEqual(trial["objective"],
                                   (choice["x"] - 0.5) ** 2 + 0.1 * choice.get("extra", 0) + 1 / 9)

    def test_rungs_may_be_rows(self):
        study = STUDY.replace("budget: {epochs: 3}", "budget: {epochs: 2}\n  early_stopping: {rule: asha, fidelity: rows}")
        self.run_with(TRAIN + 'print(told["subset"])\n', study, ranks=3)
        report = self.results()
        self.assertEqual(report["fidelity_unit"], "rows")
        self.assertTrue(report["stops"])
        finished = [t for t in report["trials"] if t["status"] == "finished"]
        self.assertTrue(finished)
        for trial in finished:
            self.assertIn("{'rows': 100}", self.read("out", "trials", str(trial["trial"]), "stdout.txt"))
        stopped = [t for t in report["trials"] if t["status"] == "stopped"]
        self.assertTrue(all(f"{{'rows': {t['reached']}}}" in self.read("out", "trials", str(t["trial"]), "stdout.txt")
                            for t in stopped))

    def test_no_descriptor_of_ours_reaches_the_program(self):
        self.run_with(TRAIN + 'print([os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") '
                      'if int(n) > 2 and os.path.exists(f"/proc/self/fd/{n}")])\n', ranks=2)
        said = self.read("out", "trials", "1", "stdout.txt").splitlines()[-1]
        self.assertNotIn("out/", said)
        self.assertNotIn("socket", said)

    def test_one_finalist_per_node(self):
        """All ranks are on one node: no two finalists at a time, though there are two workers."""
        train = TRAIN.replace("print(\"some", """
if told["full_data"]:
    busy = os.path.join(os.path.dirname(told["directory"]), "busy")
    os.mkdir(busy)
    time.sleep(0.5)
    os.rmdir(busy)
print("some""")
        self.run_with(train, STUDY.replace("  grace", "  finalists_per: node\n  grace"), ranks=3)
        self.assertEqual([f["status"] for f in self.results()["finalists"]], ["finished", "finished"])
        self.run_with(train, STUDY.replace("directory: out", "directory: both"), ranks=3)
        self.assertIn("failed", [f["status"] for f in self.results("both")["finalists"]])

    def test_mistakes_are_named(self):
        def refused(text, *words):
            self.write("study.yaml", text)
            message = self.twostep("check", "study.yaml", code=3).stderr
            for word in words:
                self.assertIn(word, message)

        refused(STUDY.replace("python3, train.py", "no-such-program, x"), "no such program: no-such-program", "PATH")
        refused(STUDY.replace("python3, train.py", "./train.py"), "no such program: ./train.py", "interpreter")
        refused(STUDY.replace("[python3, train.py]", "python3 train.py"), "study.yaml:3", "no shell")
        refused(STUDY.replace("[python3, train.py]", "[]"), "names no program")
        refused(STUDY.replace("  trials: 12", "  trials: 12\n  objective: r2"), "study.yaml:11", "trainer.goal")
        refused(STUDY + "model: {layers: 2}\n", "study.yaml:", "model beside space")
        refused(STUDY.replace("retraining: {", "retraining: {team: 2, "), "retraining.team beside trainer.command")
        refused(STUDY[:STUDY.index("space:")] + STUDY[STUDY.index("search:"):], "without a space")
        self.write("study.yaml", STUDY)
        said = self.twostep("check", "study.yaml").stdout
        self.assertIn("command     python3 train.py", said)
        self.assertRegex(said, r"program +/.*python3")


if __name__ == "__main__":
    support.main()
