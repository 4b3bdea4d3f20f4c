#!/usr/bin/env python3
"""Kills studies with SIGKILL at many moments and runs them again, until each has finished: no finished trial may be
lost or repeated, and the end must be that of the unbroken run.

usage: campaign.py [--kills 200] [--seed 1] [--studies short,long,...] [--keep]
Needs TWOSTEP_BIN, or build/dev. Prints one line per kill and a histogram; exit code 1 if a promise was broken or a kind
of moment was too rare.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import support  # noqa: E402

# Teams are given: the plan of a run that was resumed counts on its own workers, and a team of two adds up in another
# order than one rank alone.
BASE = support.STUDY.replace("budget: {epochs: 2}", "team: 1\n  budget: {epochs: 2}")
STUDIES = {
    # name: (ranks, study file). Short trials: many journal writes; long ones: many kills in flight.
    "short": (3, BASE.replace("trials: 16", "trials: 40").replace("epochs: 5}", "epochs: 20}")
              .replace("epochs: 2}", "epochs: 60}")),
    "long": (3, BASE.replace("trials: 16", "trials: 14").replace("epochs: 5}", "epochs: 400}")
             .replace("epochs: 2}", "epochs: 120}")),
    "saved": (4, BASE.replace("seed: 5", "seed: 7, checkpoint_seconds: 0.2").replace("trials: 16", "trials: 12")
              .replace("epochs: 5}", "epochs: 600}").replace("epochs: 2}", "epochs: 300}")),
    "team": (3, BASE.replace("seed: 5", "seed: 9").replace("trials: 16", "trials: 20")
             .replace("epochs: 5}", "epochs: 100}").replace("epochs: 2}", "epochs: 60}").replace("team: 1", "team: 2")),
    "sobol": (2, BASE.replace("trials: 16", "trials: 20\n  algorithm: sobol").replace("epochs: 5}", "epochs: 60}")
              .replace("epochs: 2}", "epochs: 60}")),
}
# How often each kind of moment is aimed at; what a kill really met is looked up in the journal.
AIMS = ("trial",) * 8 + ("write",) * 2 + ("promotion", "retraining")
FDATASYNC = "75"  # x86-64; fsync is 74
FSYNC = "74"
HELD = 5  # exit code of a run that found the directory in use


class Broken(Exception):
    """A promise that was not kept."""


def ranks_of(launcher):
    """The pids of the ranks below mpirun, by rank."""
    found = {}
    for pid in support.descendants(launcher):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                variables = file.read().split(b"\0")
            with open(f"/proc/{pid}/comm") as file:
                program = file.read().strip()
        except OSError:
            continue
        for variable in variables:
            if variable.startswith(b"OMPI_COMM_WORLD_RANK=") and program == "twostep":
                found[int(variable.split(b"=")[1])] = pid
    return found


def syncing(pid):
    """Whether the process is inside fdatasync or fsync: rank 0 makes its journal durable."""
    try:
        with open(f"/proc/{pid}/syscall") as file:
            return file.read().split(" ", 1)[0] in (FDATASYNC, FSYNC)
    except OSError:
        return False


class Study:
    def __init__(self, name, data, folder, choose):
        self.name, self.choose = name, choose
        self.ranks, text = STUDIES[name]
        self.folder = os.path.join(folder, name)
        self.reference = None
        self.rounds = 0
        self.worker_killed = False
        self.ranks_alive = {}
        self.before = 0  # segments of earlier runs
        os.makedirs(self.folder)
        os.symlink(data, os.path.join(self.folder, "data"))
        with open(os.path.join(self.folder, "study.yaml"), "w") as file:
            file.write(text)

    def out(self, *parts):
        return os.path.join(self.folder, "out", *parts)

    def start(self):
        self.before = len(self.segments())
        log = open(os.path.join(self.folder, "log"), "a")
        with log:
            return subprocess.Popen(support.command(self.ranks, "run", "study.yaml", "--quiet"), cwd=self.folder,
                                    stdout=log, stderr=log, env=support.environment())

    def segments(self):
        try:
            return sorted(name for name in os.listdir(self.out("journal")) if name.endswith(".jsonl"))
        except OSError:
            return []

    def events(self):
        """The events that count, as docs/formats.md defines it: a later segment says how much of the earlier it
        accepted; a torn last line is none."""
        segments = []
        for name in self.segments():
            with open(self.out("journal", name), "rb") as file:
                lines = file.read().split(b"\n")
            segments.append([json.loads(line) for line in lines[:-1]])
        out = []
        for i, segment in enumerate(segments):
            later = [e["accepted_seq"] for s in segments[i + 1:] for e in s[:2] if e["event"] == "run_started"]
            out += [e for e in segment if e["seq"] <= min(later, default=e["seq"])]
        return out

    def wait_for_the_killed(self):
        end = time.monotonic() + 120
        while any(os.path.exists(f"/proc/{pid}") for pid in self.ranks_alive.values()):
            if time.monotonic() > end:
                raise Broken(f"{self.name}: ranks outlive their launcher by minutes")
            time.sleep(0.01)

    def tail(self):
        """The text of this run's segment; cheap enough to poll."""
        names = self.segments()[self.before:]
        try:
            with open(self.out("journal", names[-1]), "rb") as file:
                return file.read()
        except (OSError, IndexError):
            return b""

    def results(self):
        """What the user gets, without what a clock decides."""
        with open(self.out("trials.csv")) as file:
            trials = [line.rsplit(",", 1)[0] for line in file.read().splitlines()]
        with open(self.out("report.json")) as file:
            report = json.load(file)
        finalists = [{key: f[key] for key in ("trial", "objective", "test", "validation", "parameters")}
                     for f in report["finalists"]]
        return trials, finalists

    def unbroken(self):
        done = self.start().wait()
        if done != 0:
            raise Broken(f"{self.name}: the unbroken run ended with {done}")
        self.reference = self.results()
        shutil.rmtree(self.out())

    def expect_unbroken_results(self):
        trials, finalists = self.results()
        if trials != self.reference[0]:
            raise Broken(f"{self.name}: trials.csv differs from the unbroken run's")
        if finalists != self.reference[1]:
            raise Broken(f"{self.name}: the finalists differ from the unbroken run's")
        shutil.rmtree(self.out())
        self.rounds += 1
        self.worker_killed = False


