# SPDX-License-Identifier: Apache-2.0
"""The hooks behind tutti_torch.hooks.compress, topk and auto."""

from typing import Optional

import torch
import torch.distributed as dist

from . import _C, backend
from .parameter_numbers import ParameterNumbers

# Gradients of fewer elements gain nothing by a codec.
_LEAST_ELEMENTS = 2048

_VERSION = 1

_hooks = 0  # how many were made


def _future_of(work, bucket) -> torch.futures.Future[torch.Tensor]:
    buffer = bucket.buffer()

    def deliver(future: torch.futures.Future) -> torch.Tensor:
        future.value()  # throws what went wrong
        return buffer

    return work.get_future().then(deliver)


class CodecHook:
    """Callable as DDP wants it. One for each model; used by the thread that runs backward.

    A bucket's collectives, one for each large gradient in it and one for the others together, are all started at once in the
    hook's body. So what a codec leaves out is kept by parameter: it stays where it belongs when DDP makes new buckets, and
    in another process.
    """

    def __init__(self, name: str, codec: str):
        global _hooks
        self.__name__ = self.__qualname__ = name  # DDP asks for them
        self._codec = codec
        self._number = _hooks  # as long as all ranks make their hooks in the same order, it is the same on all
        _hooks += 1
        self._parameters = ParameterNumbers()
        self._group = None
        self._loaded: Optional[dict] = None

    def __call__(self, group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        self._group = backend.of(group)
        if self._loaded is not None:
            self._check_place(self._loaded)
            _C.restore_codec_states(self._group, self._loaded["states"])
            self._loaded = None
        coded, keys, plain = [], [], []
        for gradient, number in zip(bucket.gradients(), self._parameters.of(bucket.parameters())):
            if gradient.numel() < _LEAST_ELEMENTS:
                plain.append(gradient)
            else:
                coded.append(gradient)
                keys.append((self._number << 32) + number)
        return _future_of(_C.average(self._group, coded, keys, self._codec, plain), bucket)

    def state_dict(self) -> dict:
        """What error feedback has kept on this rank, for a checkpoint: a dict of numbers, strings and a tensor of bytes.

        Between steps, when nothing else runs on the group (ValueError otherwise). Each rank saves its own. All hooks of a
        group share their memory: of several, save all at the same time, and load all.
        """
        if self._loaded is not None:
            return self._loaded
        used = self._group is not None
        return {
            "version": _VERSION,
            "codec": self._codec,
            "hook": self._number,
            "ranks": self._group.size() if used else 0,  # 0: nothing is kept yet
            "rank": self._group.rank() if used else 0,
            "states": _C.save_codec_states(self._group) if used else torch.empty(0, dtype=torch.uint8),
        }

    def load_state_dict(self, state: dict) -> None:
        """Goes on from what state_dict gave, with the next step. The model, the codec and the number of ranks must be the
        same, and each rank loads what it has saved itself; hooks are made in the same order as then. Raises ValueError for
        a state that is not this hook's, here or, where only the group shows it, in the next backward.
        """
        for key, own in (("version", _VERSION), ("codec", self._codec), ("hook", self._number)):
            if state.get(key) != own:
                raise ValueError(
                    "tutti: load_state_dict: the state's %s is %r, but this hook's is %r" % (key, state.get(key), own)
                )
        if self._group is not None:
            self._check_place(state)
        self._loaded = state if state["ranks"] else None

    def _check_place(self, state):
        own = self._group.rank(), self._group.size()
        if state["ranks"] and (state["rank"], state["ranks"]) != own:
            raise ValueError(
                "tutti: load_state_dict: the state was saved by rank %d of %d, but this is rank %d of %d"
                % ((state["rank"], state["ranks"]) + own)
            )


class AutoHook:
    """Callable as DDP wants it. Measures which codecs pay before the first bucket goes; keeps nothing."""

    def __init__(self, max_error: float):
        self.__name__ = self.__qualname__ = "auto"  # DDP asks for them
        self._codec = "auto:%g" % max_error
        self._group = None

    def __call__(self, group, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        if self._group is None:
            self._group = backend.of(group)
            _C.measure_codecs(self._group, self._codec)
        return _future_of(_C.average(self._group, [bucket.buffer()], [0], self._codec, []), bucket)

    def explain(self) -> str:
        """What was measured and what was chosen for which size, in a sentence; "" before the first backward."""
        return _C.explain_codecs(self._group) if self._group is not None else ""
