# SPDX-License-Identifier: Apache-2.0
import unittest

from driver import figures


def row(size, p50, wrong=0):
    return {"bytes": size, "wrong": wrong, "p50_ns": p50, "p99_ns": 2 * p50, "p999_ns": 3 * p50, "max_ns": 4 * p50}


def run(peer, rows, number=0, library="gloo", mode="shm", ranks=2):
    where = {"mode": mode, "ranks": ranks, "round": number}
    return {"peer": peer, "library": library, **where, "rows": rows, "failure": None}


class FiguresTest(unittest.TestCase):
    def test_medians_are_over_rounds(self):
        known = figures.Figures([run("a", [row(8, time)], number) for number, time in enumerate((30, 10, 20))])
        self.assertEqual(known.time_ns("shm", 2, "a", 8, "p50_ns"), 20)
        self.assertEqual(known.time_ns("shm", 2, "a", 8, "p99_ns"), 40)

    def test_wrong_results_are_no_figures(self):
        known = figures.Figures([run("a", [row(8, 10, wrong=1)]), run("a", [row(8, 30)], 1)])
        self.assertEqual(known.time_ns("shm", 2, "a", 8, "p50_ns"), 30)

    def test_what_was_not_measured_is_unknown(self):
        known = figures.Figures([run("a", [row(8, 10)])])
        self.assertIsNone(known.time_ns("shm", 2, "a", 16, "p50_ns"))
        self.assertEqual(known.best_peer("tcp", 2, 8, "p50_ns", ["a"]), (None, None))

    def test_we_are_no_peer_of_ourselves(self):
        runs = [run("tutti", [row(8, 1)], library="tutti"), run("a", [row(8, 30)]), run("b", [row(8, 20)])]
        known = figures.Figures(runs)
        self.assertEqual(known.best_peer("shm", 2, 8, "p50_ns", figures.names(runs, "shm", 2)), (20, "b"))

    def test_the_best_peer_may_differ_by_size(self):
        known = figures.Figures([run("a", [row(8, 1), row(64, 9)]), run("b", [row(8, 2), row(64, 3)])])
        self.assertEqual(known.best_peer("shm", 2, 8, "p50_ns", ["a", "b"])[1], "a")
        self.assertEqual(known.best_peer("shm", 2, 64, "p50_ns", ["a", "b"])[1], "b")

    def test_bus_bandwidth_counts_what_the_busiest_link_carries(self):
        self.assertAlmostEqual(figures.bus_bandwidth(1000, 2, 1000) / 1e9, 1)
        self.assertAlmostEqual(figures.bus_bandwidth(1000, 4, 1000) / 1e9, 1.5)
        self.assertIsNone(figures.bus_bandwidth(1000, 4, None))

    def test_a_ratio_of_something_unknown_is_unknown(self):
        self.assertEqual(figures.ratio(7, 10), 0.7)
        self.assertIsNone(figures.ratio(None, 10))
        self.assertIsNone(figures.ratio(7, None))

    def test_cells_and_sizes_are_sorted(self):
        runs = [run("a", [row(64, 1), row(8, 1)], mode="tcp", ranks=4), run("a", [row(8, 1)], mode="shm", ranks=8)]
        self.assertEqual(figures.cells(runs), [("shm", 8), ("tcp", 4)])
        self.assertEqual(figures.sizes(runs), [8, 64])


class FloorTest(unittest.TestCase):
    LIMITS = {
        "cache_line_one_way_ns": 50,
        "tcp_poll_round_trip_ns": 8000,
        "tcp_stream_bytes_per_s": 4e9,
        "l2_all_cores_add_bytes_per_s": 100e9,
        "l2_all_cores_copy_bytes_per_s": 100e9,
        "memory_all_cores_add_bytes_per_s": 10e9,
        "memory_all_cores_copy_bytes_per_s": 10e9,
    }

    def test_small_messages_need_two_cache_lines_or_half_a_round_trip(self):
        self.assertEqual(figures.floor_ns("shm", 2, 8, self.LIMITS), 100)
        self.assertEqual(figures.floor_ns("tcp", 2, 8, self.LIMITS), 4000)

    def test_large_messages_need_memory_or_the_stream(self):
        self.assertAlmostEqual(figures.floor_ns("shm", 2, 10_000_000, self.LIMITS), 2e6)
        self.assertAlmostEqual(figures.floor_ns("shm", 4, 10_000_000, self.LIMITS), 6e6)
        self.assertAlmostEqual(figures.floor_ns("tcp", 2, 4_000_000, self.LIMITS), 2e6)

    def test_without_limits_there_is_no_floor(self):
        self.assertIsNone(figures.floor_ns("shm", 2, 8, {}))


if __name__ == "__main__":
    unittest.main()
