# SPDX-License-Identifier: Apache-2.0
"""Communication hooks for DistributedDataParallel: gradients travel in half precision, compressed by a codec, as products of
thin matrices, or out of memory that ranks share.

    model = DistributedDataParallel(module)
    model.register_comm_hook(None, tutti_torch.hooks.bf16)

A hook starts all of a bucket's collectives in its own body, which DDP runs in the same order on all ranks.
(Collectives that are started in callbacks of futures may be started in different orders on different ranks.) All ranks
end with the same bits.
"""

import torch
import torch.distributed as dist

from . import memory
from .codec_hook import AutoHook, CodecHook
from .powersgd_hook import PowerSgdHook

__all__ = ["auto", "bf16", "compress", "fp16", "powersgd", "shared_memory", "topk"]


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


def shared_memory(group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    """Averages a bucket's gradients in their own type, in memory that tutti allocates (tutti_torch.empty).

    DDP's buckets are moved there when they come here for the first time, and then stay: with gradient_as_bucket_view the
    gradients themselves are in it. Do not keep arrays of grad.numpy() across the first two steps, in which DDP makes its
    buckets.
    """
    memory.move_(bucket.buffer(), group)
    return _averaged_as(bucket.buffer().dtype, group, bucket)


def compress(codec: str = "int8", error_feedback: bool = True) -> CodecHook:
    """A hook that averages gradients by one of tutti's codecs, such as "int8:block=128", "topk:ratio=0.01" or "bf16".

        hook = tutti_torch.hooks.compress("int8")
        model.register_comm_hook(None, hook)
        ...
        torch.save({"model": model.state_dict(), "hook": hook.state_dict()}, f"checkpoint.{dist.get_rank()}")

    With error_feedback what a codec leaves out of a gradient is kept by its parameter, and added to the next step's. The
    hook's state_dict and load_state_dict are for checkpoints; each rank has a state of its own. Memory: the gradients'
    once more, and for the part of them that a rank adds up.

    Gradients of fewer than 2048 elements travel as they are, all those of a bucket together. Make a hook for each model, in
    the same order on all ranks. Gradients must be float32; lib/codec/README.md lists the codecs. For one that there is not
    the first backward fails.
    """
    return CodecHook("compress", codec + "+error_feedback" if error_feedback else codec)


def topk(ratio: float = 0.01, error_feedback: bool = True) -> CodecHook:
    """As compress: only the largest `ratio` of a parameter's gradients travel in a step, the others when they have grown.
    Without error_feedback they are lost.
    """
    if not 0 < ratio <= 1:
        raise ValueError("tutti: topk: ratio is %r; it must be more than 0, and 1 at most" % ratio)
    hook = compress("topk:ratio=%r" % ratio, error_feedback)
    hook.__name__ = hook.__qualname__ = "topk"
    return hook


def auto(max_error: float = 0.01) -> AutoHook:
    """A hook that leaves the codec to tutti: one whose error is at most that part of the largest value of a block (0: a
    lossless one), where it pays on the network that there is, and none where it does not.

    The first backward measures that, which takes some 30 all_reduces of up to 2 MiB; hook.explain() then says what was found.
    Hooks of one group must have the same max_error. Gradients other than float32 travel as they are. Nothing is kept from
    step to step.
    """
    if not 0 <= max_error <= 1:
        raise ValueError("tutti: auto: max_error is %r; it must be from 0 to 1" % max_error)
    return AutoHook(max_error)


def powersgd(rank: int = 4, error_feedback: bool = True, warm_start: bool = True, seed: int = 0) -> PowerSgdHook:
    """A hook that averages gradients of weights as products of two thin matrices (PowerSGD): of m x n numbers only
    rank * (m + n) travel.

    A gradient of more than two dimensions is a matrix with as many rows as its first dimension has. Vectors, and matrices
    that would not become smaller, travel as they are, all those of a bucket together. What is lost is kept by parameter,
    and added to the next step's gradient (error_feedback); a step begins with the factors of the one before (warm_start),
    the first one at random (`seed`, the same on all ranks). Memory: that of the gradients once more.

    The communication of a bucket is over when the hook returns, and so does not overlap with the backward pass; in return
    it is in the same order on all ranks. Make a hook for each model. Gradients must be float32. The hook's state_dict and
    load_state_dict are for checkpoints; each rank has a state of its own.
    """
    return PowerSgdHook(rank, error_feedback, warm_start, seed)
