# SPDX-License-Identifier: Apache-2.0
"""One trace of several ranks' ones.

    python3 -m tutti_torch.merge_traces MERGED TRACE...
"""

import json
import sys
from typing import Iterable, List

from . import trace


def merge(paths: Iterable[str], merged: str) -> None:
    """Writes the file `merged`. Raises ValueError for a file that is not a trace of tutti_torch.profile, OSError where one
    cannot be read or written.
    """
    traces = [_read(path) for path in paths]
    # Of a rank without operations the base is 0.
    base_ns = min((base for events, base in traces if base > 0), default=0)
    everything = []
    for events, base in traces:
        for event in events:
            if "ts" in event:
                event["ts"] += (base - base_ns) / 1000
        everything.extend(events)
    trace.write(merged, everything, base_ns)


def _read(path: str):
    with open(path) as file:
        try:
            content = json.load(file)
            return content["traceEvents"], int(content["otherData"][trace.BASE])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("tutti: %s is not a trace that tutti_torch.profile has written: %r" % (path, error))


def main(arguments: List[str]) -> int:
    if len(arguments) < 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        merge(arguments[1:], arguments[0])
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
