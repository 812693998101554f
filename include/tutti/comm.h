/* SPDX-License-Identifier: Apache-2.0
 *
 * Communicators: a group of ranks that call the same operations in the same order.
 */
#ifndef TUTTI_COMM_H_
#define TUTTI_COMM_H_

#include "tutti/request.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tutti_comm* tutti_comm_t;

/* A caller's own channel for start-up (instead of a rendezvous address). Must gather `bytes` bytes from every rank into
 * `gathered` (size * bytes, in rank order) on every rank, and return 0, or non-zero for failure. Called a few times
 * during tutti_comm_create, on the calling thread, with the same `bytes` on all ranks. */
typedef int (*tutti_exchange_fn)(void* context, const void* contribution, void* gathered, size_t bytes);

typedef enum tutti_log_level TUTTI_ENUM_BASE {
  TUTTI_LOG_DEFAULT = 0, /* TUTTI_LOG, else warnings */
  TUTTI_LOG_ERROR = 1,
  TUTTI_LOG_WARN = 2,
  TUTTI_LOG_INFO = 3,
  TUTTI_LOG_DEBUG = 4
} tutti_log_level_t;

typedef enum tutti_wait_policy TUTTI_ENUM_BASE {
  TUTTI_WAIT_DEFAULT = 0,  /* TUTTI_WAIT, else adaptive */
  TUTTI_WAIT_ADAPTIVE = 1, /* spin, then yield, then sleep; sleeps early when ranks outnumber cores */
  TUTTI_WAIT_SPIN = 2,     /* never gives the core away: lowest latency, needs a core per rank */
  TUTTI_WAIT_SLEEP = 3     /* sleeps at once: least CPU time */
} tutti_wait_policy_t;

/* How to join a job. Initialise with TUTTI_COMM_CONFIG_INIT; each field left at its initial value is taken from the
 * environment variable named beside it, then from the launcher (torchrun, Slurm, Open MPI, PMI), then from the default. */
typedef struct tutti_comm_config {
  size_t struct_size;
  int rank;               /* -1; TUTTI_RANK */
  int size;               /* -1; TUTTI_SIZE */
  int local_rank;         /* -1; TUTTI_LOCAL_RANK: place among the ranks of this host */
  int local_size;         /* -1; TUTTI_LOCAL_SIZE: how many ranks this host has */
  const char* rendezvous; /* NULL; TUTTI_RENDEZVOUS: "tcp://host:port" (rank 0 listens there) or "file:///path" */
  const char* secret;     /* NULL; TUTTI_SECRET: proves that a process belongs to the job; the same on all ranks */
  const char* interface;  /* NULL; TUTTI_INTERFACE: names or CIDR blocks, comma separated, "^" first to exclude */
  const char*
      algorithm;      /* NULL; TUTTI_ALGORITHM: "all_reduce:ring@64K-,broadcast:binomial/2-8", sizes after "@", numbers
                             * of ranks after "/"; rank 0's holds for the whole job; default: tutti chooses */
  int64_t timeout_ns; /* 0; TUTTI_TIMEOUT ("300s"): deadline of every operation and of start-up; default 300 s */
  tutti_wait_policy_t wait; /* 0; TUTTI_WAIT ("adaptive", "spin", "sleep") */
  int progress_thread;      /* -1; TUTTI_PROGRESS_THREAD: 1 drives communication from a thread of its own; default 0 */
  int progress_core;        /* -1; TUTTI_PROGRESS_CORE: pins that thread to this CPU; default not pinned */
  tutti_log_level_t log_level; /* 0; TUTTI_LOG ("error", "warn", "info", "debug") */
  tutti_exchange_fn exchange;  /* NULL */
  void* exchange_context;      /* NULL; handed to exchange */
  const char* transport;       /* NULL; TUTTI_TRANSPORT: those of "shm", "verbs", "tcp" that may be used, with commas.
                                * Default: all. Each pair of ranks takes the first of them, in that order, that both
                                * have: shared memory on one host, RDMA where both have a device, TCP */
  const char* verbs_devices;   /* NULL; TUTTI_VERBS_DEVICES: RDMA devices or ports ("mlx5_0,mlx5_1:2"), "^" first to
                                * exclude; default: the one with the job's address, else near ones in turn */
  int telemetry;               /* -1; TUTTI_TELEMETRY: 0 turns off what tutti/telemetry.h gives; default 1 */
  int64_t budget_ns;           /* 0; TUTTI_BUDGET ("10ms"): operations that take longer are told of; default: none */
  const char* trace; /* NULL; TUTTI_TRACE: a folder in which each rank records its operations, for tutti-report.
                                * Needs telemetry. Default: none */
  const char* prometheus_file; /* NULL; TUTTI_PROMETHEUS_FILE: each rank renews a file in Prometheus' text format, for
                                * node_exporter's textfile collector. "%r" becomes the rank; without it ".rank-<n>" is put
                                * before the last suffix. Default: none */
  const char* http;     /* NULL; TUTTI_HTTP: serves /metrics (Prometheus' text) and /telemetry.jsonl at "9400", on the
                                * loopback interface, "0.0.0.0:9400" or "[::]:9400"; the ranks of a host take ports in a
                                * row, by local rank. A port that cannot be had is an error. Default: no */
  const char* locality; /* NULL; TUTTI_LOCALITY: the names of the groups of hosts that hold this one, widest first, like
                                * "pod1/rack3"; the same on all ranks of a host. Default: a file (TUTTI_LOCALITY_FILE), else
                                * Slurm's word, else nothing is known */
} tutti_comm_config_t;

