# SPDX-License-Identifier: Apache-2.0
"""Communication hooks for DistributedDataParallel: gradients travel in half precision.

    model = DistributedDataParallel(module)
    model.register_comm_hook(None, tutti_torch.hooks.bf16)

A hook starts one collective per bucket, and starts it in its own body, which DDP runs in the same order on all ranks.
(Collectives that are started in callbacks of futures may be started in different orders on different ranks.) All ranks
end with the same bits.
"""

import torch
import torch.distributed as dist

__all__ = ["bf16", "fp16"]


def _averaged_as(dtype: torch.dtype, group, bucket) -> torch.futures.Future[torch.Tensor]:
    gradients = bucket.buffer()
    if gradients.dtype == dtype:
        narrow = gradients
    else:
        narrow = gradients.to(dtype)
    options = dist.AllreduceOptions()
    options.reduceOp = dist.ReduceOp.AVG
    work = (group if group is not None else dist.group.WORLD).allreduce([narrow], options)

    def widen(future: torch.futures.Future) -> torch.Tensor:
        average = future.value()[0]
        if average.dtype == gradients.dtype:
            return average
        return gradients.copy_(average)  # in place: a copy less, and DDP keeps its bucket

    return work.get_future().then(widen)


def bf16(group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    """Averages a bucket's gradients as bfloat16: half the bytes of float32, the same range, 8 bits of precision.

    `group` is the state given to register_comm_hook: a process group, or None for the default one.
    """
    return _averaged_as(torch.bfloat16, group, bucket)


def fp16(group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    """Averages a bucket's gradients as float16: half the bytes of float32, 11 bits of precision. Values above 65504
    overflow, also while they are summed up: use bf16 where gradients may be large.
    """
    return _averaged_as(torch.float16, group, bucket)
