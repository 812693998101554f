# SPDX-License-Identifier: Apache-2.0
"""tutti_torch.hooks: gradients are nearly what they are without, what is left out is not lost, and checkpoints hold it."""

import unittest

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import ddp_test
import ranks
import tutti_torch
from ddp_test import check
from tutti_torch import backend, hooks


def registering(hook, group=None):
    return lambda model: model.register_comm_hook(group, hook)


def check_half_precision(rank, size):
    unused = {"find_unused_parameters": True}
    check(rank, size, "bf16", registering(hooks.bf16), 2e-2, **unused)
    check(rank, size, "fp16", registering(hooks.fp16), 2e-3, **unused)
    group = dist.new_group()
    check(rank, size, "bf16 in a group", registering(hooks.bf16, group), 2e-2, **unused)
    # What a hook sends really is half precision: a value that float16 cannot hold is rounded.
    ddp = DistributedDataParallel(nn.Linear(1, 1, bias=False))
    ddp.register_comm_hook(None, hooks.fp16)
    ddp(torch.tensor([[1.0 + 2.0**-20]])).backward()
    assert ddp.module.weight.grad.item() == 1.0
    assert ddp.module.weight.grad.dtype == torch.float32


class GivenGradient(nn.Module):
    """Its weight's gradient is its input."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))

    def forward(self, gradient):
        return (self.weight * gradient).sum()


def lost(hook, gradient, steps=40):
    """The largest difference between what has come in so many steps and what ought to have come."""
    ddp = DistributedDataParallel(GivenGradient(*gradient.shape))
    ddp.register_comm_hook(None, hook)
    total = torch.zeros_like(gradient)
    for _ in range(steps):
        ddp.zero_grad()
        ddp(gradient).backward()
        total += ddp.module.weight.grad
    return (total - steps * gradient).abs().max().item()


def check_codecs(rank, size):
    check(rank, size, "int8", registering(hooks.compress("int8")), 2e-2)
    check(rank, size, "a codec of bf16", registering(hooks.compress("bf16", False)), 2e-2)

    # The same gradient in each step, of which a quarter goes on its way: what is left out is not lost, if it is kept.
    gradient = torch.arange(1.0, 4001.0) / 40
    errors = [lost(hooks.topk(0.25, error_feedback=feedback), gradient) for feedback in (False, True)]
    assert errors[False] > 1000, errors  # not compressed at all?
    assert errors[True] < errors[False] / 3, errors

    for codec in ("nonsense", "int8:nonsense=1"):
        try:
            tutti_torch._C.average(backend.of(None), [torch.ones(3)], [0], codec, []).wait()
            raise AssertionError("there is no such codec: " + codec)
        except ValueError as error:
            assert "nonsense" in str(error), error
    dist.barrier()


def check_auto(rank, size):
    hook = hooks.auto(0.01)
    assert hook.explain() == ""
    check(rank, size, "auto", registering(hook), 2e-2)
    assert "auto:0.01" in hook.explain(), hook.explain()
    # Only what asks for it is compressed: tutti's own choice is not in force for other operations.
    exact = torch.full((100000,), 1 + 2.0**-20)
    dist.all_reduce(exact)
    assert bool((exact == size * (1 + 2.0**-20)).all())


def check_powersgd(rank, size):
    check(rank, size, "powersgd", registering(hooks.powersgd(4)), 3e-2, find_unused_parameters=True)

    generator = torch.Generator().manual_seed(5)
    gradient = torch.randn(20, 30, generator=generator)
    errors = [lost(hooks.powersgd(2, error_feedback=feedback), gradient) for feedback in (False, True)]
    assert errors[False] > 20, errors
    assert errors[True] < errors[False] / 3, errors

    # Of a matrix that is a product of two thin ones nothing is lost, whatever its strides and number of dimensions.
    left, right = torch.randn(24, 2, generator=generator), torch.randn(2, 27, generator=generator)
    product = (left @ right).view(24, 3, 3, 3)
    for gradient in (product, product.to(memory_format=torch.channels_last)):
        ddp = DistributedDataParallel(GivenGradient(24, 3, 3, 3).to(memory_format=torch.channels_last))
        ddp.register_comm_hook(None, hooks.powersgd(2))
        for _ in range(3):
            ddp.zero_grad()
            ddp(gradient * (rank + 1)).backward()
        expected = product * (size + 1) / 2
        assert torch.allclose(ddp.module.weight.grad, expected, atol=1e-4), (ddp.module.weight.grad - expected).abs().max()


def check_new_buckets(rank, size):
    """DDP makes new buckets after the first step; what is kept by parameter stays, and nothing is kept twice."""
    group = dist.new_group()
    hook = hooks.compress("int8")
    torch.manual_seed(7)
    # Used in another order than they are declared in, so that the new buckets are others.
    module = nn.ModuleList([nn.Linear(50, 50) for _ in range(4)])
    module.forward = lambda x: module[0](module[3](module[1](module[2](x))))
    ddp = DistributedDataParallel(module, process_group=group, bucket_cap_mb=0.02)
    ddp.register_comm_hook(group, hook)
    lengths = []
    for step in range(3):
        ddp(torch.ones(2, 50)).sum().backward()
        lengths.append(hook.state_dict()["states"].numel())
    assert lengths[0] > 4 * 4 * 2500 and lengths == lengths[:1] * 3, lengths


def check_refused_states(rank, size):
    def refused(hook, state, word):
        try:
            hook.load_state_dict(state)
            ddp = DistributedDataParallel(nn.Linear(50, 50))
            ddp.register_comm_hook(None, hook)
            ddp(torch.ones(2, 50)).sum().backward()
        except (ValueError, RuntimeError) as error:
            assert word in str(error), error
            return
        raise AssertionError("not refused: " + word)

    hook = hooks.compress("int8")
    state = hook.state_dict()
    refused(hook, {**state, "codec": "int4"}, "int4")
    refused(hook, {**state, "version": 0}, "version")
    refused(hooks.compress("int8"), state, "hook")
    refused(hook, {**state, "ranks": size + 1}, "of %d" % (size + 1))
    nonsense = torch.zeros(50, dtype=torch.uint8)
    hook = hooks.compress("int8")
    refused(hook, {**hook.state_dict(), "ranks": size, "rank": rank, "states": nonsense}, "saved")
    refused(hooks.powersgd(2), hooks.powersgd(3).state_dict(), "rank")
    refused(hooks.powersgd(2), {**hooks.powersgd(2).state_dict(), "matrices": {0: nonsense, 1: nonsense}}, "powersgd")
    for maker, argument in ((hooks.powersgd, 0), (hooks.topk, 0), (hooks.auto, 2)):
        try:
            maker(argument)
            raise AssertionError("not refused: %s" % argument)
        except ValueError as error:
            assert maker.__name__ in str(error), error
    ddp = DistributedDataParallel(nn.Linear(50, 50).double())
    ddp.register_comm_hook(None, hooks.powersgd())
    try:
        ddp(torch.ones(2, 50).double()).sum().backward()
        raise AssertionError("float64 was not refused")
    except (ValueError, RuntimeError) as error:
        assert "float32" in str(error), error


CHECKS = [
    check_half_precision,
    check_codecs,
    check_auto,
    check_powersgd,
    check_new_buckets,
    check_refused_states,
]

MAKERS = {"topk": lambda: hooks.topk(0.1), "powersgd": lambda: hooks.powersgd(1)}


def training(checkpoints, steps):
    """A job that trains a model for each hook, from the rank's checkpoint if there is one."""

    def body(rank, size):
        saved = {}
        for name, make in MAKERS.items():
            torch.manual_seed(7)
            module = nn.Sequential(nn.Linear(10, 60), nn.ReLU(), nn.Linear(60, 50), nn.ReLU(), nn.Linear(50, 5))
            hook = make()
            begin, weights, state = checkpoints[rank][name] if checkpoints else (0, None, None)
            if weights:
                module.load_state_dict(weights)
            if state:
                hook.load_state_dict(state)
            ddp = DistributedDataParallel(module)
            ddp.register_comm_hook(None, hook)
            optimizer = torch.optim.SGD(ddp.parameters(), lr=0.1)
            for step in range(begin, begin + steps):
                optimizer.zero_grad()
                x, y = ddp_test.batch(rank, step)
                nn.functional.mse_loss(ddp(x), y).backward()
                optimizer.step()
            saved[name] = (begin + steps, module.state_dict(), hook.state_dict())
        return saved

    return body


class Hooks(unittest.TestCase):
    def test_two_ranks(self):
        ranks.run(2, lambda rank, size: [c(rank, size) for c in CHECKS])

    def test_three_ranks(self):
        ranks.run(3, lambda rank, size: [c(rank, size) for c in (check_codecs, check_powersgd)])


class Checkpoints(unittest.TestCase):
    def test_a_job_that_goes_on_from_one_ends_like_one_that_was_not_interrupted(self):
        whole = ranks.run(2, training(None, 6))
        half = ranks.run(2, training(None, 3))
        without = [{name: (begin, weights, None) for name, (begin, weights, _) in r.items()} for r in half]
        self.assertEqual(self.differing(whole, ranks.run(2, training(half, 3))), [])
        self.assertEqual(self.differing(whole, ranks.run(2, training(without, 3))), sorted(MAKERS))

    @staticmethod
    def differing(some, others):
        """Of which hooks the weights differ, on any rank, in any bit."""
        return sorted(
            name
            for name in MAKERS
            if any(not torch.equal(a[name][1][k], b[name][1][k]) for a, b in zip(some, others) for k in a[name][1])
        )


if __name__ == "__main__":
    unittest.main()
