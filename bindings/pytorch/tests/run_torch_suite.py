#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the distributed tests that PyTorch ships (torch.testing._internal.distributed.distributed_test) on a backend.

    PYTHONPATH=build/ci/python OMP_NUM_THREADS=1 /usr/bin/python3 -B bindings/pytorch/tests/run_torch_suite.py
        --report FOLDER                                                          # everything, on tutti and on Gloo
        [--backend tutti] [--gate gloo] [--match REGEX] [--json FILE] [--ranks 3] # one of its runs, or a part

torch chooses by the backend's name which tests to run. Those for `--gate` are run, whatever the backend: "gloo" opens
the tests for CPU tensors, "mpi" those of all_to_all.

Differences from torch's own runner: ranks are forked, not spawned, as importing torch takes seconds; all_reduce is
compared with the value that torch's tests compute and never look at; a few lines stand in for the package expecttest.
"""

import argparse
import collections
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import types
import unittest

OUTCOMES = ("passed", "failed", "skipped")


def stand_in_for_expecttest():
    module = types.ModuleType("expecttest")
    module.ACCEPT = False
    module.TestCase = type("TestCase", (unittest.TestCase,), {})
    sys.modules.setdefault("expecttest", module)


def load_suite(backend, gate, size):
    """torch's test class for that many ranks, opened for `gate`, on `backend`."""
    stand_in_for_expecttest()
    os.environ.update(BACKEND=gate, WORLD_SIZE=str(size), TEMP_DIR=tempfile.mkdtemp())
    import torch
    import torch.distributed as dist
    from torch.testing._internal import common_distributed
    from torch.testing._internal.distributed import distributed_test as suite

    import tutti_torch  # noqa: F401  registers the backend

    # The suite turns on a feature of DDP that needs torch.distributed._shard, which Debian's Python 3.11 cannot import.
    try:
        import torch.distributed._shard  # noqa: F401
    except ValueError:
        from torch.nn.parallel import _replicated_tensor_ddp_utils

        _replicated_tensor_ddp_utils._set_ddp_with_replicated_tensor = lambda value: None

    # Tests go on asking for the name that opened them, and get the backend.
    init_process_group = dist.init_process_group

    def init_with_backend(*args, **kwargs):
        kwargs["backend"] = backend if kwargs.get("backend") == gate else kwargs.get("backend")
        return init_process_group(*args, **kwargs)

    dist.init_process_group = init_with_backend
    for known in (
        suite.PROFILING_SUPPORTED_BACKENDS,
        suite.CUDA_PROFILING_SUPPORTED_BACKENDS,
        suite.SEND_RECV_PROFILING_SUPPORTED_BACKENDS,
    ):
        known.append("tutti")
    common_distributed.get_timeout = suite.get_timeout = lambda test_id: 100

    class TorchSuite(suite.TestDistBackend, suite.DistributedTest._DistTestBase):
        def setUp(self):
            super().setUp()
            self._start_processes(torch.multiprocessing.get_context("fork").Process)

        def test_get_backend(self):  # compares names
            suite.BACKEND = backend
            super().test_get_backend()

        def _test_all_reduce_helper(self, group, group_id, rank, op, master, worker, expected, *args, **kwargs):
            super()._test_all_reduce_helper(group, group_id, rank, op, master, worker, expected, *args, **kwargs)
            dtype = kwargs.get("dtype", torch.float)
            for src in group:
                tensor = suite._build_tensor(src + 1, dtype=dtype).fill_(master if rank == src else worker)
                dist.all_reduce(tensor, op, group_id)
                self.assertEqual(tensor, suite._build_tensor(src + 1, expected, dtype=dtype))

    TorchSuite.__module__ = "__main__"
    return TorchSuite


class Outcomes(unittest.TextTestResult):
    """Remembers how each test ended, and the last line of why."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcomes = {}

    def _note(self, test, outcome, reason=""):
        self.outcomes[test.id().split(".")[-1]] = [outcome, reason]

    def addSuccess(self, test):
        super().addSuccess(test)
        self._note(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def _failed(self, test, error):
        lines = [line for line in str(error[1]).splitlines() if re.match(r"\w*(Error|Exception)\b", line)]
        self._note(test, "failed", (lines or str(error[1]).splitlines() or [""])[-1][:300])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._failed(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._failed(test, error)


def run(arguments):
    suite_class = load_suite(arguments.backend, arguments.gate, arguments.ranks)
    names = unittest.TestLoader().getTestCaseNames(suite_class)
    suite = unittest.TestSuite(suite_class(name) for name in names if re.search(arguments.match, name))
    logging.disable(logging.WARNING)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Outcomes).run(suite)
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump(result.outcomes, out, indent=1, sort_keys=True)
    print(summary(result.outcomes))
    return 0 if result.wasSuccessful() else 1


def summary(outcomes):
    counts = collections.Counter(outcome for outcome, _ in outcomes.values())
    return ", ".join("%d %s" % (counts[outcome], outcome) for outcome in OUTCOMES)


def read(path):
    with open(path) as file:
        return json.load(file)


def reasons(outcomes):
    """Why tests were skipped, and how many for each reason."""
    counts = collections.Counter(reason for outcome, reason in outcomes.values() if outcome == "skipped")
    return "; ".join("%d: %s" % (count, reason) for reason, count in counts.most_common())


def report(arguments):
    """Runs what each gate opens on both backends, one run after the other, and shows how the ends differ."""
    os.makedirs(arguments.report, exist_ok=True)
    for gate in ("gloo", "mpi"):
        paths = {}
        for backend in ("tutti", "gloo"):
            paths[backend] = os.path.join(arguments.report, "%s_on_%s" % (gate, backend))
            command = [sys.executable, "-B", __file__, "--backend", backend, "--gate", gate, "--ranks"]
            command += [str(arguments.ranks), "--match", arguments.match, "--json", paths[backend] + ".json"]
            with open(paths[backend] + ".log", "w") as log:
                subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
        show(gate, {backend: read(path + ".json") for backend, path in paths.items()})
    return 0


def show(gate, outcomes):
    print("\nTests that torch opens for %s" % gate)
    for backend, ends in outcomes.items():
        print("  %s: %s" % (backend, summary(ends)))
        print("    skipped: %s" % reasons(ends))
    for name in sorted(set().union(*outcomes.values())):
        ends = {backend: o.get(name, ["absent", ""]) for backend, o in outcomes.items()}
        if len({outcome for outcome, _ in ends.values()}) > 1:
            print("  %s" % name)
            for backend, (outcome, reason) in ends.items():
                print("    %s: %s %s" % (backend, outcome, reason))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description="Runs the distributed tests that PyTorch ships.")
    parser.add_argument("--backend", default="tutti")
    parser.add_argument("--gate", default="gloo")
    parser.add_argument("--match", default="", help="only tests whose name matches this regular expression")
    parser.add_argument("--json", help="where to write how each test ended")
    parser.add_argument("--ranks", type=int, default=3)
    parser.add_argument("--report", metavar="FOLDER", help="all on tutti and on Gloo, with the differences; logs go there")
    arguments = parser.parse_args()
    sys.argv[1:] = []  # torch's test modules parse the command line when they are imported
    return report(arguments) if arguments.report else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
