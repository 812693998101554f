# SPDX-License-Identifier: Apache-2.0
"""Groups: parts of the job, several at once, one after the other, and processes that come and go."""

import os
import tempfile
import time
import unittest

import torch
import torch.distributed as dist

import ranks


def check_subgroups(rank, size):
    members = [[0, 2], [1, 3], [3, 1, 0]]
    groups = [dist.new_group(m) for m in members]
    for group, ranks_of_group in zip(groups, members):
        if rank not in ranks_of_group:
            continue
        tensor = torch.tensor([float(rank)])
        dist.all_reduce(tensor, group=group)
        assert tensor.item() == sum(ranks_of_group)
        outputs = [torch.zeros(1) for _ in ranks_of_group]
        dist.all_gather(outputs, torch.tensor([float(rank)]), group=group)
        assert [int(o.item()) for o in outputs] == sorted(ranks_of_group)
        tensor = torch.tensor([float(rank)])
        dist.broadcast(tensor, src=ranks_of_group[0], group=group)  # the source is a rank of the job
        assert tensor.item() == ranks_of_group[0]
    for group in groups:
        if group != dist.GroupMember.NON_GROUP_MEMBER:
            dist.destroy_process_group(group)
    dist.barrier()


def check_several_at_once(rank, size):
    """Operations of different groups in flight together, on some ranks in another order."""
    groups = [dist.new_group() for _ in range(3)]
    tensors = [torch.full((1000,), float(i)) for i in range(3)]
    order = [0, 1, 2] if rank % 2 == 0 else [2, 0, 1]
    works = {i: dist.all_reduce(tensors[i], group=groups[i], async_op=True) for i in order}
    for i in order:
        works[i].wait()
        assert tensors[i][0] == i * size


def check_beside_gloo(rank, size):
    gloo = dist.new_group(backend="gloo")
    tensor = torch.ones(3)
    dist.all_reduce(tensor, group=gloo)
    dist.all_reduce(tensor)
    assert tensor[0] == size * size


class Groups(unittest.TestCase):
    def test_four_ranks(self):
        checks = [check_subgroups, check_several_at_once, check_beside_gloo]
        ranks.run(4, lambda rank, size: [check(rank, size) for check in checks])


class Rendezvous(unittest.TestCase):
    def join(self, prepare, size=2):
        def body(rank, size):
            store = prepare(rank, size)
            for attempt in range(2):
                # As torchrun does: one store, a new prefix for each attempt.
                prefixed = dist.PrefixStore("attempt_%d" % attempt, store)
                dist.init_process_group("tutti", store=prefixed, rank=rank, world_size=size)
                tensor = torch.ones(1)
                dist.all_reduce(tensor)
                assert tensor.item() == size
                dist.destroy_process_group()

        ranks.run(size, body, backend=None)

    def test_tcp_store_with_a_prefix_per_attempt(self):
        reader, writer = os.pipe()

        def prepare(rank, size):
            if rank == 0:
                store = dist.TCPStore("127.0.0.1", 0, size, True, wait_for_workers=False)
                os.write(writer, b"%d" % store.port)
                return store
            return dist.TCPStore("127.0.0.1", int(os.read(reader, 16)), size, False, wait_for_workers=False)

        self.join(prepare)
        os.close(reader)
        os.close(writer)

    def test_file_store(self):
        with tempfile.TemporaryDirectory() as folder:
            self.join(lambda rank, size: dist.FileStore(os.path.join(folder, "store"), size))

    def test_a_rank_that_does_not_come_is_named(self):
        import datetime

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store")

            def body(rank, size):
                store = dist.FileStore(path, 3)
                begin = time.monotonic()
                try:
                    tutti = ranks.tutti_torch
                    tutti._C.create(store, rank, 3, datetime.timedelta(seconds=1))
                except RuntimeError as error:
                    assert "rank(s) 2 of 3" in str(error), error
                    return time.monotonic() - begin
                raise AssertionError("rank 2 is not there, yet the group was made")

            self.assertTrue(all(0.9 < s < 5 for s in ranks.run(2, body, backend=None)))


def check_leaving_waits_for_nobody(rank, size):
    """Rank 0 leaves at once, the other one two seconds later; nobody waits, and nobody is hurt."""
    dist.all_reduce(torch.ones(1000))
    if rank != 0:
        time.sleep(2)
    begin = time.monotonic()
    dist.destroy_process_group()
    return time.monotonic() - begin


def check_forked_child(rank, size):
    """What a DataLoader's worker does: it is forked from a process with a group, lives for a while, and ends."""
    from torch.utils.data import DataLoader, TensorDataset

    # Leaves several threads that wait: callbacks that communicate need more than one.
    future = dist.all_reduce(torch.ones(3), async_op=True).get_future()
    future.then(lambda f: dist.all_reduce(f.value()[0], async_op=True).get_future().wait()).wait()
    work = dist.all_reduce(torch.ones(3), async_op=True)

    def child():
        for call in (lambda: dist.all_reduce(torch.ones(3)), work.wait):
            try:
                call()
                return 2
            except ValueError as error:
                if "forked" not in str(error):
                    return 3
        dist.destroy_process_group()
        return 0

    pid = os.fork()
    if pid == 0:
        os._exit(child())
    assert os.waitpid(pid, 0)[1] == 0
    work.wait()
    data = TensorDataset(torch.arange(40.0))
    for _ in range(2):
        for (batch,) in DataLoader(data, batch_size=10, num_workers=2):
            tensor = batch.clone()
            dist.all_reduce(tensor)
            assert torch.equal(tensor, batch * size)
    dist.barrier()


def check_leaving_ends_what_is_under_way(rank, size):
    """Rank 0 waits neither for its message nor for its all_reduce, of which the others have not seen the end when it leaves."""
    tensor = torch.full((2_000_000,), float(rank))
    dist.all_reduce(torch.ones(5), async_op=True)
    if rank == 0:
        dist.isend(tensor, 1)
    dist.barrier()
    if rank == 1:
        dist.recv(tensor, 0)
        assert tensor[-1] == 0


class Lifetime(unittest.TestCase):
    def test_leaving_ends_what_is_under_way(self):
        ranks.run(2, check_leaving_ends_what_is_under_way)

    def test_leaving_waits_for_nobody(self):
        self.assertTrue(all(s < 1.5 for s in ranks.run(2, check_leaving_waits_for_nobody)))

    def test_forked_children(self):
        ranks.run(2, check_forked_child)

    def test_a_script_that_just_ends_has_left_in_good_order(self):
        """Rank 1 sends its last message and ends without destroy_process_group; rank 0 takes it later."""
        script = (
            "import os, sys, time, torch, torch.distributed as dist, tutti_torch\n"
            "rank = int(sys.argv[1])\n"
            "dist.init_process_group('tutti', init_method='file://' + sys.argv[2], rank=rank, world_size=2)\n"
            "tensor = torch.full((100,), float(rank))\n"
            "if rank == 1: dist.send(tensor, 0)\n"
            "else:\n"
            "  time.sleep(1.5)\n"
            "  dist.recv(tensor, 1)\n"
            "  assert tensor[0] == 1\n"
        )
        import subprocess
        import sys

        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-B", "-c", script]
            store = os.path.join(folder, "store")
            processes = [subprocess.Popen(command + [str(r), store]) for r in range(2)]
            self.assertEqual([p.wait(40) for p in processes], [0, 0])


if __name__ == "__main__":
    unittest.main()
