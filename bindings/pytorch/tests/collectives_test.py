# SPDX-License-Identifier: Apache-2.0
"""Every collective, for every element type and operation, against a reference that communicates nothing."""

import unittest

import torch
import torch.distributed as dist

import ranks
from reference import MOVED_ONLY, NUMBERS, Op, reduced, same, values

REDUCTIONS = [Op.SUM, Op.AVG, Op.PRODUCT, Op.MIN, Op.MAX]
BITWISE = [Op.BAND, Op.BOR, Op.BXOR]
COUNTS = [0, 1, 7, 1000]
LARGE = 70001


def cases():
    """(dtype, op, count): all operations for all types, all lengths for each type and for each operation, and one long vector
    for some.
    """
    for dtype in NUMBERS:
        for op in REDUCTIONS + ([] if dtype.is_floating_point else BITWISE):
            for count in COUNTS if op == Op.SUM or dtype in (torch.int32, torch.float32) else [7]:
                yield dtype, op, count
    for op in [Op.SUM, Op.PRODUCT, Op.MIN, Op.MAX] + BITWISE:
        yield torch.bool, op, 100
    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        yield dtype, Op.SUM, LARGE


def moved():
    for dtype in NUMBERS + MOVED_ONLY:
        for count in COUNTS:
            yield dtype, count
    yield torch.float32, LARGE


def check_reductions(rank, size):
    for dtype, op, count in cases():
        what = "%s of %d x %s" % (op, count, dtype)
        inputs = [values(r, count, dtype) for r in range(size)]
        tensor = inputs[rank].clone()
        dist.all_reduce(tensor, op)
        same(tensor, reduced(inputs, op), "all_reduce " + what)

        root = count % size
        tensor = inputs[rank].clone()
        dist.reduce(tensor, root, op)
        same(tensor, reduced(inputs, op) if rank == root else inputs[rank], "reduce " + what)


def check_reduce_scatter(rank, size):
    for dtype, op, count in cases():
        what = "%s of %d x %s" % (op, count, dtype)
        blocks = [[values(r, count, dtype, salt=b) for b in range(size)] for r in range(size)]
        expected = reduced([blocks[r][rank] for r in range(size)], op)

        output = torch.zeros(count, dtype=dtype)
        dist.reduce_scatter(output, blocks[rank], op)
        same(output, expected, "reduce_scatter " + what)
        output = torch.zeros(count, dtype=dtype)
        whole = torch.cat(blocks[rank])
        dist.reduce_scatter_tensor(output, whole, op)
        same(output, expected, "reduce_scatter_tensor " + what)
        same(whole, torch.cat(blocks[rank]), "the input of reduce_scatter_tensor " + what)
        # Blocks that lie side by side are not copied.
        output = torch.zeros(count, dtype=dtype)
        dist.reduce_scatter(output, list(whole.view(size, count).unbind(0)), op)
        same(output, expected, "reduce_scatter of adjacent blocks, " + what)


def check_complex_numbers(rank, size):
    for dtype in (torch.complex64, torch.complex128):
        inputs = [torch.complex(*(values(r, 6, torch.float64, salt=s) for s in (1, 2))).to(dtype) for r in range(size)]
        tensor = inputs[rank].clone()
        dist.all_reduce(tensor)
        same(tensor, sum(inputs), "all_reduce of %s" % dtype)
        output = torch.zeros(6, dtype=dtype)
        dist.reduce_scatter_tensor(output, inputs[rank].repeat(size), Op.AVG)
        assert torch.allclose(output, sum(inputs) / size), "reduce_scatter_tensor of %s" % dtype


def check_gathering(rank, size):
    for dtype, count in moved():
        what = "%d x %s" % (count, dtype)
        inputs = [values(r, count, dtype) for r in range(size)]
        mine = inputs[rank].clone()

        outputs = [torch.zeros(count, dtype=dtype) for _ in range(size)]
        dist.all_gather(outputs, mine)
        for r in range(size):
            same(outputs[r], inputs[r], "all_gather %s, of rank %d" % (what, r))
        whole = torch.zeros(size * count, dtype=dtype)
        dist.all_gather_into_tensor(whole, mine)
        same(whole, torch.cat(inputs), "all_gather_into_tensor " + what)
        whole = torch.zeros(size, count, dtype=dtype)
        dist.all_gather(list(whole.unbind(0)), mine)
        same(whole.view(-1), torch.cat(inputs), "all_gather to adjacent blocks, " + what)

        root = count % size
        outputs = [torch.zeros(count, dtype=dtype) for _ in range(size)] if rank == root else None
        dist.gather(mine, outputs, dst=root)
        for r in range(size if rank == root else 0):
            same(outputs[r], inputs[r], "gather %s, of rank %d" % (what, r))


