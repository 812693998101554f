# SPDX-License-Identifier: Apache-2.0
"""From a process group, as torch's functions take it, to what the extension takes."""

from typing import Optional

import torch
import torch.distributed as dist


def of(group: Optional[dist.ProcessGroup] = None):
    """The group's backend; None stands for the default group."""
    group = group if group is not None else dist.distributed_c10d._get_default_group()
    if hasattr(group, "_get_backend"):  # torch 2: a group holds a backend for each kind of device
        group = group._get_backend(torch.device("cpu"))
    return group
