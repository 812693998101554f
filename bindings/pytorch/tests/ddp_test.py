# SPDX-License-Identifier: Apache-2.0
"""DistributedDataParallel gives the gradients that one process would compute from all data."""

import unittest

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks
from torch.nn.parallel import DistributedDataParallel

import ranks

BATCH = 8  # of each rank


class Net(nn.Module):
    """A small network with a branch that some steps do not use."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(7)
        self.first = nn.Linear(10, 300)
        self.left = nn.Linear(300, 5)
        self.right = nn.Linear(300, 5)

    def forward(self, x, use_right=True):
        hidden = torch.relu(self.first(x))
        return self.left(hidden) + (self.right(hidden) if use_right else 0)


def batch(rank, step):
    generator = torch.Generator().manual_seed(100 * step + rank)
    return torch.randn(BATCH, 10, generator=generator), torch.randn(BATCH, 5, generator=generator)


def train(model, batches, steps, **forward):
    """Trains in place; returns the gradients of the last step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(steps):
        optimizer.zero_grad(set_to_none=False)
        x, y = batches(step)
        nn.functional.mse_loss(model(x, **forward), y).backward()
        optimizer.step()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def all_batches(size):
    def batches(step):
        parts = [batch(r, step) for r in range(size)]
        return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])

    return batches


def compare(ddp, alone, what, tolerance=1e-5):
    expected = dict(alone.named_parameters())
    for name, parameter in ddp.module.named_parameters():
        error = (parameter - expected[name]).abs().max().item()
        assert error <= tolerance, "%s: %s differs by %g" % (what, name, error)
    for name, parameter in ddp.module.named_parameters():
        copies = [torch.zeros_like(parameter) for _ in range(dist.get_world_size())]
        dist.all_gather(copies, parameter.detach())
        assert all(torch.equal(c, copies[0]) for c in copies), "%s: ranks differ in %s" % (what, name)


def check(rank, size, what, hook=None, tolerance=1e-5, use_right=True, **options):
    ddp = DistributedDataParallel(Net(), bucket_cap_mb=0.005, **options)  # several buckets
    if hook is not None:
        hook(ddp)
    alone = Net()
    train(ddp, lambda step: batch(rank, step), 5, use_right=use_right)
    train(alone, all_batches(size), 5, use_right=use_right)
    compare(ddp, alone, what, tolerance)


def check_plain(rank, size):
    check(rank, size, "plain", find_unused_parameters=True)
    check(rank, size, "views of buckets", find_unused_parameters=True, gradient_as_bucket_view=True)
    check(rank, size, "static graph", static_graph=True)


def check_unused_parameters(rank, size):
    check(rank, size, "a branch that nobody uses", find_unused_parameters=True, use_right=False)

    # A branch that only some ranks use: the others contribute zeros.
    ddp = DistributedDataParallel(Net(), find_unused_parameters=True)
    x, y = batch(rank, 0)
    nn.functional.mse_loss(ddp(x, use_right=rank == 0), y).backward()
    alone = Net()
    x, y = batch(0, 0)
    nn.functional.mse_loss(alone(x), y).backward()
    error = (ddp.module.right.weight.grad - alone.right.weight.grad / size).abs().max()
    assert error < 1e-6, error


def check_sparse_gradients(rank, size):
    torch.manual_seed(7)
    ddp = DistributedDataParallel(nn.EmbeddingBag(20, 4, mode="sum", sparse=True))
    for _ in range(3):
        ddp.zero_grad()
        ddp(torch.tensor([[rank, rank + 1, 5]])).sum().backward()
    gradient = ddp.module.weight.grad
    assert gradient.is_sparse
    expected = torch.zeros(20, 4)
    for r in range(size):
        for row in (r, r + 1, 5):
            expected[row] += 1 / size
    assert torch.allclose(gradient.to_dense(), expected), gradient.to_dense() - expected


def check_no_sync(rank, size):
    ddp = DistributedDataParallel(Net(), find_unused_parameters=True)
    alone = Net()
    with ddp.no_sync():
        x, y = batch(rank, 0)
        nn.functional.mse_loss(ddp(x), y).backward()
    local = ddp.module.first.weight.grad.clone()
    for other in range(size):  # nothing was communicated: only this rank's gradient is there
        probe = Net()
        x, y = batch(other, 0)
        nn.functional.mse_loss(probe(x), y).backward()
        assert torch.allclose(local, probe.first.weight.grad, atol=1e-6) == (other == rank)
    x, y = batch(rank, 1)
    nn.functional.mse_loss(ddp(x), y).backward()
    for step in range(2):
        x, y = all_batches(size)(step)
        nn.functional.mse_loss(alone(x), y).backward()
    error = (ddp.module.first.weight.grad - alone.first.weight.grad).abs().max()
    assert error < 1e-6, error


def check_hooks_of_torch(rank, size):
    unused = {"find_unused_parameters": True}
    check(rank, size, "all-reduce hook", lambda m: m.register_comm_hook(None, default_hooks.allreduce_hook), **unused)
    fp16 = default_hooks.fp16_compress_hook
    check(rank, size, "fp16 hook", lambda m: m.register_comm_hook(None, fp16), 2e-3, **unused)
    builtin = dist.BuiltinCommHookType
    check(rank, size, "built-in hook", lambda m: m._register_builtin_comm_hook(builtin.ALLREDUCE), **unused)
    check(rank, size, "built-in fp16", lambda m: m._register_builtin_comm_hook(builtin.FP16_COMPRESS), 2e-3, **unused)


def check_uneven_inputs(rank, size):
    """Ranks with fewer batches than others shadow their collectives."""
    ddp = DistributedDataParallel(nn.Linear(4, 1, bias=False))
    with ddp.join():
        for _ in range(3 + rank):
            ddp.zero_grad()
            ddp(torch.ones(2, 4)).sum().backward()
    dist.barrier()


def check_float64_and_buffers(rank, size):
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).double()
    ddp = DistributedDataParallel(module)
    module[1].running_mean.fill_(float(rank))
    module[1].num_batches_tracked.fill_(rank + 10)
    ddp(torch.ones(2, 4, dtype=torch.float64)).sum().backward()
    assert module[1].num_batches_tracked.item() == 11  # rank 0's, and one more
    parts = [torch.zeros(4, dtype=torch.float64) for _ in range(size)]
    dist.all_gather(parts, module[0].bias.grad)
    assert all(torch.equal(p, parts[0]) for p in parts)


CHECKS = [
    check_plain,
    check_unused_parameters,
    check_sparse_gradients,
    check_no_sync,
    check_hooks_of_torch,
    check_uneven_inputs,
    check_float64_and_buffers,
]


class Ddp(unittest.TestCase):
    def test_two_ranks(self):
        ranks.run(2, lambda rank, size: [c(rank, size) for c in CHECKS])

    def test_three_ranks(self):
        ranks.run(3, lambda rank, size: [c(rank, size) for c in (check_plain, check_unused_parameters)])


if __name__ == "__main__":
    unittest.main()
