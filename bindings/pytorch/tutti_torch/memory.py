# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory that tutti allocates.

The ranks of a host read such memory where it lies, where they would have to ask the kernel for a copy of other memory; a
device for RDMA knows it from its beginning, and need not be told in every operation. It pays for large tensors that live
long: gradient buckets, flat parameters, buffers that are used again and again. It is not part of malloc's memory: each
tensor has pages of its own.

A process that is forked from this one has the same memory, not a copy: what the child writes, its parent reads.
"""

from typing import Optional

import torch
import torch.distributed as dist

from . import _C, backend


def empty(*size, dtype: Optional[torch.dtype] = None, group: Optional[dist.ProcessGroup] = None) -> torch.Tensor:
    """A contiguous tensor in memory that tutti allocates for a group (None: the default one). It holds zeros.

    The sizes are given as for torch.empty; dtype None stands for torch's default. The memory is freed with the last
    tensor that uses it, which may be after destroy_process_group. Groups other than `group` can use the tensor as any
    other. It cannot be resized. Raises RuntimeError if there is not so much memory.
    """
    sizes = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    return _C.empty(backend.of(group), [int(s) for s in sizes], torch.empty(0, dtype=dtype))


def move_(tensor: torch.Tensor, group: Optional[dist.ProcessGroup] = None) -> torch.Tensor:
    """Moves a tensor's storage, and so all tensors that are views of it, to such memory; returns the tensor.

    Does nothing if it is there already. The old memory is freed: no operation may be using the tensor, and nobody may
    hold its address (an array of tensor.numpy() does). Raises ValueError for storages that torch does not own alone:
    tensors made from numpy arrays, mapped files, and tensors shared between processes.
    """
    _C.move(backend.of(group), tensor)
    return tensor


def is_shared(tensor: torch.Tensor) -> bool:
    """Whether the tensor is in memory that tutti has allocated."""
    return _C.is_shared(tensor)
