#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long torch.distributed.all_reduce takes, on tutti and on Gloo in one run.

The backends take turns, a block of calls each, so that whatever else happens on the machine happens to both. Each time
is that of the slowest rank. Every result is checked.

    allreduce_bench.py [--ranks 2] [--largest 64M]
    torchrun --nproc_per_node 2 allreduce_bench.py
"""

import argparse
import sys
import time

import torch
import torch.distributed as dist

import launch
import timings
import tutti_torch  # noqa: F401  registers the backend

BLOCK = 20  # calls in a row
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size_of(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else int(text)


def text_of(size: int) -> str:
    for unit in ("G", "M", "K"):
        if size >= UNITS[unit]:
            return f"{size / UNITS[unit]:g} {unit}iB"
    return f"{size} B"


def parse():
    parser = argparse.ArgumentParser(description="Times all_reduce on tutti and on Gloo in one run.")
    parser.add_argument("--ranks", type=int, default=2, help="processes to start, without a launcher (2)")
    parser.add_argument("--smallest", type=size_of, default=4, help="bytes, of float32 (4)")
    parser.add_argument("--largest", type=size_of, default=size_of("64M"), help="bytes (64M)")
    parser.add_argument("--factor", type=int, default=8, help="from one size to the next (8)")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each size and backend, about (2)")
    return parser.parse_args()


def block_of_calls(tensor, group, calls):
    """Seconds of each call. The values are 1 before, and the number of ranks after it."""
    seconds = []
    for _ in range(calls):
        tensor.fill_(1)
        begin = time.perf_counter()
        dist.all_reduce(tensor, group=group)
        seconds.append(time.perf_counter() - begin)
        if tensor[0].item() != dist.get_world_size() or tensor[-1].item() != dist.get_world_size():
            raise SystemExit("a result is wrong")
    return seconds


def measure(size, groups, seconds_wanted):
    tensor = torch.empty(max(1, size // 4))
    seconds = {name: [] for name in groups}
    calls = BLOCK if size < UNITS["M"] * 8 else 2
    rounds = 0
    for name, group in groups.items():  # connections, plans, pages
        block_of_calls(tensor, group, calls)
    while True:
        names = list(groups) if rounds % 2 == 0 else list(reversed(groups))
        for name in names:
            seconds[name] += block_of_calls(tensor, groups[name], calls)
        rounds += 1
        # All ranks must agree when to stop: rank 0 says so.
        spent = torch.tensor([sum(map(sum, seconds.values()))], dtype=torch.float64)
        dist.broadcast(spent, 0)
        if rounds >= 5 and (spent.item() > seconds_wanted * len(groups) or rounds >= 100):
            return {name: timings.of_slowest_rank(s, groups[name]) for name, s in seconds.items()}


def main() -> int:
    arguments = parse()
    if not launch.launched():
        return launch.run_ranks(arguments.ranks)
    dist.init_process_group("tutti")
    groups = {name: dist.new_group(backend=name) for name in ("tutti", "gloo")}
    is_first = dist.get_rank() == 0
    if is_first:
        print(f"all_reduce of float32 on {dist.get_world_size()} ranks, microseconds, slowest rank")
        print(f"{'size':>10} {'calls':>6} {'tutti p50':>11} {'p99':>10} {'gloo p50':>11} {'p99':>10} {'ratios':>13}")
    size = arguments.smallest
    while size <= arguments.largest:
        times = measure(size, groups, arguments.seconds)
        row = [1e6 * timings.percentile(times[name], p) for name in ("tutti", "gloo") for p in (50, 99)]
        if is_first:
            ratios = f"{row[0] / row[2]:6.2f} {row[1] / row[3]:6.2f}"
            print(
                f"{text_of(size):>10} {len(times['tutti']):>6} {row[0]:>11.1f} {row[1]:>10.1f} {row[2]:>11.1f}"
                f" {row[3]:>10.1f} {ratios}",
                flush=True,
            )
        size *= arguments.factor
    dist.barrier()
    dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
