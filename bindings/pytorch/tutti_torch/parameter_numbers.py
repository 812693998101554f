# SPDX-License-Identifier: Apache-2.0
"""Numbers for a model's parameters: the same on all ranks, and in a process that goes on from a checkpoint."""

from typing import Dict, List, Tuple

import torch


class ParameterNumbers:
    """Counts parameters in the order in which they first come to a hook.

    DDP makes its first buckets from the list of the model's parameters, so that the order depends on nothing else; later
    buckets hold the same parameters in another order.
    """

    def __init__(self):
        self._numbers: Dict[torch.Tensor, int] = {}  # by identity; holding them keeps their ids from being used again

    def of(self, parameters: List[torch.Tensor]) -> Tuple[int, ...]:
        return tuple(self._numbers.setdefault(p, len(self._numbers)) for p in parameters)
