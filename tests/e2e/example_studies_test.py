"""The other studies of configs/studies, each made small, on data of the shape that it describes."""
import csv
import json
import math
import os
import shutil
import subprocess

import h5py
import numpy

import support

NTIME, NLEV, NCOL = 20, 60, 384


class ExampleStudies(support.Case):
    def study(self, name, **smaller):
        """Runs a study with some of its words replaced; its report."""
        with open(os.path.join(support.SOURCE, "configs/studies", name + ".yaml")) as file:
            text = file.read()
        for old, new in smaller.items():
            self.assertEqual(text.count(old), 1, f"{name}.yaml does not say '{old}' once")
            text = text.replace(old, new)
        self.write("study.yaml", text)
        self.twostep("check", "study.yaml")
        self.twostep("run", "study.yaml", ranks=3)
        report = json.loads(self.read("studies", name, "report.json"))
        with open(self.path("studies", name, "trials.csv"), newline="") as file:
            self.assertEqual([trial["status"] for trial in csv.DictReader(file)], ["finished"] * 3)
        self.assertEqual(len(report["finalists"]), 1)
        return report["finalists"][0]["test"]

    def test_fraction(self):
        subprocess.run([os.path.join(support.BIN, "twostep-make-aerosol"), "-o", self.path("data/aerosol"),
                        "--rows", "4000", "--shards", "2"], check=True, stdout=subprocess.DEVNULL)
        test = self.study("fraction", **{
            "trials: 40": "trials: 3", "rows: 3000": "rows: 500", "finalists: 4": "finalists: 1",
            "epochs: 40, patience: 10": "epochs: 3", "budget: {epochs: 20}": "budget: {epochs: 3}"})
        self.assertGreater(test["targets"][0]["r2"], 0)  # better than the mean

    def test_command(self):
        os.makedirs(self.path("configs/studies"))
        shutil.copy(os.path.join(support.SOURCE, "configs/studies/command_train.py"), self.path("configs/studies"))
        with open(os.path.join(support.SOURCE, "configs/studies/command.yaml")) as file:
            self.write("study.yaml", file.read().replace("trials: 30", "trials: 6").replace("epochs: 9", "epochs: 3"))
        self.twostep("check", "study.yaml")
        self.twostep("run", "study.yaml", ranks=3)
        report = json.loads(self.read("studies", "command", "report.json"))
        self.assertEqual(report["phase"], "finished")
        self.assertLess(report["finalists"][0]["objective"], math.log(2))  # better than a coin
        self.assertEqual(report["finalists"][0]["parameters"] in (7, 22), True)

    def test_deep(self):
        rng = numpy.random.default_rng(1)
        x = rng.standard_normal((1500, 14)).astype("f4")
        with h5py.File(self.path("deep.h5"), "w") as file:
            file["x"] = x
            file["y"] = numpy.stack([x[:, 0] + x[:, 1], x[:, 2] * x[:, 3]], axis=1)
            file["split"] = (numpy.arange(1500) % 3).astype("i1")
        test = self.study("deep", **{
            "../shared/data/fcnet_naval/data.h5": "deep.h5", "trials: 24": "trials: 3", "rows: 2000": "rows: 400",
            "subset: {": "subset: {validation_rows: 400, ", "finalists: 2": "finalists: 1",
            "  budget: {epochs: 30}\npromotion": "  budget: {epochs: 2}\npromotion",
            "retraining:\n  budget: {epochs: 30}": "retraining:\n  budget: {epochs: 2}"})
        self.assertEqual(len(test["targets"]), 2)
        self.assertTrue(all(math.isfinite(target["r2"]) for target in test["targets"]))

    def test_climate(self):
        rng = numpy.random.default_rng(2)
        os.makedirs(self.path("data/climate"))
        temperature = 250 + 30 * rng.random((NTIME, NLEV, NCOL))
        variables = {
            "T": (("time", "lev", "ncol"), temperature),
            "Q": (("time", "lev", "ncol"), 10 ** -(2 + 4 * rng.random((NTIME, NLEV, NCOL)))),
            "PS": (("time", "ncol"), 1e5 + 1e3 * rng.random((NTIME, NCOL))),
            "lat": (("ncol",), numpy.linspace(-90, 90, NCOL)),
            "PTTEND": (("time", "lev", "ncol"), numpy.sin(temperature / 10)),
            "FLDS": (("time", "ncol"), temperature[:, 0] / 100)}
        with h5py.File(self.path("data/climate/day.nc"), "w") as file:
            for name, size in (("time", NTIME), ("lev", NLEV), ("ncol", NCOL)):
                file[name] = numpy.arange(size, dtype="f8")
                file[name].make_scale(name)
            for name, (dimensions, values) in variables.items():
                file[name] = values.astype("f4")
                for i, dimension in enumerate(dimensions):
                    file[name].dims[i].attach_scale(file[dimension])
        test = self.study("climate", **{
            "trials: 200": "trials: 3", "finalists: 8": "finalists: 1",
            "rows: 20000": "validation_rows: 768, rows: 1536",
            "epochs: 20, patience: 5": "epochs: 2", "epochs: 30, patience: 5": "epochs: 2"})
        self.assertEqual(len(test["targets"]), 6)  # five levels and FLDS
        self.assertTrue(all(math.isfinite(target["r2"]) for target in test["targets"]))


if __name__ == "__main__":
    support.main()
