# SPDX-License-Identifier: Apache-2.0
"""Taking turns on a machine that others measure on, too: holds advisory locks (flock) while a batch of runs is on."""

import contextlib
import fcntl
import os


@contextlib.contextmanager
def taken(paths):
    """Holds an exclusive lock on each of these files, taken in this order."""
    with contextlib.ExitStack() as stack:
        for path in paths:
            file = stack.enter_context(open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
