# SPDX-License-Identifier: Apache-2.0
"""Times as they count in synchronous work: those of the slowest rank, and their spread."""

import math

import torch
import torch.distributed as dist


def of_slowest_rank(seconds, group) -> torch.Tensor:
    """Each iteration's time on the rank where it took longest, sorted."""
    slowest = torch.tensor(seconds, dtype=torch.float64)
    dist.all_reduce(slowest, dist.ReduceOp.MAX, group=group)
    return slowest.sort().values


def percentile(times: torch.Tensor, p: float) -> float:
    """The smallest time that at least p percent of the sorted times do not exceed."""
    return times[max(0, math.ceil(len(times) * p / 100) - 1)].item()
