"""A study directory that fills up, is read-only, or whose file system fails fsync: the study stops cleanly, says so,
and goes on where it was when there is room again. Real file systems: a small tmpfs; ext4 whose image outgrows its
disk. Needs root for mount."""
import errno
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import support  # noqa: E402

STUDY = support.STUDY.replace("trials: 16", "trials: 40").replace("epochs: 5}", "epochs: 30}").replace(
    "finalists: 3}", "finalists: 2}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class Disk(support.Case):
    def setUp(self):
        super().setUp()
        self.write("study.yaml", STUDY)
        os.mkdir(self.path("out"))
        self.mount("tmpfs", self.path("out"), "size=2m")

    def mount(self, kind, where, options, source="none"):
        done = run("mount", "-t", kind, "-o", options, source, where)
        if done.returncode != 0:
            self.skipTest("SKIPPED LOUDLY: mount is not allowed here: " + done.stderr.strip())
        self.addCleanup(run, "umount", "-l", where)

    def tearDown(self):
        self.doCleanups()
        super().tearDown()

    def fill(self, folder, leave):
        """Takes all but `leave` bytes of a file system, which others may be filling at the same time."""
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            file.truncate(max(0, file.tell() - leave))
            os.fsync(file.fileno())

    def finished(self):
        return sum('"event":"finished"' in line for line in self.events())

    def expect_clean_stop(self, job, *words):
        _, text = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 6, text)
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("bug:", text)
        return text

    def expect_end(self, ranks):
        done = self.twostep("run", "study.yaml", ranks=ranks)
        trials = self.trials()
        self.assertEqual(len(trials), 41)
        once = {}
        for line in self.events():
            if not line.endswith("}"):
                continue  # what was torn off when the disk was full
            event = json.loads(line)
            if event["event"] == "finished" and event["kind"] == "trial" and event["outcome"] != "interrupted":
                once[event["trial"]] = once.get(event["trial"], 0) + 1
        self.assertEqual(once, {trial: 1 for trial in range(1, 41)})
        return done

    def test_a_disk_that_fills_up_while_trials_run(self):
        for ranks in (0, 3):
            job = self.start("run", "study.yaml", ranks=ranks)
            support.wait_until(lambda: self.finished() >= 2 or job.poll() is not None, "two results")
            self.fill(self.path("out"), 4096)
            self.expect_clean_stop(job, "No space left", "free some space")
            # While it is full, nothing changes and the message is the same.
            done = self.twostep("run", "study.yaml", ranks=ranks, code=6)
            self.assertIn("No space left", done.stderr)
            os.remove(self.path("out", "filler"))
            self.expect_end(ranks)
            self.twostep("run", "--fresh", "--overwrite", "study.yaml", ranks=ranks, code=0)
            for name in ("journal", "trials.csv", "report.json", "outcome.json", "study.yaml", "subset.h5", "finalists"):
                run("rm", "-rf", self.path("out", name))

    def test_a_file_system_without_files_left(self):
        run("mount", "-o", "remount,nr_inodes=3", self.path("out"))
        for ranks in (0, 2):
            done = self.twostep("run", "study.yaml", ranks=ranks, code=6)
            self.assertIn("No space left", done.stderr)
        run("mount", "-o", "remount,nr_inodes=0", self.path("out"))
        self.expect_end(2)

    def test_a_read_only_file_system(self):
        run("mount", "-o", "remount,ro", self.path("out"))
        for ranks in (0, 2):
            done = self.twostep("run", "study.yaml", ranks=ranks, code=6)
            self.assertIn("Read-only file system", done.stderr)
            self.assertIn("hint:", done.stderr)
        run("mount", "-o", "remount,rw", self.path("out"))
        self.expect_end(2)

    def test_fsync_fails(self):
        """ext4 in an image that is larger than the tmpfs it lies on: writes succeed, making them durable does not."""
        os.mkdir(self.path("disk"))
        self.mount("tmpfs", self.path("disk"), "size=6m")
        image = self.path("disk", "image")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        made = run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", image)
        loop = run("losetup", "--find", "--show", image)
        if made.returncode != 0 or loop.returncode != 0:
            self.skipTest("SKIPPED LOUDLY: no loop devices here")
        device = loop.stdout.strip()
        self.addCleanup(run, "losetup", "-d", device)
        self.mount("ext4", self.path("out"), "errors=continue", device)
        job = self.start("run", "study.yaml", ranks=2)
        support.wait_until(lambda: self.finished() >= 2 or job.poll() is not None, "two results")
        self.fill(self.path("disk"), 0)
        text = self.expect_clean_stop(job)
        self.assertTrue("cannot be made durable" in text or "cannot be written" in text, text)
        os.remove(self.path("disk", "filler"))
        time.sleep(0.1)
        self.expect_end(2)


if __name__ == "__main__":
    support.main()
