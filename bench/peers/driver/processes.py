# SPDX-License-Identifier: Apache-2.0
"""Processes with an end: they finish, or all of them are killed, by pid, after a bounded time."""

import os
import signal
import subprocess
import time

GRACE_S = 3


class Failure(Exception):
    """What happened instead of a good end, as a sentence."""


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants(pid):
    found = []
    for child in children_of(pid):
        found += [child, *descendants(child)]
    return found


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end(processes):
    """Ends processes and all that they have started; launchers first get the chance to clean up."""
    family = [pid for process in processes for pid in (process.pid, *descendants(process.pid))]
    send([process.pid for process in processes if process.poll() is None], signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    # Ranks die with their launcher (PR_SET_PDEATHSIG); what is left of the family is the launchers' helpers.
    left = [pid for pid in family if is_running(pid)]
    send(left, signal.SIGKILL)
    for process in processes:
        process.wait()
    deadline = time.monotonic() + GRACE_S
    while any(is_running(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.01)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def run_all(commands, environment, log_path, limit_s):
    """Runs the commands side by side; their output goes to the log. Raises Failure if one fails or time is up."""
    processes = []
    try:
        with open(log_path, "wb") as log:
            for command in commands:
                streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
                processes.append(subprocess.Popen(command, env=environment, start_new_session=True, **streams))
        deadline = time.monotonic() + limit_s
        while True:
            states = [process.poll() for process in processes]
            bad = [state for state in states if state not in (None, 0)]
            if bad:
                raise Failure(f"ended with {describe(bad[0])}")
            if None not in states:
                return
            if time.monotonic() > deadline:
                raise Failure(f"killed after {limit_s:.0f} s")
            time.sleep(0.02)
    except OSError as error:
        raise Failure(str(error)) from error
    finally:
        end(processes)


def describe(status):
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
