# SPDX-License-Identifier: Apache-2.0
"""Who races: libraries and the named settings they run with. Why these settings: README.md, with their documentation.

Knows nothing of processes and times. A peer's name may stand in both modes, with that mode's settings.
"""

import dataclasses

MODES = ("shm", "tcp")
OURS = "tutti"  # the library that the others are compared with


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    library: str  # tutti, gloo, openmpi or mpich: which program and launcher
    variant: str = ""  # one of the program's own names for its ways to run
    options: tuple = ()  # for the launcher
    environment: tuple = ()  # pairs

    @property
    def is_ours(self):
        return self.library == OURS


def mca(**parameters):
    """Open MPI's parameters as options of its launcher."""
    return tuple(word for name, value in parameters.items() for word in ("--mca", name, str(value)))


def pairs(**variables):
    return tuple(variables.items())


# Gloo has TCP only, so it runs alike in both modes; where shared memory is allowed, its usual and its fastest are enough.
GLOO_RING = Peer("gloo-ring", "gloo", "ring")
GLOO_BCUBE = Peer("gloo-bcube", "gloo", "bcube")
GLOO_HD = Peer("gloo-hd", "gloo", "halving-doubling")
GLOO_HD_POLL = Peer("gloo-hd-poll", "gloo", "halving-doubling-poll")
GLOO_RING_POLL = Peer("gloo-ring-poll", "gloo", "old-ring-chunked-poll")
GLOO_BCUBE_POLL = Peer("gloo-bcube-poll", "gloo", "old-bcube-poll")

OPENMPI_TCP = mca(pml="ob1", btl="tcp,self", btl_tcp_if_include="lo")
OPENMPI_UCX = mca(pml="ucx", opal_common_ucx_tls="any", opal_common_ucx_devices="any")
UCX_TCP = pairs(UCX_TLS="tcp,self", UCX_NET_DEVICES="lo")

PEERS = {
    "tcp": (
        Peer("tutti", "tutti", environment=pairs(TUTTI_TRANSPORT="tcp")),
        GLOO_RING,
        GLOO_BCUBE,
        GLOO_HD,
        GLOO_RING_POLL,
        GLOO_BCUBE_POLL,
        GLOO_HD_POLL,
        Peer("openmpi", "openmpi", options=OPENMPI_TCP),
        Peer("openmpi-yield", "openmpi", options=OPENMPI_TCP + mca(mpi_yield_when_idle=1)),
        Peer("openmpi-ucx", "openmpi", options=OPENMPI_UCX, environment=UCX_TCP),
        Peer("mpich", "mpich", environment=UCX_TCP + pairs(MPIR_CVAR_NOLOCAL="1")),
    ),
    "shm": (
        Peer("tutti", "tutti"),
        GLOO_RING,
        GLOO_HD_POLL,
        Peer("openmpi", "openmpi"),
        Peer("openmpi-yield", "openmpi", options=mca(mpi_yield_when_idle=1)),
        Peer("openmpi-sm", "openmpi", options=mca(coll_sm_priority=100)),
        Peer("openmpi-sm-yield", "openmpi", options=mca(coll_sm_priority=100, mpi_yield_when_idle=1)),
        Peer("openmpi-ucx", "openmpi", options=OPENMPI_UCX, environment=pairs(UCX_TLS="sm,self")),
        Peer("mpich", "mpich"),
        Peer("mpich-p2p", "mpich", environment=pairs(MPIR_CVAR_ALLREDUCE_POSIX_INTRA_ALGORITHM="mpir")),
        Peer("mpich-ucx", "mpich", environment=pairs(MPIR_CVAR_NOLOCAL="1", UCX_TLS="sm,self")),
    ),
}
