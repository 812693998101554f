# SPDX-License-Identifier: Apache-2.0
"""Tensors that are not simply a contiguous piece of memory, and what communication must leave alone."""

import unittest

import torch
import torch.distributed as dist

import ranks
from reference import Op, reduced, same, values


def strided(rank, salt=0):
    """The same 4 x 6 numbers in memory of different layouts, each beside memory that is not its own."""
    numbers = values(rank, 24, torch.float32, salt).view(4, 6)
    columns = torch.full((4, 12), -1.0)
    columns[:, ::2] = numbers
    padded = torch.full((6, 8), -1.0)
    padded[1:5, 1:7] = numbers
    return {
        "contiguous": numbers.clone(),
        "transposed": numbers.t().contiguous().t(),
        "every other column": columns[:, ::2],
        "inner part": padded[1:5, 1:7],
    }


def check_strided(rank, size):
    expected = reduced([values(r, 24, torch.float32).view(4, 6) for r in range(size)], Op.SUM)
    for name, tensor in strided(rank).items():
        dist.all_reduce(tensor)
        same(tensor, expected, "all_reduce of a tensor: " + name)
    columns = strided(rank)["every other column"]
    around = torch.as_strided(columns, (4, 6), (12, 2), 1)
    dist.all_reduce(columns)
    assert bool((around == -1).all()), "memory between the elements was written"

    # Layouts may differ from rank to rank: elements are matched by their index.
    names = list(strided(rank))
    tensor = strided(rank)[names[rank % len(names)]]
    dist.all_reduce(tensor)
    same(tensor, expected, "all_reduce of tensors of different layouts")


def check_strided_movements(rank, size):
    ours = {r: values(r, 24, torch.float32).view(4, 6) for r in range(size)}
    for name, tensor in strided(rank).items():
        outputs = [strided(9)[name] for _ in range(size)]
        dist.all_gather(outputs, tensor)
        for r in range(size):
            same(outputs[r], ours[r], "all_gather of tensors: " + name)
        dist.gather(tensor, outputs if rank == 0 else None, dst=0)

        output = strided(9)[name]
        blocks = [strided(1, salt=b)[name] for b in range(size)] if rank == 1 else None
        dist.scatter(output, blocks, src=1)
        same(output, values(1, 24, torch.float32, salt=rank).view(4, 6), "scatter of tensors: " + name)

        received = strided(9)[name]
        sending = dist.isend(tensor, (rank + 1) % size)
        dist.recv(received, (rank - 1) % size)
        sending.wait()
        same(received, ours[(rank - 1) % size], "recv of a tensor: " + name)

        copy = tensor.clone()
        root = strided(rank)[name]
        dist.broadcast(root, 0)
        same(root, ours[0], "broadcast of a tensor: " + name)
        same(tensor, copy, "an input: " + name)


def check_special_tensors(rank, size):
    scalar = torch.tensor(float(rank + 1))
    dist.all_reduce(scalar)
    assert scalar.item() == size * (size + 1) / 2

    channels_last = values(rank, 48, torch.float32).view(2, 3, 2, 4).to(memory_format=torch.channels_last)
    dist.all_reduce(channels_last)
    expected = reduced([values(r, 48, torch.float32).view(2, 3, 2, 4) for r in range(size)], Op.SUM)
    same(channels_last, expected, "all_reduce in channels_last")


def sparse(rank, salt=0, dtype=torch.float32):
    """Rows of a 10 x 3 tensor: another number of them on each rank, none on rank 1, one of them twice."""
    rows = [] if rank == 1 else [(rank + salt + i) % 10 for i in range(rank + 2)] + [rank]
    numbers = values(rank, 3 * len(rows), dtype, salt).view(-1, 3)
    return torch.sparse_coo_tensor(torch.tensor([rows], dtype=torch.int64), numbers, (10, 3))


def check_sparse(rank, size):
    for dtype in (torch.float32, torch.float64, torch.int64):
        tensor = sparse(rank, dtype=dtype)
        dist.all_reduce(tensor)
        expected = sum(sparse(r, dtype=dtype).to_dense() for r in range(size))
        same(tensor.to_dense(), expected, "all_reduce of a sparse tensor, %s" % dtype)

    # Several at once, among dense ones; nobody waits for them in the order of their start.
    tensors = [sparse(rank, salt=i) for i in range(10)]
    works = [dist.all_reduce(t, async_op=True) for t in tensors]
    dense = torch.ones(5)
    dist.all_reduce(dense)
    for i in reversed(range(10)):
        works[i].get_future().wait() if i % 2 else works[i].wait()
        expected = sum(sparse(r, salt=i).to_dense() for r in range(size))
        same(tensors[i].to_dense(), expected, "sparse tensor %d of several" % i)
    assert dense[0] == size

    group = dist.new_group()
    try:
        dist.all_reduce(torch.eye(3 + rank).to_sparse(), group=group)
        raise AssertionError("tensors of different shapes were added up")
    except RuntimeError as error:
        assert "different shapes" in str(error), error


def check_autograd_is_left_alone(rank, size):
    weight = torch.nn.Parameter(torch.full((3, 4), float(rank + 1)))
    dist.broadcast(weight, 0)  # gradients on: a parameter may be communicated as it is
    assert bool((weight == 1).all()) and weight.requires_grad and weight.is_leaf
    transposed = torch.nn.Parameter(torch.full((4, 3), float(rank + 1)).t())
    dist.all_reduce(transposed)
    assert bool((transposed == size * (size + 1) / 2).all()) and transposed.is_leaf
    saved = (weight * 2).pow(2)
    dist.all_reduce(weight.detach())
    saved.sum().backward()
    assert weight.grad is not None


def check_many_at_once(rank, size):
    """Operations that all run at the same time, waited for in another order."""
    tensors = [values(rank, 50 + i, torch.float32, salt=i) for i in range(60)]
    works = [dist.all_reduce(t, async_op=True) for t in tensors]
    for i in reversed(range(60)):
        works[i].wait()
        inputs = [values(r, 50 + i, torch.float32, salt=i) for r in range(size)]
        same(tensors[i], reduced(inputs, Op.SUM), "number %d" % i)
        assert works[i].is_completed() and works[i].is_success()


def check_memory_comes_and_goes(rank, size):
    """The tensor of an operation that nobody holds any more stays alive until the end."""
    works = []
    for i in range(200):
        big = torch.full((10000,), float(rank))
        works.append(dist.all_reduce(big, async_op=True))
        del big
    for work in works:
        work.wait()
        assert bool((work.result()[0] == size * (size - 1) / 2).all())


CHECKS = [
    check_strided,
    check_strided_movements,
    check_special_tensors,
    check_sparse,
    check_autograd_is_left_alone,
    check_many_at_once,
    check_memory_comes_and_goes,
]


class Tensors(unittest.TestCase):
    def test_everything(self):
        ranks.run(3, lambda rank, size: [check(rank, size) for check in CHECKS])


if __name__ == "__main__":
    unittest.main()
