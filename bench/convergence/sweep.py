#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does training still converge when gradients are compressed? Trains the digits example once for each way of compression
and seed, and prints a table: test accuracy, the difference to uncompressed training with the same seeds, the bytes that
stand for one gradient, those that a rank sends in a step, and the steps until 95 % of the test images are right."""

import argparse
import concurrent.futures
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GRADIENT_BYTES = 14440  # of the example's network: 3610 values
CODECS = ["lossless", "bf16", "f16", "int8", "int8:rounding=stochastic", "int4", "fp8_e4m3", "fp8_e5m2", "sign",
          "topk:ratio=0.01", "threshold:value=0.1"]
# Momentum before compression instead of in the optimizer. Masking is for sparse codecs.
WITH_MOMENTUM = ["sign+momentum:masking=off", "topk:ratio=0.01+momentum"]
# The same step as with a momentum of 0.9, which adds up to ten times the rate, but no delay beside that of the codec.
PLAIN_SGD = ["--momentum", "0", "--learning-rate", "1"]


def ways_of_compression():
    """Name and arguments of each; the first is uncompressed."""
    yield "none", []
    plain = [(codec, ["--codec", codec]) for codec in CODECS]
    plain += [(f"powersgd, rank {rank}", ["--powersgd", str(rank)]) for rank in (1, 2, 4)]
    for name, arguments in plain:
        yield name, arguments
        yield f"{name} + error feedback", [*arguments, "--error-feedback"]
    for codec in WITH_MOMENTUM:
        yield f"{codec}, none in the optimizer", ["--codec", codec, "--momentum", "0"]
    yield "sign + error feedback that fades", ["--codec", "sign+error_feedback:keep=0.8"]
    yield "none, SGD without momentum", PLAIN_SGD
    yield "sign + error feedback, SGD without momentum", ["--codec", "sign", "--error-feedback", *PLAIN_SGD]


def encoded_bytes(options, codec):
    """What the codec makes of a vector as long as a gradient."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        size = str(GRADIENT_BYTES)
        command = [options.bin / "tutti-bench", "codec", codec, "-b", size, "-e", size, "-n", "1", "--json", report]
        subprocess.run(command, check=True, capture_output=True, timeout=options.timeout)
        return json.loads(report.read_text())["results"][0]["encoded_bytes"]


def bytes_of_a_gradient(options, arguments, output):
    """An integer, or "varies" where it depends on the gradient."""
    if arguments and arguments[0] == "--codec":
        return "varies" if arguments[1].startswith("threshold") else encoded_bytes(options, arguments[1])
    return int(re.search(r"gradients travel as (?:factors of )?(\d+) bytes", output)[1])


def bytes_of_a_step(options, size, output):
    """What one rank sends: counted for codecs, else the least that an all_reduce of `size` bytes can do."""
    counted = re.search(r"rank 0 sent (\d+) bytes of codes in each step", output)
    return int(counted[1]) if counted else size * 2 * (options.ranks - 1) // options.ranks


def train(options, arguments, seed):
    """One training. Returns (its output, test accuracy in percent, steps to 95 % or None)."""
    command = [options.bin / "tutti-run", "-n", str(options.ranks), "--", options.bin / "04_train_digits"]
    command += ["--seed", str(seed), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
    accuracies = re.findall(r"test accuracy ([\d.]+) %", run.stdout)
    # Less than 95 % is a result here; ranks that differ are not.
    if not accuracies or "the same on all ranks" not in run.stdout:
        sys.exit(f"{' '.join(map(str, command))} ended with status {run.returncode}:\n{run.stdout}{run.stderr}")
    steps = re.search(r"right after (\d+) steps", run.stdout)
    return run.stdout, float(accuracies[-1]), int(steps[1]) if steps else None


def row(options, name, size, runs, uncompressed):
    _, accuracies, steps = zip(*runs)
    differences = [accuracy - other[1] for accuracy, other in zip(accuracies, uncompressed)]
    reached = sorted(s for s in steps if s is not None)
    middle = statistics.median(reached) if len(reached) == len(steps) else f"{len(reached)} of {len(steps)} runs"
    sent = bytes_of_a_step(options, size, runs[0][0])
    return (f"| {name} | {size} | {sent} | {statistics.mean(accuracies):.2f} "
            f"({min(accuracies):.2f} .. {max(accuracies):.2f}) | {statistics.mean(differences):+.2f} | {middle} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="where tutti-run, tutti-bench and 04_train_digits are")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each way")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    parser.add_argument("--only", help="ways whose name has a match of this regular expression, beside none")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one training")
    options = parser.parse_args()
    options.bin = options.bin.resolve()

    print(f"{options.ranks} ranks, {options.seeds} seeds; accuracy: mean (least .. most), in percent of test images\n")
    print("| compression | bytes of a gradient | sent in a step | test accuracy | difference | steps to 95 % (median) |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    chosen = [way for way in ways_of_compression()
              if way[0] == "none" or not options.only or re.search(options.only, way[0])]
    uncompressed = None
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        trainings = [[pool.submit(train, options, arguments, seed) for seed in range(1, options.seeds + 1)]
                     for _, arguments in chosen]
        for (name, arguments), futures in zip(chosen, trainings):
            runs = [future.result() for future in futures]
            uncompressed = uncompressed or runs
            size = bytes_of_a_gradient(options, arguments, runs[0][0])
            print(row(options, name, size, runs, uncompressed), flush=True)


if __name__ == "__main__":
    main()
