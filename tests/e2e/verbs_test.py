"""The verbs beside run, and what run leaves behind."""
import csv
import io
import json
import os

import h5py
import numpy

import support


class Verbs(support.Case):
    def setUp(self):
        super().setUp()
        self.write("study.yaml", support.STUDY)

    def test_check_says_what_would_run_and_trains_nothing(self):
        done = self.twostep("check", "study.yaml")
        for text in ("6000 rows", "4200 training, 900 validation, 900 test", "1000 training, 500 validation",
                     "16 trials of 5 epochs", "training.learning_rate", "no mistakes found"):
            self.assertIn(text, done.stdout)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_help_and_version(self):
        for args in (("--help",), ("run", "--help"), ("check", "--help"), ("predict", "--help")):
            self.assertIn("sage", self.twostep(*args).stdout)
        version = self.twostep("--version").stdout
        self.assertEqual(self.twostep("report", "--version").stdout, version)
        for text in ("twostep ", "MPI", "HDF5", "oneDNN", "processor"):
            self.assertIn(text, version)

    def test_results_can_be_read_by_others(self):
        self.twostep("run", "study.yaml", ranks=3)
        report = json.loads(self.twostep("report", "out", "--format", "json").stdout)
        self.assertEqual(report, json.loads(self.read("out", "report.json")))
        rows = list(csv.DictReader(io.StringIO(self.read("out", "trials.csv"))))
        self.assertEqual(len(rows), 16)
        self.assertEqual(sum(row["finalist"] == "1" for row in rows), 3)
        best = min(float(r["objective"]) for r in rows if r["status"] == "finished")
        self.assertEqual(best, min(f["search_objective"] for f in report["finalists"]))
        self.assertIn("16 of 16 finished", self.twostep("status", "out").stdout)
        self.assertEqual(self.twostep("status", "study.yaml").stdout, self.twostep("status", "out").stdout)
        text = self.twostep("report", "out").stdout
        self.assertEqual(self.twostep("report", "study.yaml").stdout, text)
        self.assertIn("Finalists", text)
        journal = self.twostep("journal", "out").stdout
        self.assertIn("finalists chosen", journal)
        self.assertEqual(len(journal.splitlines()), len(self.events()))
        self.assertFalse(os.path.exists(self.path("out", "full.h5")), "the packed full data are left behind")

    def test_predict_gives_the_reported_test_metrics(self):
        # A split by variable, so that the test knows which rows are test rows.
        os.remove(self.path("data"))
        os.mkdir(self.path("data"))
        with h5py.File(os.path.join(self.data_folder, "aerosol-0000.h5")) as source:
            with h5py.File(self.path("data", "all.h5"), "w") as file:
                for name in source:
                    file[name] = source[name][:]
                rows = file["tair"].shape[0]
                split = numpy.arange(rows) % 5
                file["split"] = numpy.where(split < 3, 0, split - 2).astype("u1")
        self.write("study.yaml", support.STUDY.replace(
            "  normalise:", "  split: {variable: split}\n  normalise:").replace("targets: none", "targets: standard")
                   .replace("  output_activation: sigmoid\n", ""))
        self.twostep("run", "study.yaml", ranks=2)
        report = json.loads(self.read("out", "report.json"))
        for finalist in report["finalists"]:
            model = os.path.join("out", finalist["model_file"])
            self.twostep("predict", model, "data/all.h5", "-o", "prediction.h5", "--overwrite")
            with h5py.File(self.path("prediction.h5")) as out, h5py.File(self.path("data", "all.h5")) as data:
                test = data["split"][:] == 2
                predicted = out["fn"][:][test].astype("f8")
                truth = data["fn"][:][test].astype("f8")
            self.assertEqual(predicted.shape, truth.shape)
            for j, target in enumerate(finalist["test"]["targets"]):
                error = predicted[:, j] - truth[:, j]
                r2 = 1 - (error**2).sum() / ((truth[:, j] - truth[:, j].mean())**2).sum()
                self.assertEqual(target["target"], f"fn[{j}]")
                self.assertAlmostEqual(target["rmse"], numpy.sqrt((error**2).mean()), delta=1e-6)
                self.assertAlmostEqual(target["mae"], numpy.abs(error).mean(), delta=1e-6)
                self.assertAlmostEqual(target["r2"], r2, delta=1e-5)
        self.assertIn("exists already",
                      self.twostep("predict", model, "data/all.h5", "-o", "prediction.h5", code=5).stderr)
        self.assertIn("no variable", self.twostep("predict", model, "prediction.h5", "-o", "p.h5", code=4).stderr)
        self.assertIn("model", self.twostep("predict", "data/all.h5", "data/all.h5", "-o", "p.h5", code=4).stderr)
        self.assertFalse(os.path.exists(self.path("p.h5")))

    def test_a_model_can_be_used_without_twostep(self):
        self.write("study.yaml", support.STUDY.replace("[relu, tanh, gelu]", "[tanh]"))
        self.twostep("run", "study.yaml")
        report = json.loads(self.read("out", "report.json"))
        path = os.path.join("out", report["finalists"][0]["model_file"])
        self.twostep("predict", path, "data/aerosol-0000.h5", "-o", "prediction.h5")
        with h5py.File(self.path(path)) as model, h5py.File(self.path("data/aerosol-0000.h5")) as data:
            about = json.loads(model.attrs["model"])
            columns = []
            for variable in about["input_variables"]:
                values = data[variable["name"]][:100].astype("f8").reshape(100, -1)
                columns.append(numpy.log10(values) if variable["transform"] == "log10" else values)
            x = (numpy.concatenate(columns, axis=1) - model["inputs/offset"][:]) / model["inputs/scale"][:]
            for layer in range(1, len(about["widths"]) + 2):
                x = x @ model[f"layer_{layer}/weights"][:] + model[f"layer_{layer}/biases"][:]
                x = numpy.tanh(x) if layer <= len(about["widths"]) else 1 / (1 + numpy.exp(-x))
            expected = model["targets/offset"][:] + model["targets/scale"][:] * x
            self.assertEqual(json.loads(model.attrs["provenance"])["study"], "small")
        with h5py.File(self.path("prediction.h5")) as out:
            self.assertLess(numpy.abs(out["fn"][:100] - expected).max(), 1e-5)

    def test_the_generated_documents_are_current(self):
        for form, name in (("yaml", "configs/annotated.yaml"), ("markdown", "docs/config.md")):
            with open(os.path.join(support.SOURCE, name)) as file:
                self.assertEqual(self.twostep("schema", "--format", form).stdout, file.read(),
                                 f"{name} is out of date: twostep schema --format {form} > {name}")
        self.twostep("schema")

    def test_the_annotated_study_is_valid(self):
        text = self.twostep("schema", "--format", "yaml").stdout.replace("data/aerosol/*.h5", "data/*.h5")
        self.write("study.yaml", text.replace("rows: 5000", "rows: 500"))
        self.assertIn("no mistakes found", self.twostep("check", "study.yaml").stdout)

    def test_plain_progress_without_a_terminal(self):
        done = self.twostep("run", "study.yaml", ranks=2)
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("\x1b", done.stderr)
        quiet = self.twostep("run", "--quiet", "--fresh", "--overwrite", "study.yaml")
        self.assertEqual(quiet.stderr, "")


if __name__ == "__main__":
    support.main()
