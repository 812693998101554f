# SPDX-License-Identifier: Apache-2.0
"""Runs a function on every rank of a small job, each in a process of its own.

The processes are forked from the test, which has imported torch but started no thread: importing torch takes seconds, a
fork takes milliseconds.
"""

import datetime
import os
import pickle
import select
import signal
import tempfile
import time
import traceback

import torch
import torch.distributed as dist

import tutti_torch

TIMEOUT_S = 60


class RankFailed(AssertionError):
    pass


def _child(function, rank, size, store, backend, timeout_s, pipe):
    code = 1
    try:
        torch.set_num_threads(1)
        torch.manual_seed(1234)
        if backend is not None:
            dist.init_process_group(
                backend,
                init_method="file://" + store,
                rank=rank,
                world_size=size,
                timeout=datetime.timedelta(seconds=timeout_s),
            )
        result = function(rank, size)
        if dist.is_initialized():
            dist.destroy_process_group()
        answer, code = (True, result), 0
    except BaseException:
        answer = (False, traceback.format_exc())
    with os.fdopen(pipe, "wb") as out:
        pickle.dump(answer, out)
    tutti_torch._C.close_all()  # what Python does at the end of a script, but not in a forked child that ends like this
    os._exit(code)


def _read(pipes, deadline):
    """What arrives on each pipe until it ends."""
    data = {pipe: b"" for pipe in pipes}
    open_pipes = set(pipes)
    while open_pipes:
        ready, _, _ = select.select(list(open_pipes), [], [], max(0, deadline - time.monotonic()))
        if not ready:
            break
        for pipe in ready:
            chunk = os.read(pipe, 1 << 16)
            data[pipe] += chunk
            if not chunk:
                open_pipes.remove(pipe)
    return [data[pipe] for pipe in pipes]


def run(size, function, backend="tutti", timeout_s=30, killed=()):
    """function(rank, size) on each rank of a new job; returns the results in rank order.

    Fails if any rank raises, or takes too long. Ranks in `killed` are expected to end by SIGKILL, and have no result.
    backend=None: the function makes its own process group.
    """
    deadline = time.monotonic() + TIMEOUT_S
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        pids, pipes = [], []
        for rank in range(size):
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reader)
                _child(function, rank, size, store, backend, timeout_s, writer)
            os.close(writer)
            pids.append(pid)
            pipes.append(reader)
        try:
            answers = _read(pipes, deadline)
        finally:
            for pipe in pipes:
                os.close(pipe)
            late = _end(pids, deadline)
    return _results(answers, late, killed)


def _end(pids, deadline):
    """Waits for the processes until the deadline, then kills what is left. How each one ended: its status, or None."""
    statuses = [None] * len(pids)
    left = set(range(len(pids)))
    while left and time.monotonic() < deadline:
        for i in list(left):
            pid, status = os.waitpid(pids[i], os.WNOHANG)
            if pid:
                statuses[i] = status
                left.remove(i)
        time.sleep(0.005 if left else 0)
    for i in left:
        os.kill(pids[i], signal.SIGKILL)
        os.waitpid(pids[i], 0)
    return statuses


def _results(answers, statuses, killed):
    results, complaints = [], []
    for rank, (answer, status) in enumerate(zip(answers, statuses)):
        if rank in killed:
            if status is None or not os.WIFSIGNALED(status):
                complaints.append("rank %d was to be killed, but was not" % rank)
            results.append(None)
            continue
        if status is None:
            complaints.append("rank %d did not end within %d s" % (rank, TIMEOUT_S))
        elif not answer:
            complaints.append("rank %d ended with wait status %d and without an answer" % (rank, status))
        else:
            good, result = pickle.loads(answer)
            results.append(result)
            if not good:
                complaints.append("rank %d:\n%s" % (rank, result))
            elif status != 0:
                complaints.append("rank %d ended with wait status %d" % (rank, status))
    if complaints:
        raise RankFailed("\n".join(complaints))
    return results
