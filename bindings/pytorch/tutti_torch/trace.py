# SPDX-License-Identifier: Apache-2.0
"""Traces of a group's operations, for chrome://tracing, Perfetto, and all that reads Chrome's trace format.

    with tutti_torch.profile("trace.json"):       # rank 3 writes trace.3.json
        train(...)

    python3 -m tutti_torch.merge_traces merged.json trace.*.json
"""

import contextlib
import json
import os
import warnings
from typing import Iterable, Iterator, List, Optional

import torch.distributed as dist

from . import _C, backend
from .timings import Timing

BASE = "tutti_base_ns"  # where a file has the time that its times are since


@contextlib.contextmanager
def profile(path: str, group: Optional[dist.ProcessGroup] = None) -> Iterator[None]:
    """Writes a trace of the operations of a group (None: the default one) that end inside the block, one file per rank.

    The rank goes into the file's name, before its last suffix, or where `path` has "{rank}". In the trace a process is a
    rank of the group; its operations are laid out in as many rows as run at once. Each shows what its time was spent
    on, and who came last. Times are those of the host's clock, so that ranks of a host can be merged; those of different
    hosts as well as their clocks agree.

    Operations that are not over at the end of the block are left out: wait for them. At most 1048576 are recorded. Needs
    telemetry (TUTTI_TELEMETRY). Raises RuntimeError if the group is being profiled already, OSError if the file cannot
    be written.
    """
    recorded = backend.of(group)
    rank = dist.get_rank(group)
    path = path_of(path, rank)
    if not _C.start_recording(recorded):
        raise RuntimeError("tutti: profile: the group is being profiled already; end that block first.")
    try:
        yield
    finally:
        timings = [Timing(*entry) for entry in _C.stop_recording(recorded)]
        if len(timings) == _C.LONGEST_RECORDING:
            warnings.warn("tutti: profile: only the first %d operations are in %s" % (len(timings), path))
        base_ns = min((t.begun_ns for t in timings), default=0)
        write(path, to_events(timings, rank, base_ns), base_ns)


def path_of(path: str, rank: int) -> str:
    """The name of a rank's file: trace.json becomes trace.3.json."""
    if "{rank}" in path:
        return path.replace("{rank}", str(rank))
    stem, suffix = os.path.splitext(path)
    return "%s.%d%s" % (stem, rank, suffix)


def to_events(timings: Iterable[Timing], rank: int, base_ns: int) -> List[dict]:
    """The trace's events, in order of their begin. An operation is one, and has one within it for each part of its time."""
    events = [
        {"ph": "M", "name": "process_name", "pid": rank, "args": {"name": "rank %d" % rank}},
        {"ph": "M", "name": "process_sort_index", "pid": rank, "args": {"sort_index": rank}},
    ]
    row_ends: List[int] = []
    for timing in sorted(timings, key=lambda t: t.begun_ns):
        row = next((i for i, end in enumerate(row_ends) if end <= timing.begun_ns), len(row_ends))
        row_ends[row:row + 1] = [timing.begun_ns + timing.total_ns]
        events.extend(_events_of(timing, rank, row, base_ns))
    return events


def _events_of(timing: Timing, rank: int, row: int, base_ns: int) -> Iterator[dict]:
    def event(name, begun_ns, ns, arguments):
        return {
            "ph": "X",
            "cat": "tutti",
            "name": name,
            "pid": rank,
            "tid": row,
            "ts": (begun_ns - base_ns) / 1000,
            "dur": ns / 1000,
            "args": arguments,
        }

    yield event(timing.name, timing.begun_ns, timing.total_ns, timing._asdict())
    who = "rank %d" % timing.last_rank if timing.last_rank >= 0 else "another rank"
    # tutti measures sums: moving and reducing take turns in truth, and here follow each other.
    parts = (
        ("queued", timing.queued_ns),
        ("waited for " + who, timing.waited_ns),
        ("moved", timing.moved_ns),
        ("reduced", timing.reduced_ns),
        ("coded", timing.coded_ns),
    )
    begun_ns = timing.begun_ns
    for name, ns in parts:
        if ns > 0:
            yield event(name, begun_ns, ns, {})
        begun_ns += ns


def write(path: str, events: List[dict], base_ns: int) -> None:
    """A trace file. Times in it are since base_ns, which is since 1970. Either the whole file is there, or none."""
    unfinished = path + ".tmp"
    with open(unfinished, "w") as file:
        json.dump({"traceEvents": events, "displayTimeUnit": "ns", "otherData": {BASE: base_ns}}, file)
    os.replace(unfinished, path)
