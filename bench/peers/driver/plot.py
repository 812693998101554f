# SPDX-License-Identifier: Apache-2.0
"""One figure for the whole race: a row per mode and number of ranks; p50, p99 and bus bandwidth over size."""

from . import figures, tables

METRICS = (("p50_ns", "p50"), ("p99_ns", "p99"))


def draw_time(axes, known, mode, ranks, peers, sizes, metric, limits):
    for peer in peers:
        draw_line(axes, known, peer, sizes, [us(known.time_ns(mode, ranks, peer, size, metric)) for size in sizes])
    floor = [us(figures.floor_ns(mode, ranks, size, limits)) for size in sizes]
    if None not in floor:
        axes.plot(sizes, floor, color="grey", linestyle=":", label="floor of the machine")
    axes.set_ylabel("microseconds")
    axes.set_yscale("log")


def draw_bandwidth(axes, known, mode, ranks, peers, sizes):
    for peer in peers:
        times = [known.time_ns(mode, ranks, peer, size, "p50_ns") for size in sizes]
        values = [figures.bus_bandwidth(size, ranks, time) for size, time in zip(sizes, times)]
        draw_line(axes, known, peer, sizes, [value and value / 1e9 for value in values])
    axes.set_ylabel("GB/s")
    axes.set_yscale("log")


def draw_line(axes, known, peer, sizes, values):
    points = [(size, value) for size, value in zip(sizes, values) if value]
    if points:
        ours = {"color": "black", "linewidth": 2.5, "zorder": 3} if peer in known.ours else {"linewidth": 1}
        axes.plot(*zip(*points), label=peer, marker="o", markersize=3, **ours)


def us(time_ns):
    return None if time_ns is None else time_ns / 1e3


def save(race, paths):
    """Draws the race into files, their format by their names' ends."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot

    runs, limits = race["runs"], race.get("limits", {})
    known, cells, sizes = figures.Figures(runs), figures.cells(runs), figures.sizes(runs)
    if not cells or not sizes:
        return
    matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(color=matplotlib.colormaps["tab20"].colors)
    figure, rows = matplotlib.pyplot.subplots(len(cells), 3, figsize=(18, 5 * len(cells)), squeeze=False)
    for (mode, ranks), row in zip(cells, rows):
        peers = figures.names(runs, mode, ranks)
        for axes, (metric, title) in zip(row, METRICS):
            draw_time(axes, known, mode, ranks, peers, sizes, metric, limits)
            axes.set_title(f"{mode}, {ranks} ranks: {title}")
        draw_bandwidth(row[2], known, mode, ranks, peers, sizes)
        row[2].set_title(f"{mode}, {ranks} ranks: bus bandwidth at p50")
        for axes in row:
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes[::2], [tables.size_text(size) for size in sizes[::2]], rotation=45, fontsize=7)
            axes.grid(True, which="major", alpha=0.3)
        row[0].legend(fontsize=7)
    host = race["host"]
    figure.suptitle(f"float32 sum all_reduce on {host['cores']} cores of {host['processor']}, {race['started']}")
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    for path in paths:
        figure.savefig(path, dpi=110)
    matplotlib.pyplot.close(figure)
