"""Data files that are damaged or made to do harm: a clear error with exit code 4, no crash, no unbounded memory, no
reading of files that nobody named."""
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import support  # noqa: E402

try:
    import h5py
    import numpy
except ImportError:
    h5py = None

STUDY = support.STUDY.replace("data/*.h5", "bad.h5").replace("rows: 1000", "rows: 150").replace(
    "validation_rows: 500", "validation_rows: 50")
ROWS = 400


@support.unittest.skipIf(h5py is None, "SKIPPED LOUDLY: no h5py")
class Hostile(support.Case):
    def setUp(self):
        super().setUp()
        self.write("study.yaml", STUDY)
        with h5py.File(self.path("data", sorted(os.listdir(self.path("data")))[0])) as file:
            self.columns = {name: file[name][:ROWS] for name in ("tair", "wbar", "num_aer", "r_aer", "kappa", "fn")}

    def make(self, without=(), path="bad.h5"):
        """A good file, but for some variables."""
        file = h5py.File(self.path(path), "w")
        for name, values in self.columns.items():
            if name not in without:
                file[name] = values
        return file

    def refuse(self, *words, verbs=("check", "run"), code=4):
        for verb in verbs:
            done = subprocess.run([support.TWOSTEP, verb, "study.yaml"], cwd=self.folder, capture_output=True, text=True,
                                  timeout=60, **support.bounded(4))
            self.assertEqual(done.returncode, code, f"{verb}: {done.stdout}\n{done.stderr}")
            self.assertIn("bad.h5", done.stderr)
            self.assertNotIn("bug:", done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)

    def test_a_good_file_is_accepted(self):
        self.make().close()
        self.twostep("check", "study.yaml")

    def test_cut_short_at_many_places(self):
        self.make().close()
        with open(self.path("bad.h5"), "rb") as file:
            whole = file.read()
        for n in range(0, len(whole), max(len(whole) // 12, 1)):
            with open(self.path("bad.h5"), "wb") as file:
                file.write(whole[:n])
            self.refuse(verbs=("check",))

    def test_scribbled_over(self):
        """Bytes of the metadata replaced: an error, or nothing that matters; never a crash."""
        self.make().close()
        with open(self.path("bad.h5"), "rb") as file:
            whole = bytearray(file.read())
        for seed in range(24):
            rng = numpy.random.default_rng(seed)
            damaged = bytearray(whole)
            for at in rng.integers(8, min(4096, len(whole)), 6):
                damaged[at] = int(rng.integers(0, 256))
            with open(self.path("bad.h5"), "wb") as file:
                file.write(damaged)
            done = subprocess.run([support.TWOSTEP, "check", "study.yaml"], cwd=self.folder, capture_output=True,
                                  text=True, timeout=60, **support.bounded(4))
            self.assertIn(done.returncode, (0, 4, 6, 7), f"seed {seed}: {done.stderr}")

    def test_wrong_ranks(self):
        for shape in ((), (ROWS, 0), (ROWS, 2, 0)):
            with self.make(without=["tair"]) as file:
                file.create_dataset("tair", shape, "f4")
            self.refuse("tair")

    def test_absurd_sizes(self):
        """Rows that exist on paper only: nothing of them is stored."""
        for rows in (10 ** 12, 2 ** 62):
            with h5py.File(self.path("bad.h5"), "w") as file:
                for name, values in self.columns.items():
                    file.create_dataset(name, (rows,) + values.shape[1:], "f4", chunks=(1024,) + values.shape[1:])
            self.refuse()

    def test_absurd_columns(self):
        with self.make(without=["tair"]) as file:
            file.create_dataset("tair", (ROWS, 2 ** 50), "f4", chunks=(1, 1024))
        self.refuse("tair")

    def test_not_numbers(self):
        with self.make(without=["tair"]) as file:
            file["tair"] = numpy.array([b"x"] * ROWS)
        self.refuse("tair", "not numbers")

    def test_external_links_are_not_followed(self):
        with h5py.File(self.path("secret.h5"), "w") as file:
            file["tair"] = self.columns["tair"]
        with self.make(without=["tair"]) as file:
            file["tair"] = h5py.ExternalLink("secret.h5", "/tair")
        self.refuse("tair", "external link")

    def test_external_storage_is_not_read(self):
        with open(self.path("raw"), "wb") as file:
            file.write(struct.pack("f", 1) * ROWS)
        with self.make(without=["tair"]) as file:
            file.create_dataset("tair", (ROWS,), "f4", external=[(self.path("raw"), 0, 4 * ROWS)])
        self.refuse("tair", "external")

    def test_virtual_data_sets_are_refused(self):
        with h5py.File(self.path("secret.h5"), "w") as file:
            file["tair"] = self.columns["tair"]
        layout = h5py.VirtualLayout(shape=(ROWS,), dtype="f4")
        layout[:] = h5py.VirtualSource("secret.h5", "tair", shape=(ROWS,))
        with self.make(without=["tair"]) as file:
            file.create_virtual_dataset("tair", layout)
        self.refuse("tair", "virtual")

    def test_filters_that_are_not_there(self):
        """A chunk filter of somebody's own, 32000 and up being anybody's."""
        with self.make(without=["tair"]) as file:
            create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            create.set_chunk((100,))
            create.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (1, 2))
            h5py.h5d.create(file.id, b"tair", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((ROWS,)), create)
        self.refuse("tair", "filter")

    def test_loops_of_links_end(self):
        with self.make(without=["tair"]) as file:
            file["a"] = h5py.SoftLink("/tair")
            file["tair"] = h5py.SoftLink("/a")
        self.refuse("tair")

    def test_names_with_escapes_do_not_reach_the_terminal(self):
        self.make(without=["tair"]).close()
        with h5py.File(self.path("bad.h5"), "a") as file:
            file["tai\x1b[31mr"] = self.columns["tair"]
        done = self.twostep("check", "study.yaml", code=4)
        self.assertNotIn("\x1b", done.stderr)

    def test_nothing_is_executed(self):
        """Text that a shell would act on, wherever a study file takes text."""
        evil = "$(touch hit)`touch hit`; touch hit"
        self.make().close()
        self.write("study.yaml", STUDY.replace("name: small", f"name: '{evil}'").replace(
            "directory: out", "directory: 'out;touch hit'"))
        self.twostep("run", "study.yaml")
        self.write("study.yaml", STUDY.replace("[bad.h5]", f"['{evil}']"))
        self.twostep("check", "study.yaml", code=4)
        self.assertFalse(os.path.exists(self.path("hit")))


if __name__ == "__main__":
    support.main()
