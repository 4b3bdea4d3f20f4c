"""Classes, probabilities and weighted rows, from a study file to predictions; and what is refused."""
import json
import os

import h5py
import numpy

import support

STUDY = """\
study: {name: clouds, seed: 2, directory: out}
data:
  files: [clouds.h5]
  inputs: [state]
  targets: [phase]
  split: {variable: split}
model: {layers: 2, width: {int: [16, 32]}, activation: tanh}
training:
  loss: categorical_cross_entropy
  learning_rate: {float: [0.01, 0.05], log: true}
  batch_size: 64
search: {trials: 4, subset: {rows: 1000}, budget: {epochs: 20}}
promotion: {finalists: 2}
retraining: {budget: {epochs: 20}, averaging: ema, averaging_decay: 0.9}
"""
BINARY = STUDY.replace("[phase]", "[rain, cover]").replace("categorical_", "binary_")
REGRESSION = STUDY.replace("[phase]", "[{name: flux, weight: 2}, heat]\n  weights: area").replace(
    "  loss: categorical_cross_entropy\n", "").replace("search: {", "search: {objective: r2, ")


def softmax(z):
    e = numpy.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Targets(support.Case):
    data_rows = 100  # of the aerosol set, which is not used

    def setUp(self):
        super().setUp()
        rng = numpy.random.default_rng(11)
        rows = 3000
        x = rng.uniform(-1, 1, (rows, 3))
        radius = x[:, 0]**2 + x[:, 1]**2
        with h5py.File(self.path("clouds.h5"), "w") as file:
            file["state"] = x.astype("f4")
            file["phase"] = numpy.where(radius < 0.3, 0, numpy.where(x[:, 1] > 0, 1, 2)).astype("i1")
            file["rain"] = (x[:, 0] + x[:, 2] > 0.5).astype("u1")
            file["cover"] = (1 / (1 + numpy.exp(-4 * x))).astype("f4")
            file["flux"] = (300 + 40 * numpy.sin(2 * x[:, 0]) * x[:, 1]).astype("f4")
            file["heat"] = (1e-5 * (x[:, 0] + x[:, 2]**2)).astype("f4")
            file["area"] = rng.uniform(0.1, 3, rows).astype("f4")
            file["split"] = (numpy.arange(rows) % 10 >= 6).astype("u1") + (numpy.arange(rows) % 10 >= 8)

    def study(self, text, **options):
        self.write("study.yaml", text)
        return self.twostep("run", "study.yaml", **options)

    def predict_best(self):
        report = json.loads(self.read("out", "report.json"))
        best = report["finalists"][0]
        self.twostep("predict", os.path.join("out", best["model_file"]), "clouds.h5", "-o", "p.h5", "--overwrite")
        with h5py.File(self.path("p.h5")) as file:
            predicted = {name: file[name][:] for name in file}
        with h5py.File(self.path("clouds.h5")) as file:
            truth = {name: file[name][:] for name in file}
        return report, best, predicted, truth, truth["split"] == 2

    def test_classes(self):
        self.study(STUDY, ranks=3)
        report, best, predicted, truth, test = self.predict_best()
        self.assertEqual(report["objective_metric"], "categorical_cross_entropy")
        phase = truth["phase"][test]
        probability, label = predicted["phase_probability"][test], predicted["phase_class"][test]
        self.assertEqual(probability.shape, (600, 3))
        self.assertLess(numpy.abs(probability.sum(axis=1) - 1).max(), 1e-6)
        self.assertTrue((label == probability.argmax(axis=1)).all())
        metrics = best["test"]["targets"][0]
        self.assertEqual(metrics["target"], "phase")
        self.assertAlmostEqual(metrics["accuracy"], (label == phase).mean(), delta=1e-9)
        recalls = [(label[phase == k] == k).mean() for k in range(3)]
        self.assertAlmostEqual(metrics["balanced_accuracy"], numpy.mean(recalls), delta=1e-9)
        entropy = -numpy.log(probability[numpy.arange(600), phase]).mean()
        self.assertAlmostEqual(best["test"]["overall"]["objective"], entropy, delta=1e-5)
        self.assertGreater(metrics["accuracy"], 0.9)
        self.assertNotIn("rmse", metrics)
        text = self.twostep("report", "out").stdout
        for word in ("objective", "entropy", "accuracy", "balanced"):
            self.assertIn(word, text)
        # The model without twostep: logits, as its attribute says.
        with h5py.File(self.path("out", best["model_file"])) as model:
            about = json.loads(model.attrs["model"])
            self.assertEqual(about["outputs_are"], "class_logits")
            z = (truth["state"] - model["inputs/offset"][:]) / model["inputs/scale"][:]
            for layer in (1, 2, 3):
                z = z @ model[f"layer_{layer}/weights"][:] + model[f"layer_{layer}/biases"][:]
                z = numpy.tanh(z) if layer < 3 else z
        self.assertLess(numpy.abs(softmax(z) - predicted["phase_probability"]).max(), 1e-5)

    def test_probabilities(self):
        self.study(BINARY.replace("search: {", "search: {objective: balanced_accuracy, "), ranks=2)
        report, best, predicted, truth, test = self.predict_best()
        self.assertTrue(report["larger_is_better"])
        values = [f["objective"] for f in report["finalists"]]
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertTrue(all(0.5 < v <= 1 for v in values))
        trials = [float(line.split(",")[2]) for line in self.trials()[1:]]
        self.assertTrue(all(0 < v <= 1 for v in trials))
        self.assertEqual(max(trials), max(f["search_objective"] for f in report["finalists"]))
        self.assertEqual(predicted["cover_probability"].shape, truth["cover"].shape)
        p, t = predicted["rain_probability"][test].astype("f8"), truth["rain"][test]
        metrics = best["test"]["targets"][0]
        self.assertAlmostEqual(metrics["loss"], -numpy.log(numpy.where(t == 1, p, 1 - p)).mean(), delta=1e-4)
        self.assertAlmostEqual(metrics["accuracy"], ((p >= 0.5) == t).mean(), delta=1e-9)
        self.assertAlmostEqual(metrics["rmse"], numpy.sqrt(((p - t)**2).mean()), delta=1e-5)
        self.assertTrue((predicted["rain_class"] == (predicted["rain_probability"] >= 0.5)).all())
        self.assertIn("balanced_accuracy", self.twostep("status", "out").stdout)
        self.assertIn("balanced_accuracy 0.", self.twostep("journal", "out").stdout)

    def test_weighted_regression(self):
        self.study(REGRESSION, ranks=3)
        report, best, predicted, truth, test = self.predict_best()
        w = truth["area"][test].astype("f8")
        r2 = []
        for metrics, name in zip(best["test"]["targets"], ("flux", "heat")):
            t = truth[name][test].astype("f8")
            e = predicted[name][test] - t
            mean = (w * t).sum() / w.sum()
            r2.append(1 - (w * e**2).sum() / (w * (t - mean)**2).sum())
            self.assertAlmostEqual(metrics["rmse"] / numpy.sqrt((w * e**2).sum() / w.sum()), 1, delta=1e-4)
            self.assertAlmostEqual(metrics["mae"] / ((w * abs(e)).sum() / w.sum()), 1, delta=1e-4)
            self.assertAlmostEqual(metrics["bias"] / t.std(), (w * e).sum() / w.sum() / t.std(), delta=1e-5)
            self.assertAlmostEqual(metrics["r2"], r2[-1], delta=1e-5)
        self.assertAlmostEqual(best["test"]["overall"]["r2"], (2 * r2[0] + r2[1]) / 3, delta=1e-5)
        self.assertGreater(best["objective"], 0.9)

    def test_refused_before_anything_runs(self):
        wrong = STUDY.replace("[phase]", "[flux]")
        cases = [
            (wrong, 4, "study.yaml:5", "categorical_cross_entropy of flux, which holds", "clouds.h5:flux[0]"),
            (BINARY.replace("[rain, cover]", "[heat, flux]"), 4, "study.yaml:5", "probabilities between"),
            (STUDY.replace("[phase]", "[cover]"), 4, "study.yaml:5", "has 3 columns"),
            (STUDY.replace("[phase]", "[phase]\n  classes: 2"), 4, "which holds 2", "from 0 to 1"),
            (STUDY.replace("[phase]", "[phase]\n  classes: 1"), 3, "study.yaml:6", "from 2"),
            (STUDY.replace("[phase]", "[phase, rain]"), 3, "study.yaml:5", "2 targets"),
            (STUDY.replace("model: {", "model: {output_activation: sigmoid, "), 3, "study.yaml:7", "logits"),
            (STUDY.replace("[phase]", "[phase]\n  normalise: {targets: standard}"), 3, "study.yaml:6", "none"),
            (STUDY.replace("search: {", "search: {objective: mse, "), 3, "study.yaml:12", "choose one of"),
            (REGRESSION.replace("objective: r2", "objective: accuracy"), 3, "study.yaml:12", "of a regression"),
            (REGRESSION.replace("weights: area", "weights: state"), 3, "study.yaml:6", "also an input"),
            (REGRESSION.replace("weights: area", "weights: cover"), 4, "clouds.h5:cover", "must be [N]"),
            (STUDY.replace("batch_size: 64", "batch_size: 4000"), 3, "study.yaml:11", "larger than the subset"),
            (STUDY.replace("batch_size: 64", "batch_size: 1500").replace("rows: 1000", "fraction: 0.5"), 4,
             "study.yaml:11", "larger than the subset"),
        ]
        for text, code, *words in cases:
            self.write("study.yaml", text)
            done = self.twostep("check", "study.yaml", code=code)
            for word in words:
                self.assertIn(word, done.stderr, text)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_what_only_the_rows_show_ends_the_study(self):
        with h5py.File(self.path("clouds.h5"), "r+") as file:
            file["area"][2000:] = -1
        done = self.study(REGRESSION, ranks=3, code=4)
        self.assertIn("of the weights area below 0; the first, -1, is here", done.stderr)
        self.assertIn("clouds.h5:area[", done.stderr)


if __name__ == "__main__":
    support.main()
