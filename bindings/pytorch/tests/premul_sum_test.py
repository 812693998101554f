# SPDX-License-Identifier: Apache-2.0
"""PREMUL_SUM: the sum of what each rank has multiplied by a factor of its own."""

import unittest

import torch
import torch.distributed as dist

import ranks
from reference import FLOATS, Op, same, values


def cases(dtypes):
    """All types, and all lengths for one of them."""
    for dtype in dtypes:
        for count in [0, 1, 7, 1000, 70001] if dtype == torch.float32 else [7]:
            yield dtype, count


def factor(rank):
    """A power of two, so that products and sums are exact in all types."""
    return 0.5 * 2**rank


def operations(rank):
    """The two ways in which torch gives the factor."""
    yield dist._make_nccl_premul_sum(factor(rank))
    tensor = torch.tensor(factor(rank))
    # torch 1.13 takes a list, of one tensor for each device of the process.
    old = int(torch.__version__.split(".")[0]) < 2
    yield dist._make_nccl_premul_sum([tensor] if old else tensor)


def scaled_sum(inputs):
    wide = torch.complex128 if inputs[0].is_complex() else torch.float64
    return sum(t.to(wide) * factor(r) for r, t in enumerate(inputs)).to(inputs[0].dtype)


def check_one_result(rank, size):
    for dtype, count in cases(FLOATS + [torch.complex64, torch.complex128]):
        for op in operations(rank):
            what = "%d x %s" % (count, dtype)
            inputs = [values(r, count, dtype) for r in range(size)]
            tensor = inputs[rank].clone()
            dist.all_reduce(tensor, op)
            same(tensor, scaled_sum(inputs), "all_reduce " + what)

            root = count % size
            tensor = inputs[rank].clone()
            dist.reduce(tensor, root, op)
            same(tensor, scaled_sum(inputs) if rank == root else inputs[rank], "reduce " + what)


def check_blocks(rank, size):
    for dtype, count in cases(FLOATS):
        for op in operations(rank):
            what = "%d x %s" % (count, dtype)
            blocks = [[values(r, count, dtype, salt=b) for b in range(size)] for r in range(size)]
            expected = scaled_sum([blocks[r][rank] for r in range(size)])
            output = torch.zeros(count, dtype=dtype)
            dist.reduce_scatter(output, blocks[rank], op)
            same(output, expected, "reduce_scatter " + what)
            whole = torch.cat(blocks[rank])
            output = torch.zeros(count, dtype=dtype)
            dist.reduce_scatter_tensor(output, whole, op)
            same(output, expected, "reduce_scatter_tensor " + what)
            same(whole, torch.cat(blocks[rank]), "the input of reduce_scatter_tensor " + what)


def check_several_at_once(rank, size):
    """Operations with and without factors side by side: each has its own."""
    factors = [1.0, 0.25, 4.0]
    tensors = [torch.full((1000,), float(rank + 1)) for _ in range(6)]
    works = []
    for i, tensor in enumerate(tensors):
        op = dist._make_nccl_premul_sum(factors[i // 2]) if i % 2 == 0 else Op.SUM
        works.append(dist.all_reduce(tensor, op, async_op=True))
    for i, (work, tensor) in enumerate(zip(works, tensors)):
        work.wait()
        expected = size * (size + 1) / 2 * (factors[i // 2] if i % 2 == 0 else 1)
        assert bool((tensor == expected).all()), (i, tensor[0].item(), expected)

    mine = [values(rank, count, torch.float32) for count in (5, 0, 1000)]
    expected = [scaled_sum([values(r, len(t), torch.float32) for r in range(size)]) for t in mine]
    options = dist.AllreduceCoalescedOptions()
    options.reduceOp = dist._make_nccl_premul_sum(factor(rank))
    dist.distributed_c10d._get_default_group().allreduce_coalesced(mine, options).wait()
    for tensor, right in zip(mine, expected):
        same(tensor, right, "all_reduce_coalesced, %d elements" % len(right))


def check_any_factor(rank, size):
    tensor = torch.full((100,), 3.0, dtype=torch.float64)
    dist.all_reduce(tensor, dist._make_nccl_premul_sum(1 / 3 if rank == 0 else 0.0))
    assert torch.allclose(tensor, torch.ones(100, dtype=torch.float64)), tensor[0].item()
    strided = torch.full((10, 4), -1.0)
    strided[:, ::2] = 2.0
    dist.all_reduce(strided[:, ::2], dist._make_nccl_premul_sum(-0.5))
    assert bool((strided[:, ::2] == -size).all() and (strided[:, 1::2] == -1).all())


def check_refusals(rank, size):
    op = dist._make_nccl_premul_sum(2.0)

    def refused(call, *words):
        try:
            call()
        except ValueError as error:
            assert all(word in str(error) for word in words), error
            return
        raise AssertionError("not refused: %s" % (words,))

    for dtype in (torch.int32, torch.bool, torch.int16):
        refused(lambda: dist.all_reduce(torch.zeros(3, dtype=dtype), op), "PREMUL_SUM", "floating-point")
    lengths = [5, 0, 7][:size]
    blocks = [torch.zeros(n) for n in lengths]
    refused(lambda: dist.reduce_scatter(torch.zeros(lengths[rank]), blocks, op), "PREMUL_SUM", "different lengths")
    two = dist._make_nccl_premul_sum([torch.ones(1), torch.ones(1)])
    refused(lambda: dist.all_reduce(torch.zeros(3), two), "one factor")
    refused(lambda: dist.all_reduce(torch.eye(3).to_sparse(), op), "SUM")
    tensor = torch.ones(3)
    dist.all_reduce(tensor)
    assert tensor[0] == size


CHECKS = [check_one_result, check_blocks, check_several_at_once, check_any_factor, check_refusals]


class PremulSum(unittest.TestCase):
    def test_two_and_three_ranks(self):
        for size in (2, 3):
            ranks.run(size, lambda rank, size: [check(rank, size) for check in CHECKS])

    def test_one_rank(self):
        ranks.run(1, check_one_result)


if __name__ == "__main__":
    unittest.main()
