"""Every mistake gets one clear message with its place, a documented exit code, and harms nothing."""
import os
import shutil
import subprocess

import h5py
import numpy

import support

BASE = support.STUDY


class BadInput(support.Case):
    def expect(self, study, code, *texts, ranks=(0, 3), verb="run"):
        self.write("study.yaml", study)
        for n in ranks:
            done = self.twostep(verb, "study.yaml", ranks=n, code=code)
            for text in texts:
                self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("error: "), done.stderr.count("\nerror: ") +
                             done.stderr.startswith("error: "))
            for trace in ("terminate called", "Signal:", "core dumped", "HDF5-DIAG", "MPI_ABORT"):
                self.assertNotIn(trace, done.stderr)
        return done

    def own_data(self, change):
        """Replaces data/ by a changed copy."""
        os.remove(self.path("data"))
        shutil.copytree(self.data_folder, self.path("data"))
        with h5py.File(self.path("data", "aerosol-0001.h5"), "r+") as file:
            change(file)

    def test_unknown_key_names_the_nearest(self):
        self.expect(BASE.replace("trials: 16", "trails: 16"), 3, "study.yaml:22", "trails", "'trials'")

    def test_wrong_type(self):
        self.expect(BASE.replace("trials: 16", "trials: many"), 3, "study.yaml:22", "trials", ranks=(0,))

    def test_empty_range(self):
        self.expect(BASE.replace("[relu, tanh, gelu]", "[]"), 3, "study.yaml:15", "empty range", ranks=(0,))

    def test_low_above_high(self):
        self.expect(BASE.replace("[4, 32]", "[32, 4]"), 3, "study.yaml:14", "low is above high", ranks=(0,))

    def test_log_range_touching_zero(self):
        self.expect(BASE.replace("  optimizer:", "  weight_decay: {float: [0, 0.1], log: true}\n  optimizer:"), 3,
                    "study.yaml:18", "a log range cannot touch 0", ranks=(0,))
        self.expect(BASE.replace("[1e-3, 1e-1]", "[0, 1e-1]"), 3, "study.yaml:19", "above 0", ranks=(0,))

    def test_bf16_where_the_processor_has_none(self):
        study = BASE.replace("  optimizer:", "  precision: {choice: [float32, bf16]}\n  optimizer:")
        os.environ["DNNL_MAX_CPU_ISA"] = "AVX2"
        try:
            for verb, ranks in (("check", (0,)), ("run", (0, 3))):
                self.expect(study, 3, "study.yaml:18", "bf16", "bf16_emulated", ranks=ranks, verb=verb)
        finally:
            del os.environ["DNNL_MAX_CPU_ISA"]

    def test_all_mistakes_are_listed_at_once(self):
        study = BASE.replace("trials: 16", "trails: 16").replace("[4, 32]", "[32, 4]")
        done = self.expect(study, 3, "trails", "low is above high", ranks=(0,), verb="check")
        self.assertGreaterEqual(done.stderr.count("error: "), 2)

    def test_not_yaml(self):
        self.expect("study: {name: [", 3, "study.yaml:", ranks=(0, 3))

    def test_empty_study(self):
        self.expect("", 3, "study.name", ranks=(0,))

    def test_missing_study_file(self):
        done = self.twostep("run", "absent.yaml", code=3)
        self.assertIn("absent.yaml", done.stderr)

    def test_missing_file(self):
        self.expect(BASE.replace("[data/*.h5]", "[data/absent.h5]"), 4, "no such file: data/absent.h5",
                    "study.yaml:3")

    def test_no_match_of_a_pattern(self):
        self.expect(BASE.replace("[data/*.h5]", "[data/*.nc]"), 4, "no file matches data/*.nc", ranks=(0,))

    def test_not_hdf5(self):
        self.write("fake.h5", "hello")
        self.expect(BASE.replace("[data/*.h5]", "[fake.h5]"), 4, "fake.h5", "not an HDF5 file")

    def test_missing_variable(self):
        self.expect(BASE.replace("targets: [fn]", "targets: [fnn]"), 4, "aerosol-0000.h5:fnn",
                    "did you mean fn?")

    def test_shapes_that_differ_between_shards(self):
        def change(file):
            del file["kappa"]
            file["kappa"] = numpy.ones((3000, 3), dtype="f4")
        self.own_data(change)
        self.expect(BASE, 4, "aerosol-0001.h5:kappa", "3 columns")

    def test_nan_is_counted_and_located(self):
        def change(file):
            file["tair"][5] = numpy.nan
            file["tair"][7:9] = numpy.nan
            file["fn"][11, 2] = numpy.inf
        self.own_data(change)
        # Step 2 reads all rows, so that all are counted there at the latest; a small subset meets none.
        study = BASE.replace("rows: 1000, validation_rows: 500", "rows: 64, validation_rows: 16").replace(
            "[64, 128]", "[32, 64]")
        for ranks in (0, 3):
            shutil.rmtree(self.path("out"), ignore_errors=True)
            self.write("study.yaml", study)
            done = self.twostep("run", "study.yaml", ranks=ranks, code=4)
            if "tair" in done.stderr:
                self.assertIn("aerosol-0001.h5:tair[5]", done.stderr)
            self.assertIn("data.missing: drop", done.stderr)
        self.write("study.yaml", study.replace("targets: [fn]", "targets: [fn]\n  missing: drop"))
        shutil.rmtree(self.path("out"))
        self.twostep("run", "study.yaml", ranks=3)

    def test_transform_out_of_domain(self):
        def change(file):
            file["wbar"][:] = -1
        self.own_data(change)
        self.expect(BASE, 4, "aerosol-0001.h5:wbar[", "log10")

    def test_fewer_rows_than_the_subset(self):
        self.expect(BASE.replace("rows: 1000", "rows: 100000"), 4, "the subset is larger", ranks=(0,))

    def test_fewer_rows_than_the_batch(self):
        self.expect(BASE.replace("[64, 128]", "[64, 2048]"), 3, "can be larger than the subset",
                    "study.yaml:20", ranks=(0,))

    def test_no_rows_for_a_split(self):
        with h5py.File(self.path("tiny.h5"), "w") as file:
            for name in ("tair", "wbar"):
                file[name] = numpy.ones(2, dtype="f4")
            for name in ("num_aer", "r_aer", "kappa", "fn"):
                file[name] = numpy.ones((2, 4), dtype="f4")
        self.expect(BASE.replace("[data/*.h5]", "[tiny.h5]"), 4, "no validation rows", ranks=(0,))

    def test_constant_target(self):
        os.remove(self.path("data"))
        shutil.copytree(self.data_folder, self.path("data"))
        for shard in (0, 1):
            with h5py.File(self.path("data", f"aerosol-000{shard}.h5"), "r+") as file:
                file["fn"][:] = 0.25
        self.expect(BASE, 4, "the target fn is constant")

    def test_fewer_ranks_than_a_team_needs(self):
        self.expect(BASE.replace("retraining:", "retraining:\n  team: 4"), 7, "retraining.team", ranks=(0, 3))

    def test_no_permission(self):
        if os.geteuid() == 0:
            # Root may write anywhere; a file in the folder's place does as well.
            self.write("out", "in the way")
            self.expect(BASE, 6, "out", ranks=(0, 3))
            self.assertEqual(self.read("out"), "in the way")
        else:
            os.mkdir(self.path("out"), 0o500)
            self.expect(BASE, 6, "ermission", ranks=(0, 3))

    def test_no_space(self):
        """A file size limit stands in for a full disk: writing the journal fails in the middle."""
        self.write("study.yaml", BASE)

        # In the shell of each rank, since MPI needs larger files of its own before that.
        limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 293; exec \"$@\"", "sh"]  # 150,016 bytes
        self.twostep("run", "study.yaml")
        whole = self.trials()
        for ranks in (0, 3):
            shutil.rmtree(self.path("out"))
            line = support.command(ranks, "run", "study.yaml")
            at = line.index(support.TWOSTEP)
            done = subprocess.run(line[:at] + limited + line[at:], cwd=self.folder, text=True,
                                  capture_output=True, timeout=60,
                                  env=support.environment(OMPI_MCA_btl="self,tcp"))
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("File too large", done.stderr)
            self.assertNotIn("Segmentation", done.stderr)
            self.twostep("run", "study.yaml", ranks=ranks)  # space again: nothing was lost
            self.assertEqual(self.trials(), whole)

    def test_a_disk_that_fills_up_while_the_study_runs(self):
        """On a small file system of its own, filled by somebody else after 20 trials."""
        if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("SKIPPED LOUDLY: no mount namespaces here")
        self.write("study.yaml", BASE.replace("trials: 16", "trials: 300").replace("epochs: 5}", "epochs: 20}"))
        os.mkdir(self.path("out"))
        self.write("script", """
            mount -t tmpfs -o size=4m none out || exit 99
            "$@" >first.out 2>first.err &
            job=$!
            while [ "$(cat out/journal/* 2>/dev/null | grep -c '"finished"')" -lt 20 ]; do sleep 0.01; done
            dd if=/dev/zero of=out/filler bs=1k count=100000 2>/dev/null
            wait $job
            echo $? >first.code
            rm out/filler
            "$@" >second.out 2>second.err
            echo $? >second.code
        """)
        line = support.command(3, "run", "study.yaml")
        subprocess.run(["unshare", "-m", "sh", "script", *line], cwd=self.folder, timeout=100, check=True,
                       env=support.environment())
        self.assertEqual(self.read("first.code"), "6\n", self.read("first.err"))
        self.assertIn("No space left on device", self.read("first.err"))
        self.assertEqual(self.read("second.code"), "0\n", self.read("second.err"))
        self.assertIn("Resuming", self.read("second.err"))
        self.assertIn("300 of 300 finished", self.read("second.out"))

    def test_a_damaged_journal_is_refused(self):
        self.write("study.yaml", BASE)
        self.twostep("run", "study.yaml")
        name = self.path("out", "journal", "0001.jsonl")
        with open(name, "r+b") as file:
            file.seek(300)
            file.write(b"####")
        done = self.twostep("run", "study.yaml", code=5)
        self.assertIn("journal/0001.jsonl:", done.stderr)
        self.twostep("status", "out", code=5)

    def test_diverging_trials_are_counted_and_the_study_goes_on(self):
        self.write("study.yaml", BASE.replace("optimizer: {choice: [adam, sgd]}", "optimizer: sgd")
                   .replace("output_activation: sigmoid", "output_activation: identity")
                   .replace("{float: [1e-3, 1e-1], log: true}", "{choice: [0.01, 900.0]}"))
        done = self.twostep("run", "study.yaml", ranks=3)
        self.assertIn("diverged", done.stdout)
        statuses = [row.split(",")[1] for row in self.trials()[1:]]
        self.assertIn("diverged", statuses)
        self.assertIn("finished", statuses)

    def test_a_trial_that_cannot_allocate_fails_alone(self):
        if support.sanitized():
            self.skipTest("SKIPPED LOUDLY: AddressSanitizer starts under no limit of addresses")
        self.write("study.yaml", BASE.replace("width: {int: [4, 32], log: true, per: layer}",
                                              "width: {choice: [8, 60000]}")
                   .replace("layers: {int: [1, 3]}", "layers: 3").replace("trials: 16", "trials: 8"))
        done = subprocess.run([support.TWOSTEP, "run", "study.yaml"], cwd=self.folder, text=True,
                              capture_output=True, timeout=100, **support.bounded(6))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = self.trials()[1:]
        self.assertTrue(any(",60000," in row and row.split(",")[1] == "failed" for row in rows), rows)
        self.assertIn("failed", done.stdout)
        self.assertIn("memory", "".join(rows))

    def test_usage(self):
        for args, text in ((("rum", "x"), "did you mean `twostep run`"), (("run",), "missing argument"),
                           (("report", "out", "--format", "xml"), "xml"), (("run", "--frsh", "x"), "frsh")):
            done = self.twostep(*args, code=2)
            self.assertIn(text, done.stderr)

    def test_no_study_there(self):
        for verb in ("status", "report", "journal"):
            self.assertIn("no study here", self.twostep(verb, "nowhere", code=5).stderr)


if __name__ == "__main__":
    support.main()
