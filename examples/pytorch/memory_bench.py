#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tutti_torch.empty brings: the time of communication from and to tensors in tutti's memory and in ordinary ones.

The two kinds take turns, a block of calls each, so that whatever else happens on the machine happens to both. Each time
is that of the slowest rank. Every result is checked.

    memory_bench.py [--ranks 2] [--sizes 1,64]
    torchrun --nproc_per_node 2 memory_bench.py
"""

import argparse
import sys
import time

import torch
import torch.distributed as dist

import launch
import timings
import tutti_torch

BLOCK = 4  # calls in a row
KINDS = {"tutti": tutti_torch.empty, "plain": torch.empty}


def all_reduce(tensor, whole):
    dist.all_reduce(tensor)
    return tensor[-1], dist.get_world_size() * (dist.get_world_size() + 1) / 2


def broadcast(tensor, whole):
    dist.broadcast(tensor, 0)
    return tensor[-1], 1


def all_gather(tensor, whole):
    dist.all_gather_into_tensor(whole, tensor)
    return whole[-1], dist.get_world_size()


def send_recv(tensor, whole):
    """From rank 0 to rank 1; the others look on."""
    if dist.get_rank() == 0:
        dist.send(tensor, 1)
    elif dist.get_rank() == 1:
        dist.recv(whole[: tensor.numel()], 0)
        return whole[0], 1
    return tensor[-1], dist.get_rank() + 1


OPERATIONS = [all_reduce, broadcast, all_gather, send_recv]


def parse():
    parser = argparse.ArgumentParser(description="Times communication in tutti's memory beside ordinary memory.")
    parser.add_argument("--ranks", type=int, default=2, help="processes to start, without a launcher (2)")
    parser.add_argument("--sizes", default="1,64", help="MiB of float32, separated by commas (1,64)")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each size, operation and kind, about (2)")
    return parser.parse_args()


def block_of_calls(operation, tensor, whole):
    seconds = []
    for _ in range(BLOCK):
        tensor.fill_(dist.get_rank() + 1)
        whole[0] = whole[-1] = 0
        dist.barrier()
        begin = time.perf_counter()
        value, expected = operation(tensor, whole)
        seconds.append(time.perf_counter() - begin)
        if value.item() != expected:
            raise SystemExit("a result is wrong")
    return seconds


def measure(operation, count, seconds_wanted):
    memory = {kind: (make(count), make(count * dist.get_world_size())) for kind, make in KINDS.items()}
    seconds = {kind: [] for kind in KINDS}
    for kind in KINDS:  # connections, plans, pages
        block_of_calls(operation, *memory[kind])
    rounds = 0
    while True:
        for kind in KINDS if rounds % 2 == 0 else reversed(KINDS):
            seconds[kind] += block_of_calls(operation, *memory[kind])
        rounds += 1
        # All ranks must agree when to stop: rank 0 says so.
        spent = torch.tensor([sum(map(sum, seconds.values()))], dtype=torch.float64)
        dist.broadcast(spent, 0)
        if rounds >= 5 and (spent.item() > seconds_wanted * len(KINDS) or rounds >= 200):
            return {kind: timings.of_slowest_rank(s, dist.group.WORLD) for kind, s in seconds.items()}


def main() -> int:
    arguments = parse()
    if not launch.launched():
        return launch.run_ranks(arguments.ranks)
    dist.init_process_group("tutti")
    is_first = dist.get_rank() == 0
    if is_first:
        print(f"float32 on {dist.get_world_size()} ranks, microseconds, slowest rank: tutti_torch.empty, torch.empty")
        print(f"{'operation':>10} {'MiB':>5} {'calls':>6} {'tutti p50':>11} {'p99':>10} {'plain p50':>11} {'p99':>10} ratio")
    for size in map(float, arguments.sizes.split(",")):
        for operation in OPERATIONS if dist.get_world_size() > 1 else []:
            times = measure(operation, int(size * (1 << 20)) // 4, arguments.seconds)
            if not is_first:
                continue
            row = [1e6 * timings.percentile(times[kind], p) for kind in KINDS for p in (50, 99)]
            print(
                f"{operation.__name__:>10} {size:>5g} {len(times['tutti']):>6} {row[0]:>11.1f} {row[1]:>10.1f}"
                f" {row[2]:>11.1f} {row[3]:>10.1f} {row[0] / row[2]:5.2f}",
                flush=True,
            )
    dist.barrier()
    dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
