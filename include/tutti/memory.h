/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is made ready for the network once, instead of in every operation.
 *
 * RDMA devices write to and read from memory that is registered: pinned, and known to the device. Without these functions
 * tutti registers the buffers of each large message and lets go of them when it has ended, which is safe whatever the
 * program does with its memory, and costs time in every operation. A program whose buffers live long registers them
 * here. Transports that need no such thing (shared memory, TCP) ignore it: the calls succeed everywhere.
 */
#ifndef TUTTI_MEMORY_H_
#define TUTTI_MEMORY_H_

#include "tutti/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that was registered; the library's. */
typedef struct tutti_mem* tutti_mem_t;

/* Registers [address, address + bytes) with the transports that comm's job uses in this process, for comm, for those it was
 * split from, and for those split from it. Operations whose buffers lie wholly within it use the registration; nothing
 * else changes for them. Local: the other ranks need not do the same. Registrations may overlap, and count on their own.
 *
 * The memory stays the caller's, and must stay mapped until tutti_mem_deregister or until the last communicator of the job
 * is destroyed. To free it before that, or to let it be moved (realloc, mremap), is an error that nobody notices:
 * operations would reach pages that the program no longer has.
 *
 * Trust: while it is registered, ranks that this one has received large messages from into this memory can write to all of
 * it, as long as that communicator lives.
 *
 * Blocks while another thread is in the middle of moving data; not for ever. From any thread. On failure *mem is NULL.
 * Errors: INVALID_ARGUMENT (address or mem is NULL, bytes is 0, the range wraps around, the memory is not there);
 * INVALID_HANDLE; OUT_OF_MEMORY (the limit on locked memory; the sentence says how to raise it). Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_register(tutti_comm_t comm, void* address, size_t bytes, tutti_mem_t* mem);

/* Ends the registration: the memory may be freed afterwards, unless an operation that uses it is still running (that one
 * keeps its part registered until it has ended). NULL is accepted, and so is memory whose job is gone. From any thread.
 * Errors: INVALID_HANDLE (never registered, or deregistered already). Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_deregister(tutti_mem_t mem);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_MEMORY_H_ */
