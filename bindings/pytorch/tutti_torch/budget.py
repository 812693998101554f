# SPDX-License-Identifier: Apache-2.0
"""A soft limit for the time of operations: who exceeds it is named."""

import threading
import traceback
from typing import Callable, NamedTuple, Optional

import torch.distributed as dist

from . import _C, backend


class Overrun(NamedTuple):
    """An operation that ended well, but took longer than its budget."""

    sentence: str  # which operation, where its time went, and which rank on which host is to blame
    total_ns: int
    budget_ns: int
    culprit: int  # the rank of the group that came late; -1: this rank itself, or not known


def set_budget(
    seconds: Optional[float],
    group: Optional[dist.ProcessGroup] = None,
    callback: Optional[Callable[[Overrun], None]] = None,
) -> None:
    """From now on an operation of the group (None: the default one) that takes longer than `seconds` is reported.

    A line on standard error names the straggler, at most once a second; the operation itself succeeds. The callback, if
    there is one, is called for every such operation, soon after its end, in a thread of its own:

        tutti_torch.set_budget(0.05, callback=lambda overrun: logging.warning(overrun.sentence))

    It ends with the group, and with the next set_budget for it. None or 0: no budget. The variable TUTTI_BUDGET sets a
    budget for all groups from their beginning. Needs telemetry (TUTTI_TELEMETRY). Raises ValueError for less than a
    microsecond.
    """
    listener = _C.Overruns() if callback is not None else None
    _C.set_budget(backend.of(group), round((seconds or 0) * 1e9), listener)
    if listener is not None:
        threading.Thread(target=_tell, args=(listener, callback), name="tutti-overruns", daemon=True).start()


def _tell(listener, callback):
    while True:
        overrun = listener.take()
        if overrun is None:
            return
        try:
            callback(Overrun(*overrun))
        except Exception:  # a callback's error ends neither the thread nor the training
            traceback.print_exc()
