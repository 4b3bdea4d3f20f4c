"""`twostep suggest` as another program drives it: over pipes, killed, and gone on with."""
import json
import os
import signal
import subprocess
import tempfile
import unittest

from support import TWOSTEP, environment

STUDY = """\
study: {seed: 11}
space:
  x: {float: [-2, 2]}
  depth: {int: [1, 8]}
  kind: {choice: [a, b]}
  rate: {float: [1e-3, 1], log: true, when: {kind: b}}
search: {algorithm: tpe, startup_trials: 5}
"""


def value(c):
    return c["x"] ** 2 + abs(c["depth"] - 3) + (0 if c["kind"] == "b" else 1)


class Session:
    def __init__(self, folder, *options):
        self.process = subprocess.Popen([TWOSTEP, "suggest", "study.yaml", *options], cwd=folder, env=environment(),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def say(self, request):
        self.process.stdin.write((request if isinstance(request, str) else json.dumps(request)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def steps(self, count):
        configurations = []
        for _ in range(count):
            trial = self.say({"ask": 1})["trials"][0]
            self.say({"tell": {"trial": trial["trial"], "value": value(trial["configuration"])}})
            configurations.append(trial["configuration"])
        return configurations


class Suggest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        with open(os.path.join(self.folder.name, "study.yaml"), "w", encoding="utf-8") as file:
            file.write(STUDY)

    def test_session_answers_and_ends_with_its_input(self):
        session = Session(self.folder.name)
        session.steps(12)
        self.assertIn("error", session.say("{not json"))
        self.assertEqual(len(session.say({"ask": 3})["trials"]), 3)
        self.assertEqual(session.end(), (0, "", ""))

    def test_killed_session_goes_on_as_one_that_was_not(self):
        whole = Session(self.folder.name)
        expected = whole.steps(20)
        whole.end()
        first = Session(self.folder.name, "--history", "h")
        found = first.steps(11)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        first.end()
        for _ in range(4):  # stateless: a process for each request
            one = Session(self.folder.name, "--history", "h")
            found += one.steps(1)
            self.assertEqual(one.end()[0], 0)
        name = max(n for n in os.listdir(os.path.join(self.folder.name, "h")) if n.endswith(".jsonl"))
        with open(os.path.join(self.folder.name, "h", name), "ab") as file:
            file.write(b'{"tell":{"trial":15,"val')  # torn
        last = Session(self.folder.name, "--history", "h")
        found += last.steps(5)
        last.end()
        self.assertEqual(found, expected)

    def test_histories_of_other_studies_and_second_users_are_refused(self):
        first = Session(self.folder.name, "--history", "h")
        first.steps(2)
        second = Session(self.folder.name, "--history", "h")
        code, _, err = second.end()
        self.assertEqual(code, 5)
        self.assertIn("held by another run", err)
        first.end()
        with open(os.path.join(self.folder.name, "study.yaml"), "a", encoding="utf-8") as file:
            file.write("  # the same study still\n")
        again = Session(self.folder.name, "--history", "h")
        again.steps(1)
        self.assertEqual(again.end()[0], 0)
        with open(os.path.join(self.folder.name, "study.yaml"), "w", encoding="utf-8") as file:
            file.write(STUDY.replace("[1, 8]", "[1, 9]"))
        code, _, err = Session(self.folder.name, "--history", "h").end()
        self.assertEqual(code, 5)
        self.assertIn("the history of another study", err)

    def test_space_is_refused_where_networks_are_trained(self):
        run = subprocess.run([TWOSTEP, "check", "study.yaml"], cwd=self.folder.name, env=environment(),
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 3)
        self.assertIn("study.yaml:2: space in a study that is to be run", run.stderr)


if __name__ == "__main__":
    unittest.main()
