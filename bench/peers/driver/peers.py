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
    max_bytes: int = 1 << 62  # larger ones are left out: the library is known to hang there

    @property
    def is_ours(self):
        return self.library == OURS


def mca(**parameters):
    """Open MPI's parameters as options of its launcher."""
    return tuple(word for name, value in parameters.items() for word in ("--mca", name, str(value)))


def pairs(**variables):
    return tuple(variables.items())


# Gloo has TCP only, so it runs alike in both modes; where shared memory is allowed, its usual and its fastest are
# enough. Its polling connections block while they send: two ranks that send each other more than their sockets hold
# wait for ever.
GLOO_RING = Peer("gloo-ring", "gloo", "ring")
GLOO_BCUBE = Peer("gloo-bcube", "gloo", "bcube")
GLOO_HD = Peer("gloo-hd", "gloo", "halving-doubling")
GLOO_RING_POLL = Peer("gloo-ring-poll", "gloo", "old-ring-chunked-poll", max_bytes=4 << 20)
GLOO_BCUBE_POLL = Peer("gloo-bcube-poll", "gloo", "old-bcube-poll", max_bytes=16 << 20)
GLOO_HD_POLL = Peer("gloo-hd-poll", "gloo", "halving-doubling-poll", max_bytes=16 << 20)

OPENMPI_TCP = mca(pml="ob1", btl="tcp,self", btl_tcp_if_include="lo")
OPENMPI_NO_CMA = mca(
    btl_vader_single_copy_mechanism="none",
    btl_vader_eager_limit=32 << 10,
    btl_vader_rndv_eager_limit=128 << 10,
    btl_vader_max_send_size=128 << 10,
)
OPENMPI_UCX = mca(pml="ucx", opal_common_ucx_tls="any", opal_common_ucx_devices="any")


def openmpi_ring(segment_bytes):
    return mca(
        coll_tuned_use_dynamic_rules=1,
        coll_tuned_allreduce_algorithm=5,
        coll_tuned_allreduce_algorithm_segmentsize=segment_bytes,
    )


UCX_POSIX = pairs(UCX_TLS="posix,self")
UCX_TCP = pairs(UCX_TLS="tcp,self", UCX_NET_DEVICES="lo")
UCX_TCP_SEGMENTS = UCX_TCP + pairs(UCX_TCP_TX_SEG_SIZE="64k", UCX_TCP_RX_SEG_SIZE="64k")

PEERS = {
    "shm": (
        Peer("tutti", "tutti"),
        Peer("tutti-alloc", "tutti", "alloc"),  # buffers from tutti_mem_alloc
        GLOO_RING,
        GLOO_HD_POLL,
        Peer("openmpi", "openmpi"),
        Peer("openmpi-yield", "openmpi", options=mca(mpi_yield_when_idle=1)),
        Peer("openmpi-nocma", "openmpi", options=OPENMPI_NO_CMA),
        Peer("openmpi-ring", "openmpi", options=OPENMPI_NO_CMA + openmpi_ring(1 << 20)),
        Peer("openmpi-sm", "openmpi", options=mca(coll_sm_priority=100)),
        Peer(
            "openmpi-sm-128k",
            "openmpi",
            options=mca(
                coll_sm_priority=100,
                coll_sm_fragment_size=128 << 10,
                coll_sm_comm_num_segments=32,
                coll_sm_comm_in_use_flags=8,
            ),
        ),
        Peer("openmpi-ucx", "openmpi", options=OPENMPI_UCX, environment=UCX_POSIX),
        Peer("mpich", "mpich"),
        Peer("mpich-posix", "mpich", environment=UCX_POSIX),
    ),
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
        Peer("openmpi-ring", "openmpi", options=OPENMPI_TCP + openmpi_ring(1 << 20)),
        Peer("openmpi-ucx", "openmpi", options=OPENMPI_UCX, environment=UCX_TCP),
        Peer("openmpi-ucx-64k", "openmpi", options=OPENMPI_UCX, environment=UCX_TCP_SEGMENTS),
        Peer("mpich", "mpich", environment=UCX_TCP),
        Peer("mpich-64k", "mpich", environment=UCX_TCP_SEGMENTS),
    ),
}
