# SPDX-License-Identifier: Apache-2.0
"""Futures and their callbacks, waiting with a timeout, the profiler."""

import datetime
import threading
import time
import unittest

import torch
import torch.distributed as dist

import ranks
import tutti_torch


def check_values(rank, size):
    """What a future holds is what torch's own hooks expect: a list of tensors."""
    tensor = torch.ones(4)
    work = dist.all_reduce(tensor, async_op=True)
    value = work.get_future().wait()
    assert isinstance(value, list) and value[0].data_ptr() == tensor.data_ptr() and value[0][0] == size
    work.wait()
    outputs = [torch.zeros(2) for _ in range(size)]
    value = dist.all_gather(outputs, torch.full((2,), float(rank)), async_op=True).get_future().wait()
    assert [v[0].item() for v in value] == list(range(size))
    assert dist.barrier(async_op=True).get_future().wait() == []


def check_callbacks(rank, size):
    order = []
    futures = []
    for i in range(5):
        future = dist.all_reduce(torch.full((100,), float(i)), async_op=True).get_future()
        futures.append(future.then(lambda f, i=i: order.append(i) or f.value()[0][0].item()))
    assert [f.wait() for f in futures] == [i * size for i in range(5)]
    assert sorted(order) == list(range(5))


def check_callbacks_may_communicate(rank, size):
    """As torch's PowerSGD hook does: a callback starts a collective and waits for its future; and the one it waits for
    has a callback that does the same."""

    def level(depth):
        def callback(future):
            value = future.value()[0]
            if depth == 0:
                return value
            inner = dist.all_reduce(value, async_op=True).get_future().then(level(depth - 1))
            return inner.wait()

        return callback

    future = dist.all_reduce(torch.ones(10), async_op=True).get_future().then(level(4))
    # The caller does not help: it waits for the future, not for the work.
    assert future.wait()[0].item() == size**5

    work = dist.all_reduce(torch.ones(10), async_op=True)
    future = work.get_future().then(level(3))
    work.wait()
    assert future.wait()[0].item() == size**4


def check_callbacks_wait_for_older_work(rank, size):
    """A callback waits for an operation that was started before it ran."""
    first = dist.all_reduce(torch.ones(10), async_op=True)
    second = dist.all_reduce(torch.ones(10), async_op=True)
    seen = first.get_future().then(lambda f: second.get_future().wait()[0][0].item())
    assert seen.wait() == size


def check_wait_with_timeout(rank, size):
    tensor = torch.ones(3)
    if rank == 0:
        work = dist.all_reduce(tensor, async_op=True)
        begin = time.monotonic()
        try:
            work.wait(datetime.timedelta(milliseconds=100))
            raise AssertionError("the other ranks have not come, yet wait returned")
        except RuntimeError as error:
            assert "has not finished within the 100 ms" in str(error), error
        assert 0.09 < time.monotonic() - begin < 3.0
        assert not work.is_completed()
    else:
        time.sleep(0.5)
        work = dist.all_reduce(tensor, async_op=True)
    assert work.wait(datetime.timedelta(seconds=20))
    assert tensor[0] == size


def check_nobody_waits(rank, size):
    """An operation gets to its end while its caller does something else."""
    work = dist.all_reduce(torch.ones(1000), async_op=True)
    deadline = time.monotonic() + 10
    while not work.is_completed():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert work.is_success() and work.result()[0][0] == size


def check_threads(rank, size):
    """Groups are independent: each may be used by a thread of its own."""
    groups = [dist.new_group() for _ in range(3)]
    failures = []

    def use(group, number):
        try:
            for _ in range(30):
                tensor = torch.full((100,), float(number))
                dist.all_reduce(tensor, group=group)
                assert tensor[0] == number * size
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(group, i)) for i, group in enumerate(groups)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def check_profiler(rank, size):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        works = [dist.all_reduce(torch.ones(1000), async_op=True) for _ in range(5)]
        works[0].get_future().wait()
        for work in works:
            work.wait()
        dist.barrier()
    counts = {event.key: event.count for event in profile.key_averages()}
    assert counts.get("tutti:all_reduce") == 5, counts
    assert counts.get("tutti:barrier") == 1, counts
    for _ in range(20):  # the event is closed before the future is done, so stopping right then is safe
        with torch.autograd.profiler.profile():
            dist.all_reduce(torch.ones(10), async_op=True).get_future().wait()


def check_timing(rank, size):
    group = dist.new_group()
    assert tutti_torch.timing(group) == []
    for _ in range(3):
        dist.all_reduce(torch.ones(100000), group=group)
    dist.barrier(group)
    if rank == 1:
        time.sleep(0.3)
    dist.all_reduce(torch.ones(100000), group=group)
    timings = tutti_torch.timing(group)
    assert [t.name for t in timings] == ["all_reduce"] * 3 + ["barrier", "all_reduce"], timings
    for t in timings:
        assert t.total_ns == t.queued_ns + t.waited_ns + t.moved_ns + t.reduced_ns + t.coded_ns and t.total_ns > 0, t
    assert timings[-1].last_rank == 1, timings[-1]  # the straggler, on both ranks
    if rank == 0:
        assert timings[-1].waited_ns > 100e6 and timings[-1].last_by_ns > 100e6, timings[-1]
    assert tutti_torch.timing(group) == []
    try:
        tutti_torch.timing(dist.new_group(backend="gloo"))
        raise AssertionError("Gloo has no timings of tutti's")
    except (ValueError, TypeError):
        pass


CHECKS = [
    check_values,
    check_callbacks,
    check_callbacks_may_communicate,
    check_callbacks_wait_for_older_work,
    check_wait_with_timeout,
    check_nobody_waits,
    check_threads,
    check_profiler,
    check_timing,
]


class Futures(unittest.TestCase):
    def test_everything(self):
        ranks.run(2, lambda rank, size: [check(rank, size) for check in CHECKS])


if __name__ == "__main__":
    unittest.main()