def finished_of(events):
    """The results that are final, by (kind, trial). Twice the same is a broken promise."""
    found = {}
    for event in events:
        if event["event"] == "finished" and event["outcome"] != "interrupted":
            key = (event["kind"], event["trial"])
            if key[0] in ("trial", "retrain"):
                if key in found:
                    raise Broken(f"{key} has finished twice")
                found[key] = {k: v for k, v in event.items() if k not in ("crc", "seq")}
    return found


def situation(events):
    """What a run was doing when it was killed, from its journal at that moment."""
    runs = [i for i, e in enumerate(events) if e["event"] == "run_started"]
    if not runs:
        return "start-up"
    present = events[runs[-1]:]
    open_ = {}
    for event in present:
        if event["event"] == "dispatched":
            open_[event["assignment"]] = event
        elif event["event"] == "finished":
            open_.pop(event["assignment"], None)
    kinds = {e["kind"] for e in open_.values()}
    chosen = any(e["event"] == "finalists_chosen" for e in events)
    if any(e["event"] in ("study_ended", "run_ended") for e in present):
        return "ending"
    if "retrain" in kinds:
        return "retraining"
    if chosen:
        return "promotion"  # chosen, full data being extracted, teams being planned
    if "trial" in kinds:
        return "trials in flight"
    return "extraction" if kinds else "start-up"


def wait_for(job, condition, seconds=180.0):
    """True when the condition holds; False when the job has ended before."""
    end = time.monotonic() + seconds
    while job.poll() is None:
        if condition():
            return True
        if time.monotonic() > end:
            raise Broken("nothing happens any more")
        time.sleep(0.0005)
    return False


def aim(job, study, kind, choose):
    """Waits for a moment of the kind. False if the job ended first."""
    def moved():
        return study.tail().count(b'"kind":"trial"')  # handed out, or come back

    def begun():
        return b'"event":"run_started"' in study.tail()

    if kind == "trial":
        after = choose.randrange(1, 12)
        return wait_for(job, lambda: begun() and moved() >= after)
    if kind == "promotion":
        return wait_for(job, lambda: b'"event":"finalists_chosen"' in study.tail())
    if not wait_for(job, lambda: b'"kind":"retrain"' in study.tail()):
        return False
    time.sleep(choose.uniform(0, 0.1))
    return True


def kill_in_a_write(job, study, choose):
    """Kills rank 0 while it makes its journal durable. False if the job ended first."""
    if not wait_for(job, lambda: b'"event":"run_started"' in study.tail()):
        return False
    zero = ranks_of(job.pid).get(0)
    skip = choose.randrange(0, 12)
    while zero and job.poll() is None:
        if syncing(zero):
            if skip == 0:
                os.kill(zero, signal.SIGKILL)  # at once: a sync takes a tenth of a millisecond
                return True
            skip -= 1
            while syncing(zero):
                pass
    return False


