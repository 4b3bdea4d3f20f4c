"""Files as climate models write them: variables of several dimensions with names, flattened by rule."""
import json
import os

import h5py
import numpy

import support

NTIME, NLEV, NCOL = 20, 6, 48
LEVELS = [0, 2, 5]

STUDY = """\
study: {name: climate, seed: 2, directory: out}
data:
  files: [nc/*.nc]
  rows: [time, ncol]
  inputs:
    - {name: T, levels: [0, 2, 5]}
    - {name: Q, levels: {lev: {from: 1, to: 5, step: 2}}, transform: log10}
    - PS
    - lat
  targets: [{name: HEAT, levels: [0, 5]}, FLUX]
  split: {variable: split}
model: {layers: 1, width: 8}
training: {learning_rate: {float: [1e-3, 1e-2], log: true}, batch_size: 64}
search: {trials: 3, subset: {rows: 256, validation_rows: 64}, budget: {epochs: 3}}
promotion: {finalists: 1}
retraining: {budget: {epochs: 2}}
"""


def make_arrays(seed):
    rng = numpy.random.default_rng(seed)
    arrays = {
        "T": (("time", "lev", "ncol"), 250 + 30 * rng.random((NTIME, NLEV, NCOL))),
        "Q": (("ncol", "lev", "time"), 10 ** -(1 + 4 * rng.random((NCOL, NLEV, NTIME)))),
        "PS": (("time", "ncol"), 1e5 + 1e3 * rng.random((NTIME, NCOL))),
        "lat": (("ncol",), numpy.linspace(-90, 90, NCOL)),
    }
    split = numpy.arange(NTIME * NCOL).reshape(NTIME, NCOL) % 5
    arrays["split"] = (("time", "ncol"), numpy.where(split < 3, 0, split - 2))
    temperature = arrays["T"][1]
    arrays["HEAT"] = (("time", "lev", "ncol"), 3 + numpy.sin(temperature / 10) + 0.1 * rng.random(temperature.shape))
    arrays["FLUX"] = (("time", "ncol"), temperature[:, 0] / 100 + arrays["lat"][1] / 90)
    return arrays


def write_file(path, arrays, names="scales"):
    """A file like NetCDF-4's: dimension scales (or HDF5's labels, or nothing), chunks, compression, packed PS."""
    with h5py.File(path, "w") as file:
        if names == "scales":
            for name, size in (("time", NTIME), ("lev", NLEV), ("ncol", NCOL)):
                file[name] = numpy.arange(size, dtype="f8")
                file[name].make_scale(name)
        for name, (dimensions, values) in arrays.items():
            if name == "PS":
                packed = numpy.round((values - 1e5) / 0.5).astype("i2")
                file[name] = packed
                file[name].attrs["scale_factor"] = 0.5
                file[name].attrs["add_offset"] = 1e5
                file[name].attrs["_FillValue"] = numpy.int16(-32767)
            elif name == "T":
                file.create_dataset(name, data=values.astype("f4"), chunks=(3, 2, 16), compression=4)
            elif name == "split":
                file[name] = values.astype("i1")
            else:
                file[name] = values.astype("f4")
            for i, dimension in enumerate(dimensions):
                if names == "scales":
                    file[name].dims[i].attach_scale(file[dimension])
                elif names == "labels":
                    file[name].dims[i].label = dimension


def table(arrays):
    """Inputs and targets as the rule says, in NumPy's own words."""
    f4 = {name: values.astype("f4").astype("f8") for name, (_, values) in arrays.items()}
    ps = numpy.round((arrays["PS"][1] - 1e5) / 0.5) * 0.5 + 1e5
    rows = NTIME * NCOL
    inputs = numpy.concatenate([
        f4["T"][:, LEVELS].transpose(0, 2, 1).reshape(rows, 3),
        numpy.log10(f4["Q"][:, [1, 3, 5]].transpose(2, 0, 1).reshape(rows, 3)),
        ps.reshape(rows, 1),
        numpy.broadcast_to(f4["lat"], (NTIME, NCOL)).reshape(rows, 1)], axis=1)
    targets = numpy.concatenate([f4["HEAT"][:, [0, 5]].transpose(0, 2, 1).reshape(rows, 2),
                                 f4["FLUX"].reshape(rows, 1)], axis=1)
    return inputs, targets, arrays["split"][1].reshape(rows)


