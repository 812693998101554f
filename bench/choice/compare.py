#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the algorithm that tutti chooses the one that turns out fastest? Over TCP on this machine, for every collective.

Each round measures all algorithms of a collective in one job, for each number of ranks. How much longer the chosen one takes
than another is the median of the rounds' ratios: what the machine does meanwhile changes from round to round, and much less
within one. For each number of ranks and size it prints the algorithm chosen, the largest such ratio, and to which.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

TIMEOUT_S = 300
ENVIRONMENT = os.environ | {"TUTTI_TRANSPORT": "tcp"}
COLLECTIVES = "all_reduce,broadcast,reduce,all_gather,reduce_scatter,all_to_all,gather,scatter,barrier"
NEAR_P50, NEAR_P99 = 1.10, 1.15  # as good as the best
LARGE = 1 << 20
OVER_WINDOWS = "shared"  # where ranks do not share memory these are another name for the rules' choice


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where the programs are")
    parser.add_argument("--collectives", default=COLLECTIVES, help=f"({COLLECTIVES})")
    parser.add_argument("--ranks", default="2,3,4,8,16", help="numbers of ranks (2,3,4,8,16)")
    parser.add_argument("--bytes", default="64,1024,16384,262144,4194304", help="sizes")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (5)")
    parser.add_argument("--iterations", type=int, default=60, help="of each measurement (60); of 1 MiB and more, a fifth")
    parser.add_argument("--save", type=pathlib.Path, help="all rounds' times, as JSON, into this file")
    return parser.parse_args()


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=TIMEOUT_S).stdout


def chosen(arguments, collective, ranks, size):
    out = run(arguments.bin / "tutti-info", "--explain", collective, size, "-n", ranks, "--json")
    explained = json.loads(out)["explain"]
    is_crowded = ranks > len(os.sched_getaffinity(0))
    return is_crowded and explained["crowded"] or explained["used"]


def measure(arguments, collective, ranks, size):
    """{algorithm: (p50, p99) in us}; an iteration counts with its slowest rank."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        iterations = arguments.iterations if size < LARGE else max(arguments.iterations // 5, 5)
        run(arguments.bin / "tutti-bench", collective, "-a", "all", "--ranks", ranks, "-b", size, "-e", size, "-n",
            iterations, "-w", 5, "-c", 0, "--json", report)
        rows = json.loads(report.read_text())["results"]
    return {row["algorithm"]: tuple(row["out_of_place"]["iteration_ns"]["percentiles"][p] / 1000 for p in ("50", "99"))
            for row in rows if not row["algorithm"].startswith(OVER_WINDOWS)}


class Point:
    """One collective, number of ranks and size."""

    def __init__(self, used, rounds):
        self.used = used
        self.time = statistics.median(times[used][0] for times in rounds)
        ratios = [{name: statistics.median(times[used][i] / times[name][i] for times in rounds) for name in rounds[0]}
                  for i in (0, 1)]
        self.best = max(ratios[0], key=ratios[0].get)
        self.p50_ratio, self.p99_ratio = (max(of_percentile.values()) for of_percentile in ratios)

    def __str__(self):
        near = self.used == self.best
        return f"{self.time:.0f} {self.used}" + ("" if near else f", {self.p50_ratio:.2f} x {self.best}")


def share(points, is_near):
    good = sum(map(is_near, points))
    return f"{good} of {len(points)} ({100 * good / len(points):.0f} %)"


def main():
    arguments = parse_arguments()
    counts = [int(text) for text in arguments.ranks.split(",")]
    sizes = [int(text) for text in arguments.bytes.split(",")]
    points, saved = [], []
    print(f"p50 in us and the algorithm chosen; where another was faster: how much longer than which. Medians of "
          f"{arguments.rounds} rounds, over TCP on {os.cpu_count()} cores\n")
    print("| collective | ranks | " + " | ".join(f"{size} B" for size in sizes) + " |\n|---|---|" + "---|" * len(sizes))
    for collective in arguments.collectives.split(","):
        for ranks in counts:
            row = []
            for size in sizes if collective != "barrier" else sizes[:1]:
                rounds = [measure(arguments, collective, ranks, size) for _ in range(arguments.rounds)]
                row.append(Point(chosen(arguments, collective, ranks, size), rounds))
                saved.append({"collective": collective, "ranks": ranks, "bytes": size, "used": row[-1].used, "us": rounds})
            points += row
            cells = [str(point) for point in row] + [""] * (len(sizes) - len(row))
            print(f"| {collective} | {ranks} | " + " | ".join(cells) + " |", flush=True)
    if arguments.save:
        arguments.save.write_text(json.dumps(saved))
    print(f"\nwithin {NEAR_P50 - 1:.0%} of the best at p50: {share(points, lambda p: p.p50_ratio <= NEAR_P50)}, within "
          f"{NEAR_P99 - 1:.0%} at p99: {share(points, lambda p: p.p99_ratio <= NEAR_P99)}")


if __name__ == "__main__":
    main()
