# SPDX-License-Identifier: Apache-2.0
"""The race's command line."""

import argparse
import os

from . import peers

# 4 B to 64 MiB in powers of 4, and two sizes that one always asks for.
SIZES = sorted([4**power for power in range(1, 14)] + [8, 8 << 10])
USUAL = {"ranks": [2, 4, 8], "sizes": SIZES, "rounds": 3, "budget_ms": 700}
QUICK = {"ranks": [2], "sizes": [8, 8 << 10, 1 << 20], "rounds": 1, "budget_ms": 200}


def numbers(text):
    return [int(word) for word in text.split(",")]


def size(text):
    text = text.strip().upper()
    unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
    return int(text[:-1] if unit > 1 else text) * unit


def sizes(text):
    return sorted({size(word) for word in text.split(",")})


def words(text):
    return text.split(",")


def parser():
    result = argparse.ArgumentParser(
        prog="./dev bench peers",
        description="Races tutti against other libraries: same loop, same machine, interleaved.",
    )
    add = result.add_argument
    add("--ranks", type=numbers, metavar="N,..", help="numbers of ranks (2,4,8)")
    add("--mode", type=words, default=list(peers.MODES), metavar="MODE,..", help="shm, tcp, or both (both)")
    add("--sizes", type=sizes, metavar="BYTES,..", help="like 4,8K,1M (4 B to 64 MiB in powers of 4, 8 B, 8 KiB)")
    add("--peers", type=words, metavar="NAME,..", help="only peers whose name is, or begins with, one of these")
    add("--rounds", type=int, metavar="N", help="how often all peers run, in turn (3)")
    add("--budget-ms", type=int, metavar="N", help="time for the iterations of one size in one run (700)")
    add("--max-iterations", type=int, default=20000, metavar="N", help="of one size in one run (20000)")
    add("--quick", action="store_true",
        help="a look: where not said otherwise, 2 ranks, 8 B, 8 KiB and 1 MiB, one round, 200 ms a size")
    add("--no-limits", action="store_true", help="do not measure the machine's own limits")
    add("--list", action="store_true", help="only list the peers and their settings")
    add("--output", metavar="FOLDER", help="for race.json, race.md, race.png, race.svg (build/peers/TIME)")
    add("--report", nargs="+", metavar="RACE.json", help="run nothing: join these saved races and report them together")
    add("--lock", action="append", default=[], metavar="FILE",
        help="hold an flock of this file during each batch (all peers once in one mode at one number of ranks)")
    add("--bin", required=True, metavar="FOLDER", help=argparse.SUPPRESS)
    return result


def parse(arguments):
    result = parser().parse_args(arguments)
    for name, value in (QUICK if result.quick else USUAL).items():
        if getattr(result, name) is None:
            setattr(result, name, value)
    unknown = set(result.mode) - set(peers.MODES)
    if unknown:
        parser().error(f"there is no mode {', '.join(sorted(unknown))}")
    if min(result.ranks) < 2:
        parser().error("a race needs at least 2 ranks")
    if any(size_bytes < 4 or size_bytes % 4 for size_bytes in result.sizes):
        parser().error("sizes are multiples of 4 bytes, a float32")
    result.bin_folder = result.bin
    result.cores = sorted(os.sched_getaffinity(0))
    return result


def chosen(mode, wanted):
    """The peers of a mode that --peers asks for."""
    everyone = peers.PEERS[mode]
    if not wanted:
        return list(everyone)
    return [peer for peer in everyone if any(peer.name == word or peer.name.startswith(word + "-") for word in wanted)]
