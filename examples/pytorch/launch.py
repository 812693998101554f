# SPDX-License-Identifier: Apache-2.0
"""Lets an example start its own ranks on this host, where torchrun has not done it."""

import os
import socket
import subprocess
import sys
import time


def launched() -> bool:
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run_ranks(ranks: int) -> int:
    """Runs this very command once for each rank; returns an exit code. When one rank fails the others are ended."""
    port = _free_port()
    processes = []
    for rank in range(ranks):
        place = {"RANK": rank, "WORLD_SIZE": ranks, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        # More threads than cores would measure the scheduler.
        environment = {"OMP_NUM_THREADS": "1", **os.environ, **{k: str(v) for k, v in place.items()}}
        processes.append(subprocess.Popen([sys.executable, *sys.argv], env=environment))
    try:
        while True:
            codes = [p.poll() for p in processes]
            failed = [c for c in codes if c]
            if failed:
                time.sleep(1)  # the others have their own sentence to say
                return failed[0]
            if all(c == 0 for c in codes):
                return 0
            time.sleep(0.05)
    finally:
        for p in processes:
            if p.poll() is None:
                p.kill()
