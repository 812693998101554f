# SPDX-License-Identifier: Apache-2.0
"""What the time of a group's operations was spent on."""

from typing import List, NamedTuple, Optional

import torch.distributed as dist

from . import _C, backend


class Timing(NamedTuple):
    """What one operation's time was spent on, on this rank. total_ns is the sum of the five parts."""

    name: str  # "all_reduce"; an operation of several parts has an entry for each
    total_ns: int
    queued_ns: int  # behind other operations of this rank
    waited_ns: int  # for a rank that came later than this one
    moved_ns: int  # moving bytes
    reduced_ns: int  # in reductions
    coded_ns: int  # in a codec
    last_rank: int  # of the group: who came last; it may be this one. -1: not known
    last_by_ns: int  # by how much: after this rank; if it was this rank, after the last of the others
    begun_ns: int  # when it was started, since 1970, by this host's clock


def timing(group: Optional[dist.ProcessGroup] = None) -> List[Timing]:
    """The operations of a group (None: the default one) that have ended since the last call, in order of their ends.

    Call it once per training step: with DistributedDataParallel the entries named "all_reduce" are the step's buckets.
    At most the latest 4096 are kept. Empty where telemetry is off (TUTTI_TELEMETRY).
    """
    return [Timing(*entry) for entry in _C.take_timings(backend.of(group))]
