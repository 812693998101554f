# SPDX-License-Identifier: Apache-2.0
"""Traces of what happened, and reports of what took too long."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import torch
import torch.distributed as dist

import ranks
import tutti_torch
from tutti_torch import merge_traces, trace


def read(path):
    with open(path) as file:
        return json.load(file)


def operations(content, pid):
    """The events of whole operations: those with a timing."""
    events = content["traceEvents"]
    return [e for e in events if e["ph"] == "X" and e["pid"] == pid and "total_ns" in e["args"]]


def profiled_job(folder):
    def body(rank, size):
        path = os.path.join(folder, "trace.json")
        dist.all_reduce(torch.ones(10))  # before the block: not in the trace
        dist.barrier()
        with tutti_torch.profile(path):
            for _ in range(3):
                dist.all_reduce(torch.ones(100000))
            dist.barrier()
            if rank == 1:
                time.sleep(0.2)
            dist.all_reduce(torch.ones(100000))
            # Two at once on each rank, surely: none of them can end before the other rank has been told to begin its own.
            store = dist.distributed_c10d._get_default_store()
            for first in range(size):
                begun = "rank %d has begun" % first
                if rank != first:
                    store.wait([begun])
                works = [dist.all_reduce(torch.ones(200000), async_op=True) for _ in range(2)]
                if rank == first:
                    store.set(begun, "")
                for work in works:
                    work.wait()
            try:
                with tutti_torch.profile(path):
                    raise AssertionError("two at once")
            except RuntimeError as error:
                assert "already" in str(error), error
        dist.all_reduce(torch.ones(10))  # after it
        # timing() has them all, recorded or not.
        names = [t.name for t in tutti_torch.timing()]
        assert names == ["all_reduce", "barrier"] + ["all_reduce"] * 3 + ["barrier"] + ["all_reduce"] * 6, names
        with tutti_torch.profile(os.path.join(folder, "again_{rank}.json")):  # and the next one starts anew
            dist.barrier()

    return body


class Traces(unittest.TestCase):
    def test_a_trace_of_each_rank_and_of_all(self):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.time()
            ranks.run(2, profiled_job(folder))
            paths = [os.path.join(folder, "trace.%d.json" % r) for r in range(2)]
            for rank, path in enumerate(paths):
                self.check_one(read(path), rank, begun)
            self.assertEqual([e["name"] for e in operations(read(os.path.join(folder, "again_1.json")), 1)], ["barrier"])

            merged = os.path.join(folder, "merged.json")
            subprocess.run([sys.executable, "-B", "-m", "tutti_torch.merge_traces", merged] + paths, check=True)
            self.check_merged(read(merged), [read(p) for p in paths])

            with open(paths[0], "w") as file:
                file.write("{}")
            with self.assertRaisesRegex(ValueError, "trace.0.json is not a trace"):
                merge_traces.merge(paths, merged)
            with contextlib.redirect_stderr(io.StringIO()) as printed:
                self.assertEqual(merge_traces.main([merged, os.path.join(folder, "no such file")]), 1)
            self.assertIn("no such file", printed.getvalue())
            self.assertEqual(sorted(n for n in os.listdir(folder) if n.endswith(".tmp")), [])

    def check_one(self, content, rank, begun):
        base_s = content["otherData"][trace.BASE] / 1e9
        self.assertTrue(begun < base_s < time.time())
        whole = operations(content, rank)
        self.assertEqual([e["name"] for e in whole], ["all_reduce"] * 3 + ["barrier"] + ["all_reduce"] * 5)
        self.assertEqual([e["ts"] for e in whole], sorted(e["ts"] for e in whole))
        self.check_rows(content, rank)
        late = whole[4]
        self.assertEqual(late["args"]["last_rank"], 1)
        if rank == 0:
            waited = [e for e in content["traceEvents"] if e["name"] == "waited for rank 1"]
            longest = max(waited, key=lambda e: e["dur"])
            self.assertGreater(longest["dur"], 1e5)
            self.assertTrue(late["ts"] <= longest["ts"] <= longest["ts"] + longest["dur"] <= late["ts"] + late["dur"])

    def check_rows(self, content, rank):
        """No two operations of a row overlap; those that ran at once are in several."""
        rows = {}
        for event in operations(content, rank):
            rows.setdefault(event["tid"], []).append(event)
        self.assertGreater(len(rows), 1)
        for events in rows.values():
            for a, b in zip(events, events[1:]):
                self.assertLessEqual(a["ts"] + a["dur"], b["ts"] + 1e-3)

    def check_merged(self, merged, parts):
        """Every operation is there, and at its time."""
        base = merged["otherData"][trace.BASE]
        self.assertEqual(base, min(p["otherData"][trace.BASE] for p in parts))
        for rank, part in enumerate(parts):
            shift = (part["otherData"][trace.BASE] - base) / 1000
            for whole, own in zip(operations(merged, rank), operations(part, rank)):
                self.assertAlmostEqual(whole["ts"], own["ts"] + shift, places=3)
            self.assertEqual(len(operations(merged, rank)), len(operations(part, rank)))

    def test_a_file_that_cannot_be_written(self):
        def body(rank, size):
            try:
                with tutti_torch.profile("/no such folder/trace.json"):
                    dist.barrier()
            except OSError:
                pass
            else:
                raise AssertionError("it was written")
            with tempfile.TemporaryDirectory() as folder:
                with tutti_torch.profile(os.path.join(folder, "trace.json")):  # the group is not stuck
                    pass
                assert read(os.path.join(folder, "trace.%d.json" % rank))["otherData"] == {trace.BASE: 0}

        ranks.run(2, body)


def overruns(rank, size):
    """What a callback is told of an operation that rank 1 came late to, and of one in time."""
    told = []
    tutti_torch.set_budget(0.1, callback=told.append)
    dist.all_reduce(torch.ones(1000))
    if rank == 1:
        time.sleep(0.4)
    dist.all_reduce(torch.ones(1000))
    deadline = time.monotonic() + 10
    while rank == 0 and not told and time.monotonic() < deadline:
        time.sleep(0.01)
    result = [tuple(o) for o in told]
    tutti_torch.set_budget(None)
    if rank == 1:
        time.sleep(0.3)
    dist.all_reduce(torch.ones(1000))
    assert len(told) == len(result), told
    return result


def callbacks_that_fail(rank, size):
    """They end neither the training nor the reports."""
    calls = []

    def callback(overrun):
        calls.append(overrun)
        raise ValueError("the callback's own error")

    sys.stderr = io.StringIO()
    tutti_torch.set_budget(0.05, callback=callback)
    for _ in range(2):
        if rank == 1:
            time.sleep(0.2)
        dist.all_reduce(torch.ones(1000))
    deadline = time.monotonic() + 10
    while rank == 0 and len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    return len(calls), sys.stderr.getvalue()


def wrong_budgets(rank, size):
    for seconds in (1e-9, -1):
        try:
            tutti_torch.set_budget(seconds)
            raise AssertionError("not refused: %s" % seconds)
        except ValueError as error:
            assert "budget" in str(error), error
    dist.barrier()


def a_line_on_standard_error(path):
    def body(rank, size):
        os.dup2(os.open("%s.%d" % (path, rank), os.O_CREAT | os.O_WRONLY), 2)
        tutti_torch.set_budget(0.05)
        for _ in range(3):
            if rank == 1:
                time.sleep(0.15)
            dist.all_reduce(torch.ones(1000))

    return body


class Budgets(unittest.TestCase):
    def test_a_callback_is_told_who_was_late(self):
        told = ranks.run(2, overruns)[0]
        self.assertEqual(len(told), 1, told)
        sentence, total_ns, budget_ns, culprit = told[0]
        self.assertIn("rank 1", sentence)
        self.assertIn("all_reduce", sentence)
        self.assertEqual((budget_ns, culprit), (100_000_000, 1))
        self.assertGreater(total_ns, 200_000_000)

    def test_a_callback_that_fails(self):
        calls, printed = ranks.run(2, callbacks_that_fail)[0]
        self.assertEqual(calls, 2)
        self.assertIn("the callback's own error", printed)

    def test_wrong_budgets_are_refused(self):
        ranks.run(2, wrong_budgets)

    def test_without_a_callback_a_line_names_the_straggler(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "stderr")
            ranks.run(2, a_line_on_standard_error(path))
            with open(path + ".0") as file:
                lines = [line for line in file if "rank 1" in line]
            self.assertEqual(len(lines), 1, lines)  # one a second, of three


if __name__ == "__main__":
    unittest.main()
