# SPDX-License-Identifier: Apache-2.0
"""tutti as a backend of torch.distributed.

    import torch.distributed as dist
    import tutti_torch

    dist.init_process_group("tutti")

Importing this module registers the backend. Everything else is torch.distributed as it is for CPU tensors: collectives,
DistributedDataParallel, new_group. A rank that dies, stops or calls something else is named in the exceptions of all
others.
"""

import atexit
from typing import List, NamedTuple, Optional

import torch  # noqa: F401  the extension needs its libraries to be loaded
import torch.distributed as dist

from . import _C, hooks

__all__ = ["Timing", "hooks", "library_version", "timing"]


def library_version() -> str:
    """The version of libtutti, e.g. "0.1.0"."""
    return _C.version()


class Timing(NamedTuple):
    """What one operation's time was spent on, on this rank. total_ns is the sum of the four parts."""

    name: str  # "all_reduce"; an operation of several parts has an entry for each
    total_ns: int
    queued_ns: int  # behind other operations of this rank
    waited_ns: int  # for a rank that came later than this one
    moved_ns: int  # moving bytes
    reduced_ns: int  # in reductions
    last_rank: int  # of the group: who came last; it may be this one. -1: not known
    last_by_ns: int  # by how much: after this rank; if it was this rank, after the last of the others


def timing(group: Optional[dist.ProcessGroup] = None) -> List[Timing]:
    """The operations of a group (None: the default one) that have ended since the last call, in order of their ends.

    Call it once per training step: with DistributedDataParallel the entries named "all_reduce" are the step's buckets.
    At most the latest 4096 are kept. Empty where telemetry is off (TUTTI_TELEMETRY).
    """
    group = group if group is not None else dist.distributed_c10d._get_default_group()
    if hasattr(group, "_get_backend"):  # torch 2: a group holds a backend for each kind of device
        group = group._get_backend(torch.device("cpu"))
    return [Timing(*entry) for entry in _C.take_timings(group)]


def _create(options, backend_options):
    if backend_options is not None:
        raise ValueError(
            "tutti: pg_options is not None, but the backend has none: its settings are the TUTTI_* variables."
        )
    return _C.create(options.store, options.group_rank, options.group_size, options.timeout)


def _register() -> None:
    arguments = {"extended_api": True}
    if int(torch.__version__.split(".")[0]) >= 2:
        arguments["devices"] = ["cpu"]
    dist.Backend.register_backend("tutti", _create, **arguments)


_register()
# An interpreter that ends without destroy_process_group leaves its groups in good order all the same.
atexit.register(_C.close_all)
