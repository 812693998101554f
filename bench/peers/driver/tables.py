# SPDX-License-Identifier: Apache-2.0
"""Tables as text, in Markdown's form so that they can go into a README. No I/O."""

from . import figures

UNITS = ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))
TITLES = {"p50_ns": "p50", "p99_ns": "p99", "p999_ns": "p99.9", "max_ns": "max"}


def size_text(size):
    unit, name = next((unit, name) for unit, name in UNITS if size >= unit)
    return f"{size // unit} {name}"


def number_text(value):
    """About three digits that count, never in exponents."""
    if value is None:
        return "-"
    for least, form in ((100, ",.0f"), (10, ".1f"), (0.1, ".2f"), (0.001, ".4f")):
        if value >= least:
            return format(value, form)
    return "0.000"


def us_text(time_ns):
    return number_text(None if time_ns is None else time_ns / 1e3)


def gb_text(bytes_per_s):
    return number_text(None if bytes_per_s is None else bytes_per_s / 1e9)


def table(head, rows):
    """Columns as wide as they need, all but the first to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells):
        padded = [cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:]))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def metric_table(runs, mode, ranks, metric):
    """All peers of a cell, one metric, in microseconds."""
    known, peers = figures.Figures(runs), figures.names(runs, mode, ranks)
    rows = [
        [size_text(size), *(us_text(known.time_ns(mode, ranks, peer, size, metric)) for peer in peers)]
        for size in figures.sizes(runs)
    ]
    return table(["size", *peers], rows)


def bandwidth_table(runs, mode, ranks):
    """All peers of a cell, bus bandwidth at p50, in GB/s."""
    known, peers = figures.Figures(runs), figures.names(runs, mode, ranks)

    def bandwidth(peer, size):
        return figures.bus_bandwidth(size, ranks, known.time_ns(mode, ranks, peer, size, "p50_ns"))

    rows = [[size_text(size), *(gb_text(bandwidth(peer, size)) for peer in peers)] for size in figures.sizes(runs)]
    return table(["size", *peers], rows)


def ratio_table(runs, mode, ranks, limits, ours):
    """One of our variants beside the best peer at each size and metric, and beside the machine's floor."""
    known, peers = figures.Figures(runs), figures.names(runs, mode, ranks)
    head = ["size"]
    for title in ("p50", "p99", "p99.9"):
        head += [f"{title} us", "best peer", "ratio"]
    head += ["busbw GB/s", "best peer", "floor us", "p50/floor", "p99/p50", "best peer"]
    rows = []
    for size in figures.sizes(runs):
        row = [size_text(size)]
        mine = {metric: known.time_ns(mode, ranks, ours, size, metric) for metric in figures.METRICS}
        for metric in ("p50_ns", "p99_ns", "p999_ns"):
            best, name = known.best_peer(mode, ranks, size, metric, peers)
            ratio = figures.ratio(mine[metric], best)
            row += [us_text(mine[metric]), f"{us_text(best)} {name or ''}".strip(), number_text(ratio)]
        best, _ = known.best_peer(mode, ranks, size, "p50_ns", peers)
        floor = figures.floor_ns(mode, ranks, size, limits)
        row += [gb_text(figures.bus_bandwidth(size, ranks, time)) for time in (mine["p50_ns"], best)]
        row += [us_text(floor), number_text(figures.ratio(mine["p50_ns"], floor))]
        row += [number_text(figures.ratio(mine["p99_ns"], mine["p50_ns"]))]
        row += [number_text(best_spread(known, mode, ranks, size, peers))]
        rows.append(row)
    return table(head, rows)


def best_spread(known, mode, ranks, size, peers):
    """The smallest p99 / p50 that a peer has."""
    spreads = [
        figures.ratio(*(known.time_ns(mode, ranks, peer, size, metric) for metric in ("p99_ns", "p50_ns")))
        for peer in peers
        if peer not in known.ours
    ]
    return min((spread for spread in spreads if spread), default=None)


def limits_table(limits):
    rows = []
    for name, value in limits.items():
        if name.endswith("_bytes_per_s"):
            rows.append([name[: -len("_bytes_per_s")].replace("_", " "), f"{gb_text(value)} GB/s"])
        elif name.endswith("_ns"):
            rows.append([name[: -len("_ns")].replace("_", " "), f"{number_text(value)} ns"])
    return table(["limit", "value"], rows)


def report(race):
    """Everything, as one Markdown text."""
    runs, limits = race["runs"], race.get("limits", {})
    parts = [facts_text(race)]
    if limits:
        parts += ["## The machine's own limits", limits_table(limits)]
    for mode, ranks in figures.cells(runs):
        peers = figures.names(runs, mode, ranks)
        parts.append(f"## {mode}, {ranks} ranks")
        for ours in [peer for peer in peers if peer in figures.Figures(runs).ours]:
            parts += [f"### {ours} and the best peer", ratio_table(runs, mode, ranks, limits, ours)]
        for metric, title in TITLES.items():
            parts += [f"### {title}, us", metric_table(runs, mode, ranks, metric)]
        parts += ["### Bus bandwidth at p50, GB/s", bandwidth_table(runs, mode, ranks)]
    return "\n\n".join([*parts, failures_text(runs)]) + "\n"


def facts_text(race):
    host, options = race["host"], race["options"]
    rounds = len({run["round"] for run in race["runs"]})
    lines = [
        f"Race of {race['started']}: float32 sum all_reduce, medians over {rounds} rounds.",
        f"{host['processor']}, {host['cores']} cores, {host['system']}, {host['distribution']}.",
        "Versions: " + "; ".join(sorted(set(race["versions"].values()))) + ".",
        f"At most {options['max_iterations']:,} iterations or {options['budget_ms']} ms a size.",
    ]
    return "\n".join(lines)


def failures_text(runs):
    lines = []
    for run in runs:
        where = f"- {run['peer']}, {run['mode']}, {run['ranks']} ranks, round {run['round']}"
        if run["failure"]:
            lines.append(f"{where}: {run['failure']}")
        wrong = [row for row in run["rows"] if row["wrong"]]
        lines += [f"{where}, {size_text(row['bytes'])}: {row['wrong']} elements wrong" for row in wrong]
    if not lines:
        return "Every run ended well, and every result that was checked was right."
    return "\n".join(["## Failures", "", *lines])
