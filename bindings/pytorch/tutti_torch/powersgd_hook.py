# SPDX-License-Identifier: Apache-2.0
"""The hook behind tutti_torch.hooks.powersgd: matrices go as products of two thin ones."""

from typing import Dict

import torch
import torch.distributed as dist

from . import _C, backend
from .parameter_numbers import ParameterNumbers

_VERSION = 1


class PowerSgdHook:
    """Callable as DDP wants it. One for each model; used by the thread that runs backward.

    A bucket's communication takes place in the hook's body: DDP calls it in the same order on all ranks, and tutti's
    PowerSGD takes two all_reduces, the second of which depends on what the first has brought.
    """

    def __init__(self, rank: int, error_feedback: bool, warm_start: bool, seed: int):
        if rank < 1:
            raise ValueError("tutti: powersgd: rank is %d; it must be 1 or more" % rank)
        self.__name__ = self.__qualname__ = "powersgd"  # DDP asks for them
        self._options = {
            "rank": rank,
            "error_feedback": error_feedback,
            "warm_start": warm_start,
            "seed": seed,
        }
        self._parameters = ParameterNumbers()
        self._matrices: Dict[int, _C.LowRankMatrix] = {}  # by parameter
        self._loaded: Dict[int, torch.Tensor] = {}  # of matrices that have not come yet

    def __call__(self, group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        if bucket.buffer().dtype != torch.float32:
            raise ValueError("tutti: powersgd: gradients are %s, but must be float32" % bucket.buffer().dtype)
        gradients = [g.detach() for g in bucket.gradients()]
        numbers = self._parameters.of(bucket.parameters())
        thin = [i for i, g in enumerate(gradients) if self._is_worth_it(g)]
        others = [g for i, g in enumerate(gradients) if i not in thin]
        self._average_as_they_are(group, others)
        matrices = [self._matrix_of(numbers[i], gradients[i]) for i in thin]
        _C.average_by_low_rank(backend.of(group), matrices, [gradients[i] for i in thin])
        future = torch.futures.Future()
        future.set_result(bucket.buffer())
        return future

    def _is_worth_it(self, gradient) -> bool:
        """Whether the thin matrices have fewer elements."""
        if gradient.dim() < 2 or gradient.numel() == 0:
            return False
        rows = gradient.shape[0]
        cols = gradient.numel() // rows
        return self._options["rank"] * (rows + cols) < rows * cols

    @staticmethod
    def _average_as_they_are(group, gradients):
        """Vectors and small matrices, together."""
        if not gradients:
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        options = dist.AllreduceOptions()
        options.reduceOp = dist.ReduceOp.AVG
        (group if group is not None else dist.group.WORLD).allreduce([flat], options).wait()
        for gradient, average in zip(gradients, flat.split([g.numel() for g in gradients])):
            gradient.copy_(average.view(gradient.shape))

    def _matrix_of(self, number, gradient):
        if number not in self._matrices:
            rows = gradient.shape[0]
            matrix = _C.LowRankMatrix(rows, gradient.numel() // rows, **self._options)
            if number in self._loaded:
                matrix.restore(self._loaded.pop(number))
            self._matrices[number] = matrix
        return self._matrices[number]

    def state_dict(self) -> dict:
        """What is remembered of each matrix on this rank, for a checkpoint: numbers, and tensors of bytes. Each rank saves its
        own. Between steps."""
        matrices = {number: matrix.save() for number, matrix in self._matrices.items()}
        return {"version": _VERSION, "options": dict(self._options), "matrices": {**self._loaded, **matrices}}

    def load_state_dict(self, state: dict) -> None:
        """Goes on from what state_dict gave, with the next step. The model and the hook's arguments must be the same, and
        each rank loads what it has saved itself. Raises ValueError for a state that is not this hook's, here or, where only
        the matrices show it, in the next backward.
        """
        for key, own in (("version", _VERSION), ("options", self._options)):
            if state.get(key) != own:
                raise ValueError(
                    "tutti: load_state_dict: the state's %s is %r, but this hook's is %r" % (key, state.get(key), own)
                )
        self._matrices.clear()
        self._loaded = dict(state["matrices"])