def check_distributing(rank, size):
    for dtype, count in moved():
        what = "%d x %s" % (count, dtype)
        root = count % size
        tensor = values(root, count, dtype) if rank == root else torch.zeros(count, dtype=dtype)
        dist.broadcast(tensor, root)
        same(tensor, values(root, count, dtype), "broadcast " + what)

        blocks = [values(root, count, dtype, salt=b) for b in range(size)] if rank == root else None
        output = torch.zeros(count, dtype=dtype)
        dist.scatter(output, blocks, src=root)
        same(output, values(root, count, dtype, salt=rank), "scatter " + what)


def check_all_to_all(rank, size):
    for dtype, count in moved():
        what = "%d x %s" % (count, dtype)
        inputs = [values(rank, count, dtype, salt=b) for b in range(size)]
        expected = [values(r, count, dtype, salt=rank) for r in range(size)]
        whole = torch.zeros(size * count, dtype=dtype)
        dist.all_to_all_single(whole, torch.cat(inputs))
        same(whole, torch.cat(expected), "all_to_all_single " + what)
        outputs = [torch.zeros(count, dtype=dtype) for _ in range(size)]
        dist.all_to_all(outputs, inputs)
        same(torch.cat(outputs), torch.cat(expected), "all_to_all " + what)


def check_uneven_all_to_all(rank, size):
    """Rank r sends (r + 2 b) % 4 rows to rank b; some parts are empty."""

    def rows(source, target):
        return (source + 2 * target) % 4

    for dtype in (torch.float32, torch.bool, torch.complex64):
        parts = [values(rank, 3 * rows(rank, b), dtype, salt=b).view(-1, 3) for b in range(size)]
        expected = [values(r, 3 * rows(r, rank), dtype, salt=rank).view(-1, 3) for r in range(size)]
        output = torch.zeros(sum(e.shape[0] for e in expected), 3, dtype=dtype)
        dist.all_to_all_single(
            output, torch.cat(parts), [e.shape[0] for e in expected], [p.shape[0] for p in parts]
        )
        same(output, torch.cat(expected), "all_to_all_single with splits, %s" % dtype)
        outputs = [torch.zeros_like(e) for e in expected]
        dist.all_to_all(outputs, parts)
        same(torch.cat(outputs), torch.cat(expected), "all_to_all with unequal tensors, %s" % dtype)


def check_uneven_lists(rank, size):
    """Blocks whose lengths differ from rank to rank; one is empty."""
    lengths = [5, 0, 1000][:size]
    for dtype in (torch.float32, torch.int64, torch.bool):
        inputs = [values(r, n, dtype) for r, n in enumerate(lengths)]
        outputs = [torch.zeros(n, dtype=dtype) for n in lengths]
        dist.all_gather(outputs, inputs[rank])
        for r in range(size):
            same(outputs[r], inputs[r], "all_gather of unequal tensors, %s, of rank %d" % (dtype, r))

        blocks = [[values(r, n, dtype, salt=b) for b, n in enumerate(lengths)] for r in range(size)]
        output = torch.zeros(lengths[rank], dtype=dtype)
        dist.reduce_scatter(output, blocks[rank], Op.SUM)
        expected = reduced([blocks[r][rank] for r in range(size)], Op.SUM)
        same(output, expected, "reduce_scatter of unequal tensors, %s" % dtype)


def check_coalesced(rank, size):
    group = dist.distributed_c10d._get_default_group()
    counts = [5, 0, 1000, 1]
    inputs = [[values(r, count, torch.float32, salt=count) for count in counts] for r in range(size)]
    mine = [t.clone() for t in inputs[rank]]
    options = dist.AllreduceCoalescedOptions()
    options.reduceOp = Op.SUM
    group.allreduce_coalesced(mine, options).wait()
    for i, count in enumerate(counts):
        same(mine[i], reduced([inputs[r][i] for r in range(size)], Op.SUM), "all_reduce_coalesced, %d elements" % count)

    outputs = [[torch.zeros(count) for count in counts] for _ in range(size)]
    work = dist.all_gather_coalesced(outputs, inputs[rank], async_op=True)
    work.wait()
    for r in range(size):
        for i, count in enumerate(counts):
            same(outputs[r][i], inputs[r][i], "all_gather_coalesced, %d elements" % count)


