#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares tutti over RDMA with the device itself, on this machine; README.md says what the ratios mean.

Runs perftest and tutti-bench in turn, several rounds, and prints the medians and their ratios. Two processes each, on one
device. It knows nothing of guests: ./dev bench rdma runs it in one.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

SMALL_BYTES = 64
LARGE_BYTES = 1 << 20
TIMEOUT_S = 120
ATTEMPTS = 10


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where tutti-bench is")
    parser.add_argument("--device", default="rxe0", help="RDMA device (rxe0)")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (5)")
    parser.add_argument("--iterations", type=int, default=300, help="of small operations in a round (300)")
    return parser.parse_args()


def gid_index(bin_folder, device):
    """The index of the address that tutti uses, so that both sides send the same packets."""
    out = subprocess.run([bin_folder / "tutti-info", "--devices", "--json"], check=True, capture_output=True, text=True,
                         env=os.environ | {"TUTTI_VERBS_DEVICES": device}, timeout=TIMEOUT_S).stdout
    for port in json.loads(out)["devices"]["ports"]:
        for gid in port["gids"]:
            if port["verdict"] == "chosen" and gid["used"]:
                return gid["index"]
    sys.exit(f"ratio.py: {device} is not usable; see tutti-info --devices")


def perftest(program, device, gid, size, iterations, *options):
    """Runs both ends of one of perftest's programs; returns the numbers of its result line.

    On a busy host perftest cannot find out how fast the processor's counter runs, and says "inf": then it is run again."""
    for _ in range(ATTEMPTS):
        out = perftest_once(program, device, gid, size, iterations, *options)
        for line in out.splitlines():
            words = line.split()
            if words and words[0] == str(size) and all(re.fullmatch(r"[0-9.]+", word) for word in words):
                return [float(word) for word in words]
    sys.exit(f"ratio.py: {program} failed {ATTEMPTS} times:\n{out}")


def perftest_once(program, device, gid, size, iterations, *options):
    command = [program, "-d", device, "-x", str(gid), "-s", str(size), "-n", str(iterations), "-F", *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(20):  # until the server listens
            time.sleep(0.5)
            client = subprocess.run([*command, "127.0.0.1"], capture_output=True, text=True, timeout=TIMEOUT_S)
            if client.returncode == 0 or server.poll() is not None:
                break
        server.wait(timeout=TIMEOUT_S)
    finally:
        server.kill()
        server.wait()
    return client.stdout + client.stderr


def all_reduce_p50_us(bin_folder, device, size, iterations):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        environment = os.environ | {"TUTTI_TRANSPORT": "verbs", "TUTTI_VERBS_DEVICES": device,
                                    "TUTTI_WAIT": "spin"}  # as perftest does
        run = subprocess.run([bin_folder / "tutti-bench", "all_reduce", "--ranks", "2", "-b", str(size), "-e", str(size),
                              "-n", str(iterations), "-w", "5", "-c", "1", "--json", report],
                             capture_output=True, text=True, env=environment, timeout=TIMEOUT_S)
        if run.returncode != 0:
            sys.exit(f"ratio.py: tutti-bench failed:\n{run.stdout}{run.stderr}")
        return p50_us(json.loads(report.read_text()))


def p50_us(report):
    row = report["results"][0]
    return row["out_of_place"]["iteration_ns"]["percentiles"]["50"] / 1000


def main():
    arguments = parse_arguments()
    gid = gid_index(arguments.bin, arguments.device)
    large_iterations = max(10, arguments.iterations // 10)
    figures = {"write": [], "exchange": [], "reduce_small": [], "bandwidth": [], "reduce_large": []}
    for _ in range(arguments.rounds):
        # size, iterations, t_min, t_max, t_typical, ...
        figures["write"].append(
            perftest("ib_write_lat", arguments.device, gid, SMALL_BYTES, arguments.iterations)[4])
        # ..., million messages per second of both directions together: one at a time, each until it is acknowledged
        figures["exchange"].append(
            2 / perftest("ib_write_bw", arguments.device, gid, SMALL_BYTES, arguments.iterations, "-b", "-t", "1")[4])
        figures["reduce_small"].append(
            all_reduce_p50_us(arguments.bin, arguments.device, SMALL_BYTES, arguments.iterations))
        # size, iterations, peak, average (MiB/s of both directions together), ...
        figures["bandwidth"].append(
            perftest("ib_write_bw", arguments.device, gid, LARGE_BYTES, large_iterations, "-b")[3] / 2)
        figures["reduce_large"].append(
            LARGE_BYTES / 2**20 / all_reduce_p50_us(arguments.bin, arguments.device, LARGE_BYTES, large_iterations) * 1e6)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    ratios = [[reduced / alone for alone, reduced in zip(figures[one], figures[other])]
              for one, other in (("write", "reduce_small"), ("exchange", "reduce_small"), ("write", "exchange"),
                                 ("bandwidth", "reduce_large"))]

    print(f"{arguments.rounds} rounds on {arguments.device}, medians; ratios: median (smallest .. largest of a round)")
    print(f"  64 B:  ib_write_lat {medians['write']:.1f} us, all_reduce {medians['reduce_small']:.1f} us: "
          f"{describe(ratios[0])} one-way writes")
    print(f"         a write each way at once, until acknowledged, {medians['exchange']:.1f} us: {describe(ratios[2])} one-way "
          f"writes; all_reduce takes {describe(ratios[1])} of these")
    print(f"  1 MiB: ib_write_bw -b {medians['bandwidth']:.1f} MiB/s each way, all_reduce "
          f"{medians['reduce_large']:.1f} MiB/s: {describe(ratios[3])} of the bandwidth")


def describe(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f})"


if __name__ == "__main__":
    main()
