#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The race: every peer in turn, round after round; then tables, JSON and a plot. `./dev bench peers` starts it."""

import json
import os
import signal
import sys

from driver import machine, options, peers, plot, processes, run, tables, turn

RECORDED_OPTIONS = ("ranks", "mode", "sizes", "rounds", "budget_ms", "max_iterations")
FORMAT_VERSION = 1  # of race.json; counts up when a field changes its meaning or goes


def say(text):
    print(text, flush=True)


def able(mode, wanted, bin_folder, versions):
    """The peers that start here. Those that do not are named, with the reason, and left out."""
    result = []
    for peer in options.chosen(mode, wanted):
        try:
            versions[f"{mode} {peer.name}"] = run.version(peer, bin_folder).split("] ", 1)[-1]
            result.append(peer)
        except processes.Failure as failure:
            say(f"left out: {peer.name} ({mode}): {failure}")
    return result


def progress(record):
    rows = record["rows"]
    shown = rows[:: max(1, len(rows) // 5)]
    some = ", ".join(f"{tables.size_text(row['bytes'])} {tables.us_text(row['p50_ns'])}" for row in shown)
    wrong = sum(row["wrong"] for row in rows)
    trouble = (f"  WRONG RESULTS: {wrong}" if wrong else "") + (f"  {record['failure']}" if record["failure"] else "")
    say(f"  {record['peer']:17} p50 us: {some}{trouble}")


def batch(racers, mode, ranks, number, settings, records):
    """All peers once. Each round starts with another, so that nobody always runs after the same neighbour."""
    say(f"{mode}, {ranks} ranks, round {number + 1} of {settings.rounds}")
    start = number % max(1, len(racers))
    with turn.taken(settings.lock):
        for peer in racers[start:] + racers[:start]:
            record = run.run(peer, mode, ranks, settings)
            record["round"] = number
            records.append(record)
            progress(record)


def hold(settings, save):
    """Runs everything. A long race that is stopped is not lost: `save` gets what there is."""
    race = {
        "format": "tutti-race",
        "format_version": FORMAT_VERSION,
        "started": machine.now(),
        "host": machine.host(settings.cores),
        "versions": {},
        "packages": machine.packages(),
        "environment": machine.settings_in_environment(),
        "options": {name: getattr(settings, name) for name in RECORDED_OPTIONS},
        "limits": {},
        "runs": [],
    }
    if not settings.no_limits:
        with turn.taken(settings.lock):
            race["limits"] = machine.limits(settings.bin_folder, settings.cores)
    racers = {mode: able(mode, settings.peers, settings.bin_folder, race["versions"]) for mode in settings.mode}
    try:
        for mode in settings.mode:
            for ranks in settings.ranks:
                for number in range(settings.rounds):
                    batch(racers[mode], mode, ranks, number, settings, race["runs"])
                    save(race)
    finally:
        save(race)
    return race


def join(paths):
    """Saved races as one. Their rounds follow each other; facts and limits are the first's that has them."""
    joined = None
    for path in paths:
        with open(path) as file:
            race = json.load(file)
        if race.get("format") != "tutti-race" or race["format_version"] != FORMAT_VERSION:
            raise SystemExit(f"{path} is no race of format {FORMAT_VERSION}")
        if joined is None:
            joined = race
            continue
        after = 1 + max((record["round"] for record in joined["runs"]), default=-1)
        joined["runs"] += [{**record, "round": record["round"] + after} for record in race["runs"]]
        joined["versions"].update(race["versions"])
        joined["limits"] = joined["limits"] or race["limits"]
    return joined


def list_peers():
    for mode in peers.MODES:
        say(f"{mode}:")
        for peer in peers.PEERS[mode]:
            variables = [f"{name}={value}" for name, value in peer.environment]
            say(f"  {peer.name:17} {' '.join([peer.library, peer.variant, *variables, *peer.options])}")


def main():
    settings = options.parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("race: told to end"))  # so that what it has started ends, too
    if settings.list:
        return list_peers()
    folder = settings.output or os.path.join("build", "peers", machine.now().replace(":", ""))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "race")

    def save(race):
        with open(path + ".json", "w") as file:
            json.dump(race, file, indent=1)
            file.write("\n")

    race = join(settings.report) if settings.report else hold(settings, save)
    save(race)
    text = tables.report(race)
    with open(path + ".md", "w") as file:
        file.write(text)
    say("\n" + text)
    try:
        plot.save(race, [path + ".png", path + ".svg"])
    except ImportError as error:
        say(f"no plot: {error}")
    say(f"saved as {path}.json, .md, .png and .svg")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("race: interrupted")
