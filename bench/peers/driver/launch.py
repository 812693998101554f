# SPDX-License-Identifier: Apache-2.0
"""How the ranks of each library are started. Binding is left to the program (bench/peers/main.cc), for all alike."""

import os


def program(bin_folder, library):
    return os.path.join(bin_folder, f"tutti-bench-peer-{library}")


def commands(peer, ranks, bin_folder, folder, arguments):
    """The commands that together run all ranks: one launcher, or each rank by itself."""
    words = [program(bin_folder, peer.library), "--variant", peer.variant, *arguments]
    if peer.library == "tutti":
        return [[os.path.join(bin_folder, "tutti-run"), "-n", str(ranks), *peer.options, "--", *words]]
    if peer.library == "openmpi":
        root = ["--allow-run-as-root"] if os.getuid() == 0 else []
        launcher = ["mpirun.openmpi", *root, "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
        return [[*launcher, "--mca", "orte_tmpdir_base", folder, *peer.options, *words]]
    if peer.library == "mpich":
        return [["mpiexec.mpich", "-launcher", "fork", "-bind-to", "none", "-n", str(ranks), *peer.options, *words]]
    place = ["--ranks", str(ranks), "--meet", folder]
    return [[*words, "--rank", str(rank), *place] for rank in range(ranks)]


def environment(peer, folder):
    return {**os.environ, "TMPDIR": folder, **dict(peer.environment)}
