#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the algorithm that tutti chooses the one that turns out fastest? Over TCP on this machine, for every collective.

Each round measures all algorithms of a collective in one job, another one first, for each number of ranks. An algorithm's time
is the lowest of the rounds, because what else the machine does only adds. Where one rank gives or gets everything, a barrier
comes before each iteration: without it the others run ahead, and their time says little. For each number of ranks and size
it prints the algorithm chosen and its time, and, if another was faster, how much longer that is than which.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

TIMEOUT_S = 300
ENVIRONMENT = os.environ | {"TUTTI_TRANSPORT": "tcp"}
COLLECTIVES = "all_reduce,broadcast,reduce,all_gather,reduce_scatter,all_to_all,gather,scatter,barrier"
ROOTED = ("broadcast", "reduce", "gather", "scatter")
NEAR_P50, NEAR_P99 = 1.10, 1.15  # as good as the best
MIDDLE, LARGE = 64 << 10, 1 << 20


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where the programs are")
    parser.add_argument("--collectives", default=COLLECTIVES, help=f"({COLLECTIVES})")
    parser.add_argument("--ranks", default="2,3,4,8,16", help="numbers of ranks (2,3,4,8,16)")
    parser.add_argument("--bytes", default="64,1024,16384,262144,4194304", help="sizes")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (5)")
    parser.add_argument("--iterations", type=int, default=400,
                        help="of each measurement (400); from 64 KiB on a quarter, from 1 MiB on a twentieth")
    parser.add_argument("--save", type=pathlib.Path, help="all rounds' times, as JSON, into this file")
    return parser.parse_args()


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=TIMEOUT_S).stdout


def explain(arguments, collective, ranks, size):
    """The algorithm chosen on this host, and all that could be."""
    with tempfile.TemporaryDirectory() as folder:
        host = pathlib.Path(folder) / "host.json"
        host.write_text(json.dumps({"hosts": [ranks], "cores_per_host": len(os.sched_getaffinity(0))}))
        out = run(arguments.bin / "tutti-info", "--explain", collective, size, "-n", ranks, "--calibration", host,
                  "--json")
    explained = json.loads(out)["explain"]
    return explained["used"], sorted(candidate["algorithm"] for candidate in explained["candidates"])


def measure(arguments, algorithms, collective, ranks, size):
    """{algorithm: (p50, p99) in us}; an iteration counts with its slowest rank."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        iterations = max(arguments.iterations // (1 if size < MIDDLE else 4 if size < LARGE else 20), 10)
        run(arguments.bin / "tutti-bench", collective, "-a", ",".join(algorithms), "--ranks", ranks, "-b", size, "-e",
            size, "-n", iterations, "-w", max(iterations // 4, 10), "-c", 0, "--sync", int(collective in ROOTED),
            "--json", report)
        rows = json.loads(report.read_text())["results"]
    return {row["algorithm"]: tuple(row["out_of_place"]["iteration_ns"]["percentiles"][p] / 1000 for p in ("50", "99"))
            for row in rows}


def turned(names, by):
    """Another one comes first in each round: the first one finds connections that are not warm yet."""
    return names[by % len(names):] + names[:by % len(names)]


class Point:
    """One collective, number of ranks and size."""

    def __init__(self, used, rounds):
        self.used = used
        p50, p99 = ({name: min(times[name][i] for times in rounds) for name in rounds[0]} for i in (0, 1))
        self.time = p50[used]
        self.best = min(p50, key=p50.get)
        self.p50_ratio, self.p99_ratio = self.time / p50[self.best], p99[used] / min(p99.values())

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
    print(f"p50 in us and the algorithm chosen; where another was faster: how much longer than which. Lowest of "
          f"{arguments.rounds} rounds, over TCP on {os.cpu_count()} cores\n")
    print("| collective | ranks | " + " | ".join(f"{size} B" for size in sizes) + " |\n|---|---|" + "---|" * len(sizes))
    for collective in arguments.collectives.split(","):
        for ranks in counts:
            row = []
            for size in sizes if collective != "barrier" else sizes[:1]:
                used, names = explain(arguments, collective, ranks, size)
                rounds = [measure(arguments, turned(names, i), collective, ranks, size)
                          for i in range(arguments.rounds)]
                row.append(Point(used, rounds))
                saved.append({"collective": collective, "ranks": ranks, "bytes": size, "used": used, "us": rounds})
            points += row
            cells = [str(point) for point in row] + [""] * (len(sizes) - len(row))
            print(f"| {collective} | {ranks} | " + " | ".join(cells) + " |", flush=True)
    if arguments.save:
        arguments.save.write_text(json.dumps(saved))
    print(f"\nwithin {NEAR_P50 - 1:.0%} of the best at p50: {share(points, lambda p: p.p50_ratio <= NEAR_P50)}, within "
          f"{NEAR_P99 - 1:.0%} at p99: {share(points, lambda p: p.p99_ratio <= NEAR_P99)}")


if __name__ == "__main__":
    main()
