# SPDX-License-Identifier: Apache-2.0
"""From runs to figures: medians over rounds, the best peer, ratios, bus bandwidth, floors. No I/O, nothing but Python.

A run is a record as run.py makes it, with "round". A figure that is not known is None.
"""

import statistics

METRICS = ("p50_ns", "p99_ns", "p999_ns", "max_ns")
L2_BYTES = 1 << 20  # up to here send and recv buffers of a rank stay in its second-level cache


def bus_bandwidth(size_bytes, ranks, time_ns):
    """Bytes per second that the busiest link must carry: size / time * 2 (n - 1) / n."""
    return None if not time_ns else size_bytes / (time_ns * 1e-9) * 2 * (ranks - 1) / ranks


def cells(runs):
    """The pairs (mode, ranks) that were run, in a fixed order."""
    return sorted({(run["mode"], run["ranks"]) for run in runs})


def names(runs, mode, ranks):
    """Peers of a cell in the order of the first round."""
    return list(dict.fromkeys(run["peer"] for run in runs if (run["mode"], run["ranks"]) == (mode, ranks)))


def sizes(runs):
    return sorted({row["bytes"] for run in runs for row in run["rows"]})


class Figures:
    """Medians over the rounds, by mode, ranks, peer, size and metric. Wrong results count as none."""

    def __init__(self, runs):
        samples = {}
        self.ours = {run["peer"] for run in runs if run["library"] == "tutti"}
        for run in runs:
            for row in run["rows"]:
                for metric in METRICS:
                    key = (run["mode"], run["ranks"], run["peer"], row["bytes"], metric)
                    if not row["wrong"]:
                        samples.setdefault(key, []).append(row[metric])
        self._medians = {key: statistics.median(values) for key, values in samples.items()}

    def time_ns(self, mode, ranks, peer, size, metric):
        return self._medians.get((mode, ranks, peer, size, metric))

    def best(self, mode, ranks, size, metric, among):
        """(time, name) of the fastest of these names, or (None, None)."""
        known = [(self.time_ns(mode, ranks, name, size, metric), name) for name in among]
        return min((pair for pair in known if pair[0] is not None), default=(None, None))

    def best_peer(self, mode, ranks, size, metric, peers):
        return self.best(mode, ranks, size, metric, [name for name in peers if name not in self.ours])


def ratio(ours, theirs):
    return ours / theirs if ours and theirs else None


def floor_ns(mode, ranks, size, limits):
    """A time that no algorithm on this machine can beat by much, from the measured limits; None if they are missing.

    Shared memory: two cache lines must cross (what others have, and that they have taken what I have); every element
    must be added n - 1 times and copied to n - 1 others, by all cores at their full rate.
    TCP: half a round trip; 2 (n - 1) sizes must flow through sockets, which keeps a sending and a receiving core busy.
    """
    try:
        if mode == "tcp":
            latency = limits["tcp_poll_round_trip_ns"] / 2
            return max(latency, 2 * (ranks - 1) * size / limits["tcp_stream_bytes_per_s"] * 1e9)
        latency = 2 * limits["cache_line_one_way_ns"]
        place = "l2" if 2 * size <= L2_BYTES else "memory"
        add, copy = (limits[f"{place}_all_cores_{task}_bytes_per_s"] for task in ("add", "copy"))
        return max(latency, (ranks - 1) * size * (1 / add + 1 / copy) * 1e9)
    except KeyError:
        return None
