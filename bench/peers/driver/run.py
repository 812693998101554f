# SPDX-License-Identifier: Apache-2.0
"""One run: one peer, one mode, one number of ranks, all sizes. Always returns a record; leaves nothing behind."""

import json
import os
import shutil
import tempfile

from . import launch, processes

# What the libraries leave in /dev/shm when they are killed.
SHM_FOLDER = "/dev/shm"
SHM_NAMES = ("vader_segment", "sm_segment", "osc_", "mpich", "MPICH", "ucx_shm", "pmix", "PMIX", "tutti")


def shm_files():
    try:
        return {name for name in os.listdir(SHM_FOLDER) if name.startswith(SHM_NAMES)}
    except OSError:
        return set()


def remove_new_shm_files(before):
    removed = sorted(shm_files() - before)
    for name in removed:
        path = os.path.join(SHM_FOLDER, name)
        shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)
    return removed


def limit_s(settings):
    """Generous: starting takes seconds, and a size may need its least iterations, however slow they are."""
    return 30 + 4 * len(settings.sizes) * settings.budget_ms / 1000


def arguments(settings, sizes, region, output):
    return [
        *("--region", region),
        *("--output", output),
        *("--cores", ",".join(map(str, settings.cores))),
        *("--sizes", ",".join(map(str, sizes))),
        *("--budget-ms", str(settings.budget_ms)),
        *("--max-iterations", str(settings.max_iterations)),
        *("--limit-s", str(int(limit_s(settings)) + 10)),
    ]


def last_lines(path, count=4):
    try:
        with open(path, errors="replace") as file:
            lines = [line.strip() for line in file if line.strip(" -\n")]
    except OSError:
        return ""
    return " | ".join(lines[-count:])[-400:]


def read_rows(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.endswith("}\n")]


def run(peer, mode, ranks, settings):
    """settings: bin_folder, cores, sizes, budget_ms, max_iterations."""
    sizes = [size for size in settings.sizes if size <= peer.max_bytes]
    record = {"peer": peer.name, "library": peer.library, "mode": mode, "ranks": ranks, "failure": None}
    shm_before = shm_files()
    folder = tempfile.mkdtemp(prefix="tutti-peers-")
    region = os.memfd_create("tutti-peers")  # anonymous: gone with the last process that has it
    try:
        output, log = os.path.join(folder, "rows"), os.path.join(folder, "log")
        words = arguments(settings, sizes, f"/proc/{os.getpid()}/fd/{region}", output)
        commands = launch.commands(peer, ranks, settings.bin_folder, folder, words)
        try:
            processes.run_all(commands, launch.environment(peer, folder), log, limit_s(settings))
        except processes.Failure as failure:
            record["failure"] = f"{failure}: {last_lines(log)}"
        record["rows"] = read_rows(output)
    finally:
        os.close(region)
        shutil.rmtree(folder, ignore_errors=True)
        record["left_in_shm"] = remove_new_shm_files(shm_before)
    return record


def version(peer, bin_folder):
    """What the library calls itself, or raises processes.Failure: it does not start with these settings."""
    folder = tempfile.mkdtemp(prefix="tutti-peers-")
    try:
        log = os.path.join(folder, "log")
        commands = launch.commands(peer, 1, bin_folder, folder, ["--limit-s", "30"])
        try:
            processes.run_all(commands, launch.environment(peer, folder), log, 30)
        except processes.Failure as failure:
            raise processes.Failure(f"{failure}: {last_lines(log)}") from None
        return last_lines(log, 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
