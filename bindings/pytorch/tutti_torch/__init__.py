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

import torch  # noqa: F401  the extension needs its libraries to be loaded
import torch.distributed as dist

from . import _C, hooks
from .budget import Overrun, set_budget
from .memory import empty, is_shared, move_
from .timings import Timing, timing
from .trace import profile

__all__ = [
    "Overrun",
    "Timing",
    "empty",
    "hooks",
    "is_shared",
    "library_version",
    "move_",
    "profile",
    "set_budget",
    "timing",
]


def library_version() -> str:
    """The version of libtutti, e.g. "0.1.0"."""
    return _C.version()


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
