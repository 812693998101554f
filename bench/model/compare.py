#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what tutti-sim predicts with what tutti-bench measures, over TCP on this machine; bench/README.md has a table.

Each round calibrates with two ranks, predicts all points from that, and measures them at once: a machine may be another one
some minutes later. Printed are the medians of the rounds, and of each point's error in its round.
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


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where the programs are")
    parser.add_argument("--collective", default="all_reduce", help="(all_reduce)")
    parser.add_argument("--ranks", default="2,3,4,8,16", help="numbers of ranks (2,3,4,8,16)")
    parser.add_argument("--bytes", default="8,1024,16384,65536,1048576,4194304", help="sizes")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is done (5)")
    parser.add_argument("--iterations", type=int, default=200, help="of each measurement (200)")
    return parser.parse_args()


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=TIMEOUT_S).stdout


def predict(arguments, folder, ranks, sizes):
    """p50 in us by size, all ranks on one host with its cores."""
    topology = folder / "topology.json"
    topology.write_text(json.dumps({"hosts": [ranks]}))
    out = run(arguments.bin / "tutti-sim", arguments.collective, "--ranks", ranks, "--bytes", ",".join(map(str, sizes)),
              "--topology", topology, "--calibration", folder / "costs.json", "--json")
    return {point["bytes"]: point["p50_ps"] / 1e6 for point in json.loads(out)["points"]}


def measure(arguments, folder, ranks, sizes):
    """p50 in us by size; each iteration counts with its slowest rank; they follow each other."""
    measured = {}
    for size in sizes:
        report = folder / "report.json"
        run(arguments.bin / "tutti-bench", arguments.collective, "--ranks", ranks, "-b", size, "-e", size, "-n",
            arguments.iterations, "-c", 0, "--json", report)
        row = json.loads(report.read_text())["results"][0]
        measured[size] = row["out_of_place"]["iteration_ns"]["percentiles"]["50"] / 1000
    return measured


def main():
    arguments = parse_arguments()
    counts = [int(text) for text in arguments.ranks.split(",")]
    sizes = [int(text) for text in arguments.bytes.split(",")]
    predicted = {(n, size): [] for n in counts for size in sizes}
    measured = {point: [] for point in predicted}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for _ in range(arguments.rounds):
            run(arguments.bin / "tutti-run", "-n", 2, "--", arguments.bin / "tutti-info", "--calibrate",
                folder / "costs.json")
            for ranks in counts:
                for results, by_size in ((predicted, predict(arguments, folder, ranks, sizes)),
                                         (measured, measure(arguments, folder, ranks, sizes))):
                    for size, time_us in by_size.items():
                        results[ranks, size].append(time_us)
    print(f"{arguments.collective}, p50 in us, medians of {arguments.rounds} rounds, over TCP on {os.cpu_count()} cores")
    print("| ranks | bytes | predicted | measured | error |\n|---|---|---|---|---|")
    errors = []
    for (ranks, size), times in predicted.items():
        found = measured[ranks, size]
        errors.append(statistics.median(here / there for here, there in zip(times, found)) - 1)
        print(f"| {ranks} | {size} | {statistics.median(times):.0f} | {statistics.median(found):.0f} | "
              f"{100 * errors[-1]:+.0f} % |")
    sizes_of_errors = sorted(abs(error) for error in errors)
    print(f"\nsize of the error: median {100 * statistics.median(sizes_of_errors):.0f} %, "
          f"largest {100 * sizes_of_errors[-1]:.0f} %")


if __name__ == "__main__":
    main()
