# SPDX-License-Identifier: Apache-2.0
"""What the other ranks are told when one dies, is late, calls something else, or leaves: a sentence, soon."""

import mmap
import os
import signal
import struct
import time
import unittest

import torch
import torch.distributed as dist

import ranks


DEATH = mmap.mmap(-1, 8)  # when somebody died; all ranks of a job share it, and one clock


def die():
    DEATH[:8] = struct.pack("d", time.monotonic())
    os.kill(os.getpid(), signal.SIGKILL)


def failure_of(call, since_death=False):
    """The sentence that the call fails with, and how long that took: from its begin, or since a rank died."""
    begin = time.monotonic()
    try:
        call()
    except RuntimeError as error:
        end = time.monotonic()
        return str(error), end - (struct.unpack("d", DEATH[:8])[0] if since_death else begin)
    raise AssertionError("the call did not fail")


def several(call):
    """Calls it a few times: a rank that is faster than this one may be gone while this one is in an earlier call."""
    return lambda: [call() for _ in range(3)]


def a_killed_worker(rank, size):
    if rank == 2:
        dist.all_reduce(torch.ones(10))
        die()
    answer = failure_of(several(lambda: dist.all_reduce(torch.ones(10))), since_death=True)
    later, _ = failure_of(lambda: dist.all_reduce(torch.ones(10)))
    return answer + (later,)


def a_killed_worker_under_ddp(rank, size):
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(50, 50))
    if rank == 1:
        model(torch.ones(2, 50)).sum().backward()
        die()
    return failure_of(several(lambda: model(torch.ones(2, 50)).sum().backward()), since_death=True)


def a_killed_worker_seen_by_a_future(rank, size):
    if rank == 1:
        time.sleep(0.5)
        die()
    # Rank 1 never calls it.
    work = dist.all_reduce(torch.ones(10), async_op=True)
    future = work.get_future()
    chained = future.then(lambda f: f.value())
    answer = failure_of(future.wait, since_death=True)
    assert failure_of(work.wait)[0] == answer[0]
    failure_of(chained.wait)
    assert work.is_completed() and not work.is_success()
    return answer


def somebody_late(rank, size):
    dist.barrier()
    if rank == 1:
        time.sleep(5)
        failure_of(lambda: dist.all_reduce(torch.ones(10)))
        return None
    return failure_of(lambda: dist.all_reduce(torch.ones(10)))


def calls_that_differ(rank, size):
    dist.barrier()
    if rank == 0:
        return failure_of(lambda: dist.all_reduce(torch.ones(100)))
    return failure_of(lambda: dist.all_reduce(torch.ones(200)))


def somebody_leaves(rank, size):
    if rank == 1:
        dist.barrier()
        work = dist.all_reduce(torch.ones(1000), async_op=True)
        work.get_future().then(lambda f: f)  # in Python: leaving must not hold what the callback needs
        del work
        dist.destroy_process_group()  # which takes the operation with it
        time.sleep(1)
        return None
    return failure_of(lambda: [dist.barrier(), dist.all_reduce(torch.ones(1000)), dist.barrier()])


def somebody_left_in_good_order(rank, size):
    dist.barrier()
    if rank == 1:
        dist.destroy_process_group()
        return None
    return failure_of(lambda: dist.all_reduce(torch.ones(10)))


def an_error_in_one_group_spares_the_others(rank, size):
    pairs = [dist.new_group([0, 1]), dist.new_group([0, 2])]
    if rank == 1:
        die()
    if rank == 0:
        failure_of(lambda: dist.all_reduce(torch.ones(10), group=pairs[0]))
    tensor = torch.ones(10)
    dist.all_reduce(tensor, group=pairs[1])
    return tensor[0].item()


class Failures(unittest.TestCase):
    def assertSoonAndNames(self, answer, seconds, *words):
        self.assertLess(answer[1], seconds, answer[0])
        for word in words:
            self.assertIn(word, answer[0])

    def test_a_killed_worker_is_named_within_a_second_or_two(self):
        answers = ranks.run(3, a_killed_worker, killed={2})
        for answer in answers[:2]:
            self.assertSoonAndNames(answer, 2.0, "rank 2", "PEER_FAILED", "all_reduce")
            self.assertIn("rank 2", answer[2])

    def test_a_killed_worker_ends_backward_of_ddp(self):
        answers = ranks.run(2, a_killed_worker_under_ddp, killed={1})
        self.assertSoonAndNames(answers[0], 2.0, "rank 1", "PEER_FAILED")

    def test_a_killed_worker_fails_the_future(self):
        answers = ranks.run(2, a_killed_worker_seen_by_a_future, killed={1})
        self.assertSoonAndNames(answers[0], 2.0, "rank 1")

    def test_the_timeout_of_the_group_names_who_is_late(self):
        answers = ranks.run(2, somebody_late, timeout_s=2)
        self.assertSoonAndNames(answers[0], 4, "rank 1", "TIMEOUT")
        self.assertGreater(answers[0][1], 1.9)

    def test_calls_that_differ_are_told_to_both(self):
        for answer in ranks.run(2, calls_that_differ):
            self.assertSoonAndNames(answer, 4, "all_reduce(float32 x 100", "all_reduce(float32 x 200", "MISMATCH")

    def test_leaving_with_operations_under_way_is_told(self):
        answers = ranks.run(2, somebody_leaves)
        self.assertSoonAndNames(answers[0], 4, "rank 1")

    def test_leaving_in_good_order_is_told_from_dying(self):
        answers = ranks.run(2, somebody_left_in_good_order)
        self.assertSoonAndNames(answers[0], 4, "rank 1", "left the job")

    def test_an_error_in_one_group_spares_the_others(self):
        answers = ranks.run(3, an_error_in_one_group_spares_the_others, killed={1})
        self.assertEqual([answers[0], answers[2]], [2.0, 2.0])


if __name__ == "__main__":
    unittest.main()
