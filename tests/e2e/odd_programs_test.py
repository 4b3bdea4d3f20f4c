"""`trainer.command` with programs that misbehave: each has its outcome and its message, and leaves nothing running."""
import json
import os
import signal
import time

import support

STUDY = """\
study: {name: odd, seed: 5, directory: out}
trainer:
  command: [COMMAND]
  grace_seconds: 0.3
  output_kib: 64
space:
  x: {float: [-2, 2]}
search:
  trials: TRIALS
  subset: {rows: 100}
  budget: {epochs: 1}
promotion: {finalists: 1}
retraining: {budget: {epochs: 1}}
"""

# What one program may do, by the number of its trial; the end of its status and of its message.
KINDS = [
    ("pass", "failed", "printed no value"),
    ("print('good morning'); print('{}'); print('{\"value\": }')", "failed", "printed no value"),
    ("os.write(1, bytes(range(256)) * 4096 + b'\\n' + b'[' * 3000000 + b'\\n'); say(2)", "finished", None),
    ("say(3); os.close(1); time.sleep(0.3)", "finished", None),
    ("say(4); os.close(1); os.close(2); time.sleep(0.3)", "finished", None),
    ("say(5); os.fork() or time.sleep(600)", "finished", None),
    ("say(6); os.fork() or (os.setsid(), signal.signal(signal.SIGTERM, signal.SIG_IGN), time.sleep(600))",
     "finished", None),
    ("sys.exit(3)", "failed", "the command ended with exit code 3"),
    ("sys.exit(130)", "failed", "the command ended with exit code 130, by which shells mean signal 2 (Interrupt)"),
    ("os.kill(os.getpid(), 9)", "failed", "the command was ended by signal 9 (Killed)"),
    ("os.kill(os.getpid(), 11)", "failed", "the command was ended by signal 11 (Segmentation fault)"),
    ("signal.signal(signal.SIGTERM, signal.SIG_IGN); say(7); time.sleep(600)", "timed_out", "search.trial_seconds"),
    ("os.close(1); os.close(2); time.sleep(600)", "timed_out", "search.trial_seconds"),
    ("say(math.nan); time.sleep(600)", "diverged", "not finite"),
    ("say(math.inf); time.sleep(600)", "diverged", "not finite"),
    ("say('much'); time.sleep(600)", "diverged", "not finite"),
    ("[os.write(2, b'many words\\n' * 100000) for _ in range(91)]; say(8)", "finished", None),
    ("print('{\"value\": 9}', end='', flush=True); os._exit(0)", "finished", None),
    ("say(10); sys.exit('at last it failed')", "failed", "exit code 1: at last it failed"),
]

ODD = """\
import json, math, os, signal, sys, time
def say(value):
    print(json.dumps({"value": value}), flush=True)
with open("groups", "a") as file:
    print(os.getpgrp(), file=file)
if os.environ["TWOSTEP_FULL_DATA"] == "1":
    say(0)
    sys.exit()
"""

SLOW = """\
#!/usr/bin/env -S python3 -S
import os, time
time.sleep(0.1)
print('{"value": %s}' % os.environ["TWOSTEP_TRIAL"])
"""

# Ranks of a launcher, each with a folder of its own on its PATH.
OF_A_RANK = """\
#!/bin/sh
PATH="$PWD/bin${OMPI_COMM_WORLD_RANK:-$PMI_RANK}:$PATH" exec %s "$@"
"""


