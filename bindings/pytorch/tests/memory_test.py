# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory that tutti allocates: everywhere, from beginning to end, under DDP, and in forked children."""

import gc
import os
import tempfile
import unittest

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import ranks
import tutti_torch
from reference import Op, reduced, same, values


def mappings():
    """How many pieces of such memory this process has of its own; those of other ranks it can only read."""
    with open("/proc/self/maps") as maps:
        return sum("memfd:tutti-buffer" in line and " rw-s " in line for line in maps)


def check_tensors(rank, size):
    for shape, dtype in [((3,), None), ((2, 5, 7), torch.int64), ((0, 4), torch.float16), ((), torch.bool)]:
        tensor = tutti_torch.empty(*shape, dtype=dtype)
        assert tensor.shape == shape and tensor.dtype == (dtype or torch.get_default_dtype())
        assert tensor.is_contiguous() and not bool(tensor.any())
        assert tutti_torch.is_shared(tensor) == (tensor.numel() > 0)
    assert tutti_torch.empty([4, 2]).shape == (4, 2) == tutti_torch.empty(torch.Size((4, 2))).shape
    assert not tutti_torch.is_shared(torch.empty(10))
    assert tutti_torch.is_shared(tutti_torch.empty(10)[2:].view(2, 4))
    parameter = nn.Parameter(tutti_torch.empty(10))
    (parameter * 2).sum().backward()
    assert bool((parameter.grad == 2).all())
    try:
        tutti_torch.empty(10).resize_(100)
        raise AssertionError("it was resized")
    except RuntimeError as error:
        assert "resiz" in str(error), error


def check_collectives(rank, size):
    """Some ranks have such memory, others not, and parts of it are as good as the whole."""
    for count in (5, 5000, 500001):
        for have in (range(size), [0]):
            inputs = [values(r, count, torch.float32) for r in range(size)]
            tensor = tutti_torch.empty(count + 3)[3:] if rank in have else torch.zeros(count)
            tensor.copy_(inputs[rank])
            dist.all_reduce(tensor)
            same(tensor, reduced(inputs, Op.SUM), "all_reduce, memory on %s" % list(have))
            whole = tutti_torch.empty(size * count) if rank in have else torch.zeros(size * count)
            dist.all_gather_into_tensor(whole, inputs[rank])
            same(whole, torch.cat(inputs), "all_gather, memory on %s" % list(have))


def check_lifetime(rank, size):
    before = mappings()
    group = dist.new_group()
    tensor = tutti_torch.empty(100000, group=group)
    view = tensor[50000:]
    assert mappings() > before
    for _ in range(20):
        dist.all_reduce(tutti_torch.empty(100000, group=group), group=group)  # freed at once
    dist.destroy_process_group(group)
    del group, tensor
    gc.collect()
    view.fill_(3)  # outlives its group, and most of its tensor
    assert view.sum() == 150000
    del view
    assert mappings() == before, (mappings(), before)


def check_moving(rank, size):
    numbers = torch.arange(20.0)
    row = numbers.view(4, 5)[1]
    assert tutti_torch.move_(row) is row
    assert tutti_torch.is_shared(numbers) and numbers.tolist() == list(range(20))
    address = numbers.data_ptr()
    tutti_torch.move_(numbers)
    assert numbers.data_ptr() == address  # it was there already
    numbers[5] = 100
    assert row[0] == 100
    dist.all_reduce(row)
    assert numbers[6] == 6 * size
    numbers.resize_(1000)  # torch's own memory again
    assert not tutti_torch.is_shared(numbers) and numbers[6] == 6 * size
    assert tutti_torch.move_(torch.empty(0)).numel() == 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(40))
        file.flush()
        mapped = torch.from_file(file.name, shared=True, size=10)
        for foreign in (mapped, torch.from_numpy(torch.ones(3).numpy()), torch.ones(3).share_memory_()):
            refused(lambda: tutti_torch.move_(foreign), "not torch's own")
    refused(lambda: tutti_torch.move_(torch.eye(3).to_sparse()), "sparse")


def check_refusals(rank, size):
    refused(lambda: tutti_torch.empty(-1), "negative")
    refused(lambda: tutti_torch.empty(1 << 40, 1 << 40), "more bytes")
    refused(lambda: tutti_torch.empty(3, group=dist.new_group(backend="gloo")), "not of the backend tutti")
    try:
        tutti_torch.empty(1 << 60, dtype=torch.uint8)
        raise AssertionError("there is an exbibyte of memory")
    except RuntimeError as error:
        assert "memory" in str(error) and str(1 << 60) in str(error), error


def refused(call, word):
    try:
        call()
    except (ValueError, RuntimeError) as error:
        assert word in str(error), error
        return
    raise AssertionError("not refused: " + word)


def check_ddp(rank, size):
    """Buckets are moved, also when DDP makes new ones, and gradients are what they are without."""
    for view in (False, True):
        gradients = []
        for hook in (None, tutti_torch.hooks.shared_memory):
            torch.manual_seed(3)
            network = nn.Sequential(nn.Linear(30, 300), nn.ReLU(), nn.Linear(300, 300), nn.ReLU(), nn.Linear(300, 2))
            model = DistributedDataParallel(network, bucket_cap_mb=0.1, gradient_as_bucket_view=view)
            if hook is not None:
                model.register_comm_hook(None, hook)
            for step in range(4):
                model.zero_grad(set_to_none=False)
                generator = torch.Generator().manual_seed(10 * step + rank)
                model(torch.randn(8, 30, generator=generator)).pow(2).sum().backward()
            gradients.append([p.grad.clone() for p in model.parameters()])
            where = [tutti_torch.is_shared(p.grad) for p in model.parameters()]
            assert where == [view and hook is not None] * len(where), where
        for plain, moved in zip(*gradients):
            assert torch.allclose(plain, moved, rtol=1e-5, atol=1e-6), (plain - moved).abs().max()


def check_forked_child(rank, size):
    tensor = tutti_torch.empty(100000)
    tensor.fill_(1)
    pid = os.fork()
    if pid == 0:
        good = bool((tensor == 1).all())
        del tensor  # leaves the parent's memory and locks alone
        gc.collect()
        try:
            tutti_torch.empty(10)
            good = False
        except ValueError as error:
            good = good and "forked" in str(error)
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    dist.all_reduce(tensor)
    assert bool((tensor == size).all())


CHECKS = [
    check_tensors,
    check_collectives,
    check_lifetime,
    check_moving,
    check_refusals,
    check_ddp,
    check_forked_child,
]


def after_the_last_group(rank, size):
    tensor = tutti_torch.empty(1000)
    dist.all_reduce(tensor)
    dist.destroy_process_group()
    tensor.fill_(rank)
    return tensor.sum().item()


class Memory(unittest.TestCase):
    def test_two_and_three_ranks(self):
        for size in (2, 3):
            ranks.run(size, lambda rank, size: [check(rank, size) for check in CHECKS])

    def test_memory_outlives_the_job(self):
        self.assertEqual(ranks.run(2, after_the_last_group), [0, 1000])


if __name__ == "__main__":
    unittest.main()
