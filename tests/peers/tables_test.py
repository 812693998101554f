# SPDX-License-Identifier: Apache-2.0
import unittest

from driver import tables
from figures_test import row, run


class TextTest(unittest.TestCase):
    def test_sizes_have_their_largest_unit(self):
        self.assertEqual([tables.size_text(size) for size in (4, 8192, 64 << 20)], ["4 B", "8 KiB", "64 MiB"])

    def test_numbers_have_about_three_digits(self):
        values = (None, 0.0123, 0.456, 7.891, 12.34, 123.4, 12345)
        texts = ["-", "0.0123", "0.46", "7.89", "12.3", "123", "12,345"]
        self.assertEqual([tables.number_text(value) for value in values], texts)

    def test_columns_are_as_wide_as_their_widest_cell(self):
        lines = tables.table(["a", "b"], [["x", "12345"], ["long", "1"]]).splitlines()
        self.assertEqual(lines, ["| a    |     b |", "|------|------:|", "| x    | 12345 |", "| long |     1 |"])


class ReportTest(unittest.TestCase):
    RACE = {
        "started": "2026-01-01T00:00:00Z",
        "host": {"processor": "P", "cores": 2, "system": "Linux", "distribution": "Debian"},
        "options": {"max_iterations": 20000, "budget_ms": 700},
        "versions": {"shm a": "A 1"},
        "limits": {"timer_ns": 20},
    }

    def race(self, runs):
        return {**self.RACE, "runs": runs}

    def test_shows_the_ratio_to_the_best_peer(self):
        runs = [run("tutti", [row(8, 700)], library="tutti"), run("a", [row(8, 2000)]), run("b", [row(8, 1000)])]
        line = [line for line in tables.report(self.race(runs)).splitlines() if line.startswith("| 8 B")][0]
        cells = [cell.strip() for cell in line.split("|")]
        self.assertEqual(cells[2:5], ["0.70", "1.00 b", "0.70"])

    def test_names_what_failed(self):
        broken = {**run("a", []), "failure": "killed after 60 s: stuck"}
        text = tables.report(self.race([broken, run("b", [row(8, 5, wrong=3)])]))
        self.assertIn("- a, shm, 2 ranks, round 0: killed after 60 s: stuck", text)
        self.assertIn("- b, shm, 2 ranks, round 0, 8 B: 3 elements wrong", text)

    def test_says_so_when_nothing_failed(self):
        self.assertIn("Every run ended well", tables.report(self.race([run("a", [row(8, 5)])])))


if __name__ == "__main__":
    unittest.main()