def kill(job, study, choose):
    """Kills rank 0, one worker or mpirun; returns which, and the events until then if rank 0 may have added some."""
    ranks = ranks_of(job.pid)
    victim = choose.choice(("rank 0", "mpirun", "worker"))
    # A worker's death is laid at the door of its trial, which is not tried a third time: so only one in each study.
    if victim == "worker" and len(ranks) > 1 and not study.worker_killed:
        study.worker_killed = True
        target = ranks[choose.choice([r for r in ranks if r > 0])]
    elif victim == "rank 0" and 0 in ranks:
        target = ranks[0]
    else:
        victim, target = "mpirun", job.pid
    at_kill = study.events()
    try:
        os.kill(target, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself, this very moment
    # Where rank 0 outlives the victim, it goes on writing, and at least ends the run in order.
    return victim, None if victim == "rank 0" else at_kill


def strike(job, study, choose):
    """Waits for a moment and kills. Returns (victim, its events until then or None for those that it left, whether
    rank 0 was in a journal write), or None: the job ended."""
    kind = choose.choice(AIMS)
    if not wait_for(job, lambda: b'"event":"run_started"' in study.tail() and ranks_of(job.pid)):
        return None
    study.ranks_alive = ranks_of(job.pid)
    if kind == "write":
        if not kill_in_a_write(job, study, choose):
            return None
        struck = "rank 0", None, True
    elif aim(job, study, kind, choose):
        struck = *kill(job, study, choose), False
    else:
        return None
    job.wait()
    if choose.random() < 0.5:  # else the next run meets ranks that are not quite dead
        study.wait_for_the_killed()
    return struck


def campaign(options):
    choose = random.Random(options.seed)
    data = tempfile.mkdtemp(prefix="twostep-data-")
    folder = tempfile.mkdtemp(prefix="twostep-kills-")
    subprocess.run([os.path.join(support.BIN, "twostep-make-aerosol"), "-o", data, "--rows", "6000", "--shards", "2"],
                   check=True, capture_output=True, env=support.environment())
    counts = collections.Counter()
    try:
        studies = [Study(name, data, folder, choose) for name in options.studies.split(",")]
        for study in studies:
            study.unbroken()
        kills = 0
        turn = 0
        while kills < options.kills:
            study = studies[turn % len(studies)]
            turn += 1
            # A study is killed some times and then left to finish.
            kills += one_round(study, choose, min(options.kills - kills, choose.randrange(4, 9)), counts, kills)
        good = show(counts, kills, studies, options)
    except Broken as error:
        print(f"BROKEN: {error}; kept in {folder}", flush=True)
        options.keep = True
        good = False
    finally:
        shutil.rmtree(data)
        if not options.keep:
            shutil.rmtree(folder)
    return good


def one_round(study, choose, most, counts, before):
    known = {}
    kills = 0
    while kills < most:
        job = study.start()
        struck = strike(job, study, choose)
        if struck is None:
            break  # it has finished
        victim, at_kill, writing = struck
        wait_until_quiet(study)
        events = study.events()
        what = situation(events if at_kill is None else at_kill)
        kills += 1
        counts["by", what] += 1
        counts["victim", victim] += 1
        counts["write", "during a journal write"] += writing
        print(f"kill {before + kills}: {study.name}, {victim}, {what}{', writing the journal' if writing else ''}",
              flush=True)
        known = compare(known, finished_of(events))
    code = job.wait()
    while kills >= most or code == HELD:
        # Ranks may outlive mpirun: the run after it waits for them, and may be refused meanwhile.
        study.wait_for_the_killed()
        code = study.start().wait()
        most = kills + 1
    if code != 0:
        raise Broken(f"{study.name}: the last run ended with {code}")
    compare(known, finished_of(study.events()))
    study.expect_unbroken_results()
    return kills


def wait_until_quiet(study):
    """Ranks live for up to a second after mpirun's death; what they still write is part of the truth."""
    before = None
    while before != study.tail():
        before = study.tail()
        time.sleep(0.02)


def compare(before, after):
    for key, result in before.items():
        if after.get(key) != result:
            raise Broken(f"the result of {key} was lost or changed")
    return after


def show(counts, kills, studies, options):
    print(f"\n{kills} kills, {sum(s.rounds for s in studies)} studies finished as if unbroken")
    for group in ("by", "write", "victim"):
        for (kind, name), n in sorted(counts.items()):
            if kind == group:
                print(f"  {name:24} {n:4}  {'#' * (60 * n // max(kills, 1))}")
    wanted = {}
    if options.kills >= 200:
        wanted = {("by", "trials in flight"): 0.6 * kills, ("by", "promotion"): 10, ("by", "retraining"): 10,
                  ("write", "during a journal write"): 10}
    good = True
    for (kind, name), least in wanted.items():
        if counts[kind, name] < least:
            print(f"  too few: {name} ({counts[kind, name]}, wanted {least:.0f})")
            good = False
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--studies", default=",".join(STUDIES))
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    sys.exit(0 if campaign(parser.parse_args()) else 1)


if __name__ == "__main__":
    main()
