/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is made ready for messages once, instead of in every operation. There are two ways: tutti allocates it, or
 * the program registers what it has.
 *
 * Allocated by tutti, a buffer can be mapped by the other ranks of the host: they reduce right out of it and copy right
 * from it, where they would have to ask the kernel for a copy of other memory. It is registered as well.
 *
 * Registered memory is for RDMA: devices write to and read from memory that is pinned and known to them. Without
 * registration tutti registers the buffers of each large message and lets go of them when it has ended, which is safe
 * whatever the program does with its memory, and costs time in every operation. Transports that need no such thing
 * (shared memory, TCP) ignore it: the calls succeed everywhere.
 */
#ifndef TUTTI_MEMORY_H_
#define TUTTI_MEMORY_H_

#include <stdint.h>

#include "tutti/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that was registered or allocated; the library's. */
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

/* The same for memory that a driver has handed out as a file (a dma-buf): `bytes` bytes of the file from `offset` on, which
 * this process has mapped at `address` (mmap), so that operations can be called with that address and reduce there. RDMA
 * devices then reach the memory through its own driver, instead of pinning pages. The file may be closed afterwards.
 *
 * Errors: as above, and INVALID_ARGUMENT (fd is negative or no dma-buf, the range is not in it); UNSUPPORTED (an RDMA device
 * that this rank uses, its driver or the kernel cannot use such files; soft-RoCE cannot). Transports other than RDMA
 * ignore it, as above. Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_register_dmabuf(tutti_comm_t comm, void* address, size_t bytes, int fd,
                                                   uint64_t offset, tutti_mem_t* mem);

/* Ends a registration: the memory may be freed afterwards, unless an operation that uses it is still running (that one
 * keeps its part registered until it has ended). NULL is accepted, and so is memory whose job is gone. From any thread.
 * Errors: INVALID_HANDLE (never registered, or deregistered already); INVALID_ARGUMENT (it came from tutti_mem_alloc).
 * Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_deregister(tutti_mem_t mem);

/* Allocates `bytes` of memory for buffers of comm, of those it was split from, and of those split from it: zeroed, aligned to
 * a page, backed by the memory next to the calling thread's core. Operations whose buffers lie in it move large data with one
 * copy less between ranks of a host, and without registering it anew between hosts; any part of it can be a buffer. It pays
 * from 4 KiB on: collectives between ranks of one host then read an input that is not also the output where it lies, and
 * end when all who read it have done so (bench/README.md has figures). Local: the other ranks need not do the same.
 *
 * It is memory of its own, not part of malloc's: make few and long-lived ones. In a child after fork it is the same memory
 * as the parent's, not a copy. The other ranks of the host can read it, not write to it. Where the host has no memory that can
 * be shared, it is ordinary memory.
 *
 * Blocks like tutti_mem_register. From any thread. On failure *address and *mem are NULL. Errors: INVALID_ARGUMENT (address
 * or mem is NULL, bytes is 0); INVALID_HANDLE; OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_alloc(tutti_comm_t comm, size_t bytes, void** address, tutti_mem_t* mem);

/* Gives memory of tutti_mem_alloc back; it must not be a buffer of an operation that is still running. May come after the
 * communicators are destroyed: the memory lives until then. NULL is accepted. From any thread.
 * Errors: INVALID_HANDLE (never allocated, or freed already); INVALID_ARGUMENT (it came from tutti_mem_register). Since 0.1. */
TUTTI_API tutti_status_t tutti_mem_free(tutti_mem_t mem);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_MEMORY_H_ */
