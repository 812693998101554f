# SPDX-License-Identifier: Apache-2.0
"""What a figure is worth nothing without: machine, system, versions, and the machine's own limits."""

import json
import os
import platform
import subprocess
import time

PACKAGES = ("libgloo0", "libgloo-dev", "openmpi-bin", "mpich", "libucx0")


def first_value(path, key):
    try:
        with open(path) as file:
            for line in file:
                name, _, value = line.partition(":" if ":" in line else "=")
                if name.strip() == key:
                    return value.strip().strip('"')
    except OSError:
        pass
    return "unknown"


def text_of(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def host(cores):
    return {
        "processor": first_value("/proc/cpuinfo", "model name"),
        "cores": len(cores),
        "core_numbers": cores,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "distribution": first_value("/etc/os-release", "PRETTY_NAME"),
        "clock": text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "huge_pages": text_of("/sys/kernel/mm/transparent_hugepage/enabled"),
        "load_at_start": os.getloadavg()[0],
    }


def packages():
    """Debian's versions of the peers' packages; empty elsewhere."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
    try:
        lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    except OSError:
        return {}
    return dict(line.split(" ", 1) for line in lines if " " in line)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def limits(bin_folder, cores):
    """As tutti-bench-limits measures them; empty if it fails."""
    command = [os.path.join(bin_folder, "tutti-bench-limits"), ",".join(map(str, cores))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=150)
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"the machine's limits are not known: {error}", flush=True)
        return {}


def settings_in_environment():
    """Variables that change how a library runs, as they were set by whoever started the race."""
    prefixes = ("TUTTI_", "OMPI_", "PMIX_", "UCX_", "MPIR_", "MPICH_", "GLOO_", "FI_")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}
