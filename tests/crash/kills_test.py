"""Forty kills: see campaign.py, which does two hundred and more by hand."""
import argparse
import unittest

import campaign


class Kills(unittest.TestCase):
    def test_forty_kills_change_nothing(self):
        options = argparse.Namespace(kills=40, seed=4, studies="short,sobol", keep=False)
        self.assertTrue(campaign.campaign(options))


if __name__ == "__main__":
    unittest.main(verbosity=2)