class OddPrograms(support.Case):
    data_rows = 0

    def study(self, command, trials=1):
        self.write("study.yaml", STUDY.replace("COMMAND", command).replace("TRIALS", trials))

    def program(self, name, text=SLOW):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        self.write(name + ".new", text)
        os.chmod(self.path(name + ".new"), 0o755)
        os.rename(self.path(name + ".new"), self.path(name))

    def report(self):
        return json.loads(self.read("out", "report.json"))

    def finished(self):
        """How many trials are, by the journal."""
        return sum('"event":"finished"' in line for line in self.events())

    def test_each_has_its_outcome(self):
        cases = "".join(f"if trial == {n}:\n    {code}\n" for n, (code, _, _) in enumerate(KINDS, 1))
        mark = f"odd-{os.getpid()}-{time.time()}.py"
        self.write(mark, ODD + "trial = int(os.environ['TWOSTEP_TRIAL'])\n" + cases)
        self.study(f"python3, -S, {mark}", f"{len(KINDS)}\n  trial_seconds: 2")
        self.twostep("run", "study.yaml", ranks=3, timeout=60)
        trials = self.report()["trials"]
        for trial, (code, status, message) in zip(trials, KINDS):
            self.assertEqual(trial["status"], status, (code, trial))
            self.assertIn(message or "", trial["message"] or "", code)
        values = [t["objective"] for t in trials if t["status"] == "finished"]
        self.assertEqual(values, [2, 3, 4, 5, 6, 8, 9])
        # A message is for people: neither bytes that are no text nor more than a few lines.
        self.assertTrue(all(len(t["message"] or "") < 1000 for t in trials))
        loud = 1 + next(n for n, kind in enumerate(KINDS) if "many words" in kind[0])
        kept = self.read("out", "trials", str(loud), "stderr.txt")
        self.assertLess(len(kept), 70000)
        self.assertIn("bytes are left out", kept)
        groups = {int(line) for line in self.read("groups").split()}
        self.assertEqual(len(groups), len(KINDS) + 1)
        left = [pid for pid, words, group in support.processes() if group in groups or mark.encode() in words]
        self.assertEqual(left, [])

    def test_one_that_goes_missing_stops_the_study_until_it_is_back(self):
        self.program("bin/train")
        self.study("./bin/train", "8")
        for ranks in (0, 3):
            job = self.start("run", "study.yaml", ranks=ranks)
            begun = self.finished()
            support.wait_until(lambda: self.finished() >= begun + 2, "two trials")
            os.remove(self.path("bin/train"))
            said = job.communicate(timeout=30)[1]
            self.assertEqual(job.returncode, 6, said)
            self.assertRegex(said, r"error: study.yaml:3: trainer.command on \S+: no such program: ./bin/train; no worker is "
                             r"left\n  why: there is no such file.*\n  hint: put it back")
            self.assertEqual(said.count("error: "), 1, said)
            self.assertEqual({t["status"] for t in self.report()["trials"]} - {"finished", "waiting"}, set())
            self.assertIn("no such program", self.twostep("run", "study.yaml", code=3).stderr)
            self.program("bin/train")
        self.twostep("run", "study.yaml")
        trials = self.report()["trials"]
        self.assertEqual([t["objective"] for t in trials], list(range(1, 9)))

    def test_others_go_on_without_the_worker_that_misses_it(self):
        for rank in range(3):
            self.program(f"bin{rank}/trainer")
        self.program("of_a_rank", OF_A_RANK % support.TWOSTEP)
        self.study("trainer", "12")
        job = self.start("run", "study.yaml", ranks=3, program="./of_a_rank")
        support.wait_until(lambda: self.finished() >= 3, "three trials")
        os.remove(self.path("bin1/trainer"))
        said = job.communicate(timeout=30)[1]
        self.assertEqual(job.returncode, 0, said)
        self.assertEqual(said.count("warning: study.yaml:3: trainer.command on"), 1, said)
        self.assertIn("its workers are left out of this run", said)
        report = self.report()
        self.assertEqual([t["objective"] for t in report["trials"]], list(range(1, 13)))
        self.assertEqual(report["workers_lost"], 1)
        self.assertRegex(report["losses"][0], r"worker 1: trainer.command on \S+: no such program: trainer")

    def test_what_cannot_be_run_is_refused_before(self):
        for text, mode, words in (
                ("#!/usr/bin/python9\nprint(1)\n", 0o755, "bin/train:1: #!/usr/bin/python9"),
                (SLOW.replace("\n", "\r\n"), 0o755, "carriage return"),
                ("print(1)\n", 0o755, "no shell reads it"),
                ("", 0o755, "it is empty"),
                (SLOW, 0o644, "chmod +x ./bin/train")):
            self.program("bin/train", text)
            os.chmod(self.path("bin/train"), mode)
            self.study("./bin/train", "1")
            for verb in ("check", "run"):
                said = self.twostep(verb, "study.yaml", code=3).stderr
                self.assertIn("error: study.yaml:3: trainer.command: ", said)
                self.assertIn(words, said)
                self.assertIn("hint: ", said)
                self.assertEqual(said.count("error: "), 1)
        self.assertFalse(os.path.exists(self.path("out", "journal")))


if __name__ == "__main__":
    support.main()
