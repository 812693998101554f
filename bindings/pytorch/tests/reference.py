# SPDX-License-Identifier: Apache-2.0
"""What collectives ought to give, computed from every rank's input without any communication."""

import functools

import torch
import torch.distributed as dist

Op = dist.ReduceOp

BITWISE = {Op.BAND: torch.bitwise_and, Op.BOR: torch.bitwise_or, Op.BXOR: torch.bitwise_xor}

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [torch.uint8, torch.int8, torch.int32, torch.int64]
NUMBERS = INTEGERS + FLOATS
MOVED_ONLY = [torch.bool, torch.int16, torch.complex64, torch.complex128]


def values(rank, count, dtype, salt=0):
    """Small numbers, different on each rank and in each place: sums and products of four are exact in all types."""
    places = torch.arange(count, dtype=torch.int64)
    numbers = (places * 7 + rank * 5 + salt * 3) % 3 + 1
    if dtype == torch.bool:
        return numbers == 2
    return numbers.to(dtype)


def reduced(tensors, op):
    """The reduction of the ranks' tensors, in their type."""
    dtype = tensors[0].dtype
    if dtype == torch.bool:
        stack = torch.stack(tensors)
        if op == Op.BXOR:
            return stack.sum(0) % 2 == 1
        return stack.any(0) if op in (Op.SUM, Op.MAX, Op.BOR) else stack.all(0)
    wide = torch.float64 if dtype.is_floating_point else torch.int64
    stack = torch.stack([t.to(wide) for t in tensors])
    if op == Op.SUM:
        result = stack.sum(0)
    elif op == Op.AVG:
        result = stack.sum(0)
        result = torch.div(result, len(tensors), rounding_mode=None if dtype.is_floating_point else "trunc")
    elif op == Op.PRODUCT:
        result = stack.prod(0)
    elif op == Op.MIN:
        result = stack.min(0).values
    elif op == Op.MAX:
        result = stack.max(0).values
    elif op in BITWISE:
        result = functools.reduce(BITWISE[op], stack)
    else:
        raise ValueError(op)
    return result.to(dtype)


def same(actual, expected, what):
    assert actual.dtype == expected.dtype, "%s: %s instead of %s" % (what, actual.dtype, expected.dtype)
    assert actual.shape == expected.shape, "%s: shape %s instead of %s" % (what, actual.shape, expected.shape)
    if torch.equal(actual, expected):
        return
    place = tuple((actual != expected).nonzero()[0].tolist())
    raise AssertionError(
        "%s: at %s there is %s instead of %s" % (what, place, actual[place].item(), expected[place].item())
    )
