"""What the end-to-end tests share: running the program as a user does, in a folder of its own."""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("TWOSTEP_BIN", os.path.join(SOURCE, "build/dev/bin"))
MPIEXEC = os.environ.get("TWOSTEP_MPIEXEC", "mpirun")
TWOSTEP = os.path.join(BIN, "twostep")
WRAPPER = os.path.join(SOURCE, "tests/support/mpirun")

STUDY = """\
study: {name: small, seed: 5, directory: out}
data:
  files: [data/*.h5]
  inputs:
    - tair
    - {name: wbar, transform: log10}
    - {name: num_aer, transform: log10}
    - {name: r_aer, transform: log10}
    - kappa
  targets: [fn]
  normalise: {inputs: standard, targets: none}
model:
  layers: {int: [1, 3]}
  width: {int: [4, 32], log: true, per: layer}
  activation: {choice: [relu, tanh, gelu]}
  output_activation: sigmoid
training:
  optimizer: {choice: [adam, sgd]}
  learning_rate: {float: [1e-3, 1e-1], log: true}
  batch_size: {choice: [64, 128]}
search:
  trials: 16
  subset: {rows: 1000, validation_rows: 500}
  budget: {epochs: 5}
promotion: {finalists: 3}
retraining:
  budget: {epochs: 2}
"""


def environment(**extra):
    env = dict(os.environ, OMP_NUM_THREADS="1")
    env.update(extra)
    return env


def sanitized():
    """Whether the program was built with AddressSanitizer."""
    with open(TWOSTEP, "rb") as file:
        return b"__asan_init" in file.read()


def bounded(gigabytes):
    """What subprocess.run needs to be told to give a process this much memory and no core file. AddressSanitizer
    reserves terabytes of addresses and ends a process itself that really uses more than it is told."""
    address_sanitizer = sanitized()

    def limit():
        if not address_sanitizer:
            resource.setrlimit(resource.RLIMIT_AS, (gigabytes << 30, gigabytes << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    extra = {}
    if address_sanitizer:
        options = [os.environ.get("ASAN_OPTIONS", ""), f"hard_rss_limit_mb={gigabytes << 10}"]
        extra["ASAN_OPTIONS"] = ":".join(filter(None, options))
    return {"env": environment(**extra), "preexec_fn": limit}


def command(ranks, *args, program=TWOSTEP):
    """The command line of `twostep ARGS` on this many ranks; 0: without a launcher."""
    if ranks == 0:
        return [program, *args]
    return [WRAPPER, MPIEXEC, str(ranks), program, *args]


def descendants(pid):
    """All processes below pid, itself included."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def processes():
    """Number, command line and process group of each process other than zombies."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read()
            with open(f"/proc/{entry}/stat") as file:
                state, _, group = file.read().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            found.append((int(entry), words, int(group)))
    return found


def kill_job(process):
    """kill -9 of the launcher and of every rank."""
    for pid in descendants(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.002)


class Case(unittest.TestCase):
    """A test in a temporary working directory, with a small aerosol data set in data/."""

    data_rows = 6000  # 0: no data set
    data_folder = None

    @classmethod
    def setUpClass(cls):
        cls.data_folder = tempfile.mkdtemp(prefix="twostep-data-")
        if cls.data_rows == 0:
            return
        subprocess.run(
            command(0)[:0] + [os.path.join(BIN, "twostep-make-aerosol"), "-o", cls.data_folder,
                              "--rows", str(cls.data_rows), "--shards", "2"],
            check=True, capture_output=True, env=environment())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.data_folder)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="twostep-e2e-")
        os.symlink(self.data_folder, os.path.join(self.folder, "data"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, *parts):
        with open(self.path(*parts)) as file:
            return file.read()

    def twostep(self, *args, ranks=0, code=0, env=None, timeout=120):
        done = subprocess.run(command(ranks, *args), cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, env=env or environment())
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *args, ranks=0, program=TWOSTEP):
        return subprocess.Popen(command(ranks, *args, program=program), cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env=environment())

    def events(self, folder="out"):
        lines = []
        journal = self.path(folder, "journal")
        if os.path.isdir(journal):
            for name in sorted(os.listdir(journal)):
                with open(os.path.join(journal, name)) as file:
                    lines += file.read().splitlines()
        return lines

    def trials(self, folder="out"):
        """trials.csv without its one time column."""
        rows = [line.rsplit(",", 1) for line in self.read(folder, "trials.csv").splitlines()]
        self.assertEqual(rows[0][1], "train_seconds")
        return [row[0] for row in rows]


def main():
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=2), exit=True)
