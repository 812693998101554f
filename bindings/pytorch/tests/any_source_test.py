# SPDX-License-Identifier: Apache-2.0
"""Receives of any sender: who sent is told, others go on meanwhile, and an end without a message is an exception."""

import mmap
import os
import signal
import struct
import time
import unittest

import torch
import torch.distributed as dist

import ranks
from reference import MOVED_ONLY, NUMBERS, same, values


def receive(tensor, tag=0):
    """Asynchronously; torch has no function of its own for that."""
    return dist.distributed_c10d._get_default_group().recv_anysource([tensor], tag)


def failure_of(call):
    begin = time.monotonic()
    try:
        call()
    except RuntimeError as error:
        return str(error), time.monotonic() - begin
    raise AssertionError("the call did not fail")


def check_every_sender(rank, size):
    """Rank 0 gets one message of each other rank in each round, in whatever order they come."""
    for dtype in NUMBERS + MOVED_ONLY:
        for count in (0, 1, 1000, 300000) if dtype == torch.float32 else (7,):
            if rank == 0:
                receive_from_all(size, dtype, count)
            else:
                dist.send(values(rank, count, dtype), 0, tag=count)
            dist.barrier()


def receive_from_all(size, dtype, count):
    senders = []
    for _ in range(size - 1):
        tensor = torch.zeros(count, dtype=dtype)
        sender = dist.recv(tensor, tag=count)
        same(tensor, values(sender, count, dtype), "recv of any sender, from %d" % sender)
        senders.append(sender)
    assert sorted(senders) == list(range(1, size)), senders


def check_order_and_tags(rank, size):
    """Messages of one sender come in its order; those of another tag, and of a named sender, stay where they belong."""
    if rank == 1:
        works = [dist.isend(torch.full((3,), float(i)), 0, tag=5) for i in range(20)]
        works.append(dist.isend(torch.full((3,), 77.0), 0, tag=6))
        for work in works:
            work.wait()
    elif rank == 0:
        tensors = [torch.zeros(3) for _ in range(20)]
        works = [receive(tensor, 5) for tensor in tensors]
        other = torch.zeros(3)
        dist.recv(other, 1, tag=6)
        assert other[0] == 77
        for i, (work, tensor) in enumerate(zip(works, tensors)):
            work.wait()
            assert tensor[0] == i and work._source_rank() == 1, (i, tensor, work._source_rank())
    dist.barrier()


def check_strided(rank, size):
    if rank == 1:
        dist.send(torch.arange(4.0), 0)
    elif rank == 0:
        memory = torch.full((4, 2), -1.0)
        assert dist.recv(memory[:, 0]) == 1
        assert memory[:, 0].tolist() == [0, 1, 2, 3] and bool((memory[:, 1] == -1).all())
    dist.barrier()


def check_others_go_on(rank, size):
    """A receive that waits holds up nothing: collectives, futures that nobody drives, receives of other tags."""
    tensor = torch.zeros(3)
    early = receive(tensor, 1) if rank == 0 else None
    for _ in range(50):
        ones = torch.ones(1000)
        dist.all_reduce(ones)
        assert ones[0] == size
    value = dist.all_reduce(torch.ones(5), async_op=True).get_future().wait()
    assert value[0][0] == size
    if rank == 1:
        dist.send(torch.full((3,), 2.0), 0, tag=2)
    if rank == 0:
        second = torch.zeros(3)
        assert dist.recv(second, tag=2) == 1 and second[0] == 2
        assert not early.is_completed() and early._source_rank() == -1
    dist.barrier()
    if rank == size - 1:
        dist.send(torch.full((3,), 1.0), 0, tag=1)
    if rank == 0:
        future = early.get_future().then(lambda f: f.value()[0].sum().item())
        assert future.wait() == 3
        assert early._source_rank() == size - 1 and early.is_success()
    dist.barrier()


def check_little_is_burnt(rank, size):
    """A receive that waits for long sleeps most of that time."""
    if rank == 0:
        tensor = torch.zeros(1)
        work = receive(tensor, 9)
        before = time.process_time()
        work.wait()
        burnt = time.process_time() - before
        assert tensor[0] == 4 and burnt < 0.5, burnt
    elif rank == 1:
        time.sleep(2)
        dist.send(torch.full((1,), 4.0), 0, tag=9)
    dist.barrier()


