"""The studies of configs/studies on real data, where those are at hand beside the checkout."""
import json
import os
import unittest

import support

SHARED = os.path.join(os.path.dirname(support.SOURCE), "shared", "data")


class RealData(support.Case):
    def study(self, name, data, bound):
        source = os.path.join(SHARED, data, "data.h5")
        if not os.path.exists(source):
            raise unittest.SkipTest(f"SKIPPED LOUDLY: {source} is not there")
        with open(os.path.join(support.SOURCE, "configs/studies", name + ".yaml")) as file:
            self.write("study.yaml", file.read().replace("../shared/data", SHARED))
        self.twostep("run", "study.yaml", ranks=3, timeout=600)
        best = json.loads(self.read("studies", name, "report.json"))["finalists"][0]
        for target in best["test"]["targets"]:
            self.assertGreaterEqual(target["r2"], bound)
        return best

    def test_naval(self):
        self.assertEqual(len(self.study("naval", "fcnet_naval", 0.995)["test"]["targets"]), 2)

    def test_sgemm(self):
        self.study("sgemm", "sgemm_gpu", 0.99)


if __name__ == "__main__":
    support.main()