def check_messages(rank, size):
    right, left = (rank + 1) % size, (rank - 1) % size
    for dtype, count in moved():
        incoming = torch.zeros(count, dtype=dtype)
        sending = dist.isend(values(rank, count, dtype), right, tag=count)
        dist.recv(incoming, left, tag=count)
        sending.wait()
        same(incoming, values(left, count, dtype), "recv of %d x %s" % (count, dtype))
    # Messages match by their tag, whatever the order of the calls.
    incoming = [torch.zeros(3), torch.zeros(3)]
    works = [dist.isend(values(rank, 3, torch.float32, salt=t), right, tag=t) for t in (1, 0)]
    works += [dist.irecv(incoming[t], left, tag=t) for t in (0, 1)]
    for work in works:
        work.wait()
    for t in (0, 1):
        same(incoming[t], values(left, 3, torch.float32, salt=t), "recv with tag %d" % t)
    operations = [
        dist.P2POp(dist.isend, values(rank, 9, torch.float64), right),
        dist.P2POp(dist.irecv, torch.zeros(9, dtype=torch.float64), left),
    ]
    for work in dist.batch_isend_irecv(operations):
        work.wait()
    same(operations[1].tensor, values(left, 9, torch.float64), "batch_isend_irecv")


def check_objects(rank, size):
    """What torch builds out of several collectives of bytes."""
    mine = {"rank": rank, "text": "x" * (10 * rank)}
    everything = [None] * size
    dist.all_gather_object(everything, mine)
    assert everything == [{"rank": r, "text": "x" * (10 * r)} for r in range(size)], everything
    objects = [mine if rank == 0 else None]
    dist.broadcast_object_list(objects, src=0)
    assert objects[0]["rank"] == 0


def check_barrier(rank, size):
    """No rank leaves before the last one has come."""
    import time

    begin = time.monotonic()
    if rank == size - 1:
        time.sleep(0.2)
    dist.barrier()
    assert time.monotonic() - begin > 0.19
    dist.distributed_c10d._get_default_group().monitored_barrier()


def check_refusals(rank, size):
    """A call with wrong arguments is refused with a sentence, and the group goes on."""

    def refused(call, *words):
        try:
            call()
        except (ValueError, RuntimeError) as error:
            for word in words:
                assert word.lower() in str(error).lower(), "%r is not in: %s" % (word, error)
            return
        raise AssertionError("not refused: %s" % (words,))

    def all_reduce(tensor, op=Op.SUM):
        return lambda: dist.all_reduce(tensor, op)

    refused(all_reduce(torch.zeros(3, dtype=torch.int16)), "SUM", "Short")
    refused(all_reduce(torch.zeros(3), Op.BXOR), "BXOR", "Float")
    numbers = torch.zeros(size, dtype=torch.complex64)
    refused(lambda: dist.reduce_scatter_tensor(numbers[:1].clone(), numbers, Op.MAX), "MAX", "ComplexFloat")
    refused(all_reduce(torch.zeros(3, dtype=torch.bool), Op.AVG), "AVG", "Bool")
    refused(lambda: dist.broadcast(torch.eye(3).to_sparse(), 0), "sparse", "to_dense")
    refused(all_reduce(torch.eye(3).to_sparse(), Op.MAX), "sparse", "SUM")
    refused(lambda: dist.all_gather([torch.zeros(3)] * size, torch.zeros(4)), "3 elements instead of 4")
    if rank == 0:
        refused(lambda: dist.gather(torch.zeros(4), [torch.zeros(3)] * size), "same type and number of elements")
    refused(lambda: dist.all_gather_into_tensor(torch.zeros(3), torch.zeros(4)), "ranks")
    refused(lambda: dist.all_to_all_single(torch.zeros(size + 1), torch.zeros(size + 1)), "shared equally")
    refused(lambda: dist.isend(torch.zeros(3), (rank + 1) % size, tag=-1), "tag")
    tensor = torch.ones(3)
    dist.all_reduce(tensor)
    assert tensor[0] == size


CHECKS = [
    check_reductions,
    check_reduce_scatter,
    check_complex_numbers,
    check_gathering,
    check_distributing,
    check_all_to_all,
    check_uneven_all_to_all,
    check_uneven_lists,
    check_coalesced,
    check_messages,
    check_objects,
    check_barrier,
    check_refusals,
]


def check_all(rank, size):
    for check in CHECKS:
        check(rank, size)


class Collectives(unittest.TestCase):
    def test_two_ranks(self):
        ranks.run(2, check_all)

    def test_three_ranks(self):
        ranks.run(3, check_all)

    def test_one_rank(self):
        among_several = (check_messages, check_refusals)
        alone = [check for check in CHECKS if check not in among_several]
        ranks.run(1, lambda rank, size: [check(rank, size) for check in alone])


if __name__ == "__main__":
    unittest.main()