#define TUTTI_COMM_CONFIG_INIT                                                                                       \
  {                                                                                                                  \
    sizeof(tutti_comm_config_t), -1, -1, -1, -1, 0, 0, 0, 0, 0, TUTTI_WAIT_DEFAULT, -1, -1, TUTTI_LOG_DEFAULT, 0, 0, \
        0, 0, -1, 0, 0, 0, 0, 0                                                                                      \
  }

/* Joins the job and creates the communicator of all its ranks. config may be NULL. Blocks until every rank has joined
 * or the timeout passes. On failure *comm is NULL and tutti_last_error says what, where and what to do. A process may
 * join several jobs. Errors: INVALID_ARGUMENT, CONFIG, BOOTSTRAP, TIMEOUT. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_create(const tutti_comm_config_t* config, tutti_comm_t* comm);

/* Releases the communicator. Local: waits for no peer (unfinished operations are aborted first; outgoing bytes of
 * finished ones are still delivered). NULL is accepted. Using the handle afterwards gives INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_destroy(tutti_comm_t comm);

/* Makes every running and every later operation on this communicator fail with ABORTED, here and on all other ranks,
 * and returns at once. From any thread, at any time. reason (may be NULL) becomes part of everyone's sentence.
 * The handle must still be destroyed. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_abort(tutti_comm_t comm, const char* reason);

/* Collective. Ranks that give the same color form a new communicator, ordered by key, then by rank in comm. A negative
 * color gives *out = NULL. The new communicator's operations are independent of the old one's. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_split(tutti_comm_t comm, int color, int key, tutti_comm_t* out);

typedef enum tutti_split TUTTI_ENUM_BASE {
  TUTTI_SPLIT_HOST = 0, /* ranks of the same host (which share memory) */
  TUTTI_SPLIT_ACROSS_HOSTS =
      1, /* ranks with the same place on their hosts: all first ones, all second ones, ...; so each
                                 * communicator has at most one rank of a host, and every rank is in one */
  TUTTI_SPLIT_ONE_PER_HOST = 2 /* the first rank of each host; *out = NULL for all others */
} tutti_split_t;

/* Collective. Ready-made splits by host, as TUTTI_HOST_ID or the system's names tell hosts apart; a rank's place on its host is
 * by its rank in comm. Each new communicator is ordered by key, then by rank in comm. Errors besides those of tutti_comm_split:
 * INVALID_ARGUMENT (an unknown type; or ranks gave different ones, which all are told). Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_split_type(tutti_comm_t comm, tutti_split_t type, int key, tutti_comm_t* out);

/* Local, any thread. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_rank(tutti_comm_t comm, int* rank);
TUTTI_API tutti_status_t tutti_comm_size(tutti_comm_t comm, int* size);

/* TUTTI_OK while the communicator works, else the status that it failed with. Any thread, never blocks. Since 0.1. */
TUTTI_API tutti_status_t tutti_comm_status(tutti_comm_t comm);

/* The sentence that says why the communicator failed: rank, host, operation, step, and what to do; "" while it works.
 * Valid on the calling thread until its next call of this function. Any thread. Since 0.1. */
TUTTI_API const char* tutti_comm_last_error(tutti_comm_t comm);

/* "0.1.0". Since 0.1. */
TUTTI_API const char* tutti_version(void);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_COMM_H_ */