def check_refusals(rank, size):
    for call, word in (
        (lambda: dist.recv(torch.zeros(3), tag=-1), "tag"),
        (lambda: dist.recv(torch.eye(3).to_sparse()), "sparse"),
    ):
        try:
            call()
            raise AssertionError("not refused: " + word)
        except ValueError as error:
            assert word in str(error), error
    work = dist.all_reduce(torch.ones(1), async_op=True)
    try:
        work._source_rank()
        raise AssertionError("an all_reduce has a source")
    except ValueError as error:
        assert "receive" in str(error), error
    work.wait()
    dist.barrier()


CHECKS = [
    check_every_sender,
    check_order_and_tags,
    check_strided,
    check_others_go_on,
    check_little_is_burnt,
    check_refusals,
]


SHARED = mmap.mmap(-1, 8)  # between the ranks of a job: 0, or the time of what happened


def happened():
    SHARED[:8] = struct.pack("d", time.monotonic())


def nobody_sends(rank, size):
    dist.barrier()
    if rank == 0:
        answer = failure_of(lambda: dist.recv(torch.zeros(3), tag=4))
        happened()
        dist.send(torch.ones(1), 1)  # nothing else is harmed
        return answer
    while SHARED[:8] == bytes(8):  # the timeout is for rank 1 as well
        time.sleep(0.01)
    dist.recv(torch.zeros(1), 0)
    return None


def the_sender_dies(rank, size):
    dist.barrier()
    if rank == 1:
        time.sleep(0.5)
        happened()
        os.kill(os.getpid(), signal.SIGKILL)
    sentence, _ = failure_of(lambda: dist.recv(torch.zeros(3)))
    return sentence, time.monotonic() - struct.unpack("d", SHARED[:8])[0]


def wait_with_timeout(rank, size):
    import datetime

    tensor = torch.zeros(3)
    if rank == 0:
        work = receive(tensor)
        sentence, seconds = failure_of(lambda: work.wait(datetime.timedelta(milliseconds=100)))
        dist.barrier()
        work.wait()
        assert tensor[0] == 1
        return sentence, seconds
    dist.barrier()
    dist.send(torch.ones(3), 0)
    return None


def the_group_goes_first(rank, size):
    dist.barrier()
    if rank == 0:
        while SHARED[:8] == bytes(8):  # rank 1's barrier would fail, too
            time.sleep(0.01)
        work = receive(torch.zeros(3))
        dist.destroy_process_group()
        return failure_of(work.wait)
    happened()
    return failure_of(lambda: [dist.barrier(), dist.barrier()])


def the_wrong_length(rank, size):
    dist.barrier()
    if rank == 0:
        return failure_of(lambda: dist.recv(torch.zeros(3)))
    return failure_of(lambda: [dist.send(torch.zeros(4), 0), dist.barrier()])


class AnySource(unittest.TestCase):
    def setUp(self):
        SHARED[:8] = bytes(8)

    def test_two_ranks(self):
        ranks.run(2, lambda rank, size: [check(rank, size) for check in CHECKS])

    def test_four_ranks(self):
        ranks.run(4, lambda rank, size: [check(rank, size) for check in CHECKS[:4]])

    def test_a_message_that_never_comes(self):
        sentence, seconds = ranks.run(2, nobody_sends, timeout_s=4)[0]
        self.assertIn("no rank has sent a message with tag 4", sentence)
        self.assertIn("TIMEOUT", sentence)
        self.assertTrue(3.9 < seconds < 8, seconds)

    def test_a_dead_sender_is_named(self):
        sentence, seconds = ranks.run(2, the_sender_dies, killed={1})[0]
        self.assertIn("rank 1", sentence)
        self.assertIn("PEER_FAILED", sentence)
        self.assertLess(seconds, 2)

    def test_waiting_for_less_than_the_timeout(self):
        sentence, seconds = ranks.run(2, wait_with_timeout)[0]
        self.assertIn("has not finished within the 100 ms", sentence)
        self.assertTrue(0.09 < seconds < 3, seconds)

    def test_a_group_that_is_destroyed_ends_it(self):
        answers = ranks.run(2, the_group_goes_first)
        self.assertIn("destroyed", answers[0][0])
        self.assertIn("rank 0", answers[1][0])

    def test_a_message_of_another_length(self):
        for sentence, _ in ranks.run(2, the_wrong_length):
            self.assertIn("MISMATCH", sentence)


if __name__ == "__main__":
    unittest.main()
