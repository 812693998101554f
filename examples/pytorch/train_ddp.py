#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Data-parallel training with DistributedDataParallel, on tutti and on Gloo side by side.

Both models start alike and see the same batches. Their steps alternate, so that whatever else happens on the machine
happens to both. Ends with an error unless both learn equally well and all ranks hold the same weights.

    train_ddp.py [--ranks 2] [--backends tutti gloo] [--wide] [--hook bf16]
    torchrun --nproc_per_node 2 train_ddp.py
"""

import argparse
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import digits
import launch
import timings
import tutti_torch

BATCH = 64  # over all ranks
SEED = 20
WANTED_ACCURACY = 0.95


def small_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 9, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def wide_network() -> nn.Module:
    """About 25 million parameters, and little to compute for each: communication counts."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 3500), nn.ReLU(), nn.Linear(3500, 3500), nn.ReLU(), nn.Linear(3500, 3500),
        nn.ReLU(), nn.Linear(3500, 10),
    )  # fmt: skip


def hook_of(name):
    """Of tutti_torch.hooks; some make a hook for each model."""
    hook = getattr(tutti_torch.hooks, name)
    return hook() if name in ("auto", "compress", "powersgd", "topk") else hook


class Trainee:
    """A model that is trained over one backend."""

    def __init__(self, backend, arguments):
        torch.manual_seed(SEED)  # the same weights on every rank and for every backend
        self.backend = backend
        self.group = dist.new_group(backend=backend)
        network = wide_network() if arguments.wide else small_network()
        self.model = DistributedDataParallel(network, process_group=self.group)
        if arguments.hook and backend == "tutti":
            self.model.register_comm_hook(self.group, hook_of(arguments.hook))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=arguments.rate, momentum=0.9)
        self.seconds = []

    def step(self, images, labels):
        begin = time.perf_counter()
        self.optimizer.zero_grad()
        nn.functional.cross_entropy(self.model(images), labels).backward()
        self.optimizer.step()
        self.seconds.append(time.perf_counter() - begin)

    @torch.no_grad()
    def accuracy(self, images, labels) -> float:
        """Over the whole test set, which the ranks share."""
        rank, size = dist.get_rank(), dist.get_world_size()
        right = (self.model.module(images[rank::size]).argmax(1) == labels[rank::size]).sum()
        dist.all_reduce(right, group=self.group)
        return right.item() / len(labels)

    @torch.no_grad()
    def ranks_agree(self) -> bool:
        """Whether all ranks hold the same weights, bit for bit."""
        weights = torch.cat([p.flatten() for p in self.model.module.parameters()]).view(torch.int32)
        low, high = weights.clone(), weights.clone()
        dist.all_reduce(low, dist.ReduceOp.MIN, group=self.group)
        dist.all_reduce(high, dist.ReduceOp.MAX, group=self.group)
        return torch.equal(low, high)


def parse():
    parser = argparse.ArgumentParser(description="Trains on tutti and on Gloo side by side.")
    parser.add_argument("--ranks", type=int, default=2, help="processes to start, without a launcher (2)")
    parser.add_argument("--backends", nargs="+", default=["tutti", "gloo"], help="which to train on (tutti gloo)")
    parser.add_argument("--epochs", type=int, help="passes over the training set (12; with --wide 2)")
    parser.add_argument("--wide", action="store_true", help="a network of 25 million parameters")
    parser.add_argument("--hook", choices=tutti_torch.hooks.__all__, help="how gradients travel on tutti (as they are)")
    arguments = parser.parse_args()
    arguments.epochs = arguments.epochs or (2 if arguments.wide else 12)
    arguments.rate = 0.01 if arguments.wide else 0.05
    return arguments


def train(trainees, images, labels, epochs):
    rank, size = dist.get_rank(), dist.get_world_size()
    shuffle = torch.Generator().manual_seed(SEED)  # the same order on all ranks
    for epoch in range(epochs):
        for number, batch in enumerate(torch.randperm(len(images), generator=shuffle).split(BATCH)):
            if len(batch) < BATCH:
                continue  # DDP weighs ranks alike, so they must have equal parts
            mine = batch[rank::size]
            turn = number % len(trainees)
            for trainee in trainees[turn:] + trainees[:turn]:
                trainee.step(images[mine], labels[mine])


def report(trainees, test, arguments) -> bool:
    rank = dist.get_rank()
    good = True
    if rank == 0:
        parameters = sum(p.numel() for p in trainees[0].model.parameters())
        steps = len(trainees[0].seconds)
        print(f"{dist.get_world_size()} ranks, {parameters:,} parameters, {steps} steps of {BATCH} images")
        print(f"{'backend':8} {'accuracy':>9} {'p50 ms':>9} {'p99 ms':>9}  the same weights on all ranks")
    for trainee in trainees:
        accuracy, agree = trainee.accuracy(*test), trainee.ranks_agree()
        # The first steps build and then rebuild buckets.
        times = timings.of_slowest_rank(trainee.seconds[3:], trainee.group)
        good &= agree and (arguments.wide or accuracy >= WANTED_ACCURACY)
        if rank == 0:
            p50, p99 = (1e3 * timings.percentile(times, p) for p in (50, 99))
            print(f"{trainee.backend:8} {accuracy:9.3f} {p50:9.2f} {p99:9.2f}  {'yes' if agree else 'NO'}")
    return good


def main() -> int:
    arguments = parse()
    if not launch.launched():
        return launch.run_ranks(arguments.ranks)
    dist.init_process_group("tutti")
    if BATCH % dist.get_world_size() != 0:
        raise SystemExit(f"{BATCH} images cannot be shared equally among {dist.get_world_size()} ranks")
    training, test = digits.load()
    trainees = [Trainee(backend, arguments) for backend in arguments.backends]
    train(trainees, *training, arguments.epochs)
    good = report(trainees, test, arguments)
    dist.barrier()
    dist.destroy_process_group()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