class Climate(support.Case):
    data_rows = 100

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("nc"))
        self.arrays = [make_arrays(seed) for seed in (1, 2)]
        for i, arrays in enumerate(self.arrays):
            write_file(self.path("nc", f"h{i}.nc"), arrays, "labels" if i > 0 else "scales")
        self.write("study.yaml", STUDY)

    def test_values_names_and_metrics_agree_with_numpy(self):
        done = self.twostep("check", "study.yaml")
        for text in (f"{2 * NTIME * NCOL} rows", "8 inputs -> 3 targets", "rows        time, ncol"):
            self.assertIn(text, done.stdout)
        self.twostep("run", "study.yaml", ranks=3)
        report = json.loads(self.read("out", "report.json"))
        finalist = report["finalists"][0]
        path = os.path.join("out", finalist["model_file"])
        self.twostep("predict", path, "nc/h0.nc", "nc/h1.nc", "-o", "prediction.h5")
        parts = [table(arrays) for arrays in self.arrays]
        inputs, truth, split = (numpy.concatenate([p[i] for p in parts]) for i in range(3))
        with h5py.File(self.path(path)) as model:
            about = json.loads(model.attrs["model"])
            self.assertEqual(about["rows"], ["time", "ncol"])
            self.assertEqual(about["input_names"], ["T[lev=0]", "T[lev=2]", "T[lev=5]", "Q[lev=1]", "Q[lev=3]",
                                                    "Q[lev=5]", "PS", "lat"])
            x = (inputs - model["inputs/offset"][:]) / model["inputs/scale"][:]
            hidden = numpy.maximum(0, x @ model["layer_1/weights"][:] + model["layer_1/biases"][:])
            y = hidden @ model["layer_2/weights"][:] + model["layer_2/biases"][:]
            expected = model["targets/offset"][:] + model["targets/scale"][:] * y
        with h5py.File(self.path("prediction.h5")) as out:
            heat, flux = out["HEAT"][:].astype("f8"), out["FLUX"][:].astype("f8")
        predicted = numpy.concatenate([heat, flux.reshape(-1, 1)], axis=1)
        self.assertLess(numpy.abs(predicted - expected).max(), 1e-4)
        names = [target["target"] for target in finalist["test"]["targets"]]
        self.assertEqual(names, ["HEAT[lev=0]", "HEAT[lev=5]", "FLUX"])
        error = (predicted - truth)[split == 2]
        for j, target in enumerate(finalist["test"]["targets"]):
            self.assertAlmostEqual(target["rmse"], numpy.sqrt((error[:, j]**2).mean()), delta=2e-5)
            self.assertAlmostEqual(target["mae"], numpy.abs(error[:, j]).mean(), delta=2e-5)
        self.assertIn("HEAT[lev=5]", self.twostep("report", "out").stdout + self.read("out", "report.json"))

    def test_files_without_names_give_the_same(self):
        self.twostep("run", "study.yaml", ranks=2)
        with_names = self.trials()
        for i, arrays in enumerate(self.arrays):
            write_file(self.path("nc", f"h{i}.nc"), arrays, names=None)
        study = STUDY.replace("directory: out", "directory: plain")
        for name, dimensions in (("T", "time, lev, ncol"), ("Q", "ncol, lev, time"), ("HEAT", "time, lev, ncol")):
            study = study.replace(f"name: {name},", f"name: {name}, dimensions: [{dimensions}],")
        self.write("plain.yaml", study.replace("- lat", "- {name: lat, dimensions: [ncol]}"))
        self.twostep("run", "plain.yaml", ranks=2)
        self.assertEqual(self.trials("plain"), with_names)

    def refused(self, old, new, *texts, code=4):
        self.write("bad.yaml", STUDY.replace(old, new))
        for verb in ("check", "run"):
            done = self.twostep(verb, "bad.yaml", code=code)
            for text in texts:
                self.assertIn(text, done.stderr)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_mistakes_in_the_study(self):
        self.refused("[time, ncol]", "[time, ncoll]", "h0.nc", "no variable has the row dimension ncoll", "bad.yaml:4")
        self.refused("levels: [0, 2, 5]", "levels: [0, 6]", "h0.nc:T", "level 6 of lev is out of range", "the last is 5")
        self.refused("{lev: {", "{levs: {", "h0.nc:Q", "no dimension levs", "did you mean lev?")
        self.refused("  rows: [time, ncol]\n", "", "h0.nc:T", "3 dimensions", "data.rows: [time, ncol]")
        self.refused("levels: [0, 2, 5]", "levels: [5, 2]", "bad.yaml:6", "levels must ascend", code=3)
        self.refused("levels: [0, 2, 5]", "levels: {from: 4, to: 2}", "bad.yaml:6", "`from` is above `to`", code=3)
        self.refused("levels: [0, 2, 5]", "levels: top", "bad.yaml:6", "not a level", code=3)

    def test_files_that_disagree(self):
        with h5py.File(self.path("nc", "h1.nc"), "r+") as file:
            del file["FLUX"]
            file["FLUX"] = numpy.zeros((NTIME, NCOL - 1), dtype="f4")
            del file["HEAT"]
            file["HEAT"] = numpy.zeros((NTIME, NLEV, NCOL), dtype="f4")
        self.refused("", "", "h1.nc:FLUX", "does not fit", "h1.nc:HEAT", "no names")

    def test_missing_values_are_located_by_dimension(self):
        with h5py.File(self.path("nc", "h1.nc"), "r+") as file:
            file["T"][7, 2, 31] = numpy.nan
        self.write("all.yaml", STUDY.replace("rows: 256, validation_rows: 64", "fraction: 1"))
        done = self.twostep("run", "all.yaml", code=4)
        self.assertIn("h1.nc:T[time=7,ncol=31,lev=2]", done.stderr)

    def test_files_that_are_no_hdf5(self):
        heads = {"a.nc": (b"CDF\x01" + b"\0" * 28, "a NetCDF-3 file", "nccopy -k nc4 bad/a.nc bad/a-nc4.nc"),
                 "b.nc": (b"CDF\x02" + b"\0" * 28, "a NetCDF-3 (64-bit offset) file", "nccopy -k nc4 bad/b.nc"),
                 "c.nc": (b"CDF\x05" + b"\0" * 28, "a CDF-5 file", "nccopy -k nc4 bad/c.nc"),
                 "d.hdf": (b"\x0e\x03\x13\x01" + b"\0" * 28, "an HDF4 file", "h4toh5"),
                 "e.zip": (b"PK\x03\x04" + b"\0" * 28, "a compressed archive", "unzip bad/e.zip"),
                 "f.nc.gz": (b"\x1f\x8b\x08" + b"\0" * 28, "a compressed archive", "gunzip bad/f.nc.gz"),
                 "g.nc": (b"", "an empty file", "copied or written to its end"),
                 "h.nc": (b"CD", "not an HDF5 file", "check data.files")}
        os.mkdir(self.path("bad"))
        for name, (head, *_) in heads.items():
            with open(self.path("bad", name), "wb") as file:
                file.write(head)
        with open(self.path("nc", "h0.nc"), "rb") as source, open(self.path("bad", "i.nc"), "wb") as file:
            file.write(source.read()[:20000])
        heads["i.nc"] = (b"", "an HDF5 file that is cut short", "copied or written to its end")
        texts = [text for _, *more in heads.values() for text in more]
        self.refused("nc/*.nc", "bad/*", *texts, *(f"bad/{name}" for name in heads))


if __name__ == "__main__":
    support.main()
