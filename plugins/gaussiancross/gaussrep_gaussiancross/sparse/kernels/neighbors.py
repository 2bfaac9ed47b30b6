"""Find neighboring voxels by a simultaneous scan of sorted keys."""

from gaussrep.kernels import NONE, claim, kernel


@kernel
def count_neighbors(tasks, keys, steps, reach, counts):  # type: ignore[no-untyped-def]
    """Count the pairs of each offset of the first half of a kernel; one task per column of it.

    Args:
        tasks: Tasks of this thread.
        keys: Keys of voxels, ascending.
        steps: Difference of keys of each column's center; the last is the kernel's center column.
        reach: Cells on either side of the center.
        counts: Output, one number per offset before the center one.
    """
    size = 2 * reach + 1
    while True:
        column = claim(tasks)
        if column == NONE:
            return
        low, span = steps[column] - reach, reach if column == len(steps) - 1 else size
        at = 0
        for row in range(len(keys)):
            wanted = keys[row] + low
            while keys[at] < wanted:
                at += 1
            place = at
            while keys[place] < wanted + span:
                counts[column * size + keys[place] - wanted] += 1
                place += 1


@kernel
def list_neighbors(tasks, keys, steps, reach, starts, inputs, outputs):  # type: ignore[no-untyped-def]
    """Write the pairs of each offset and of its mirror image; one task per column.

    Args:
        tasks: Tasks of this thread.
        keys: Keys of voxels, ascending.
        steps: Difference of keys of each column's center.
        reach: Cells on either side of the center.
        starts: Start of the list of each offset of the whole kernel.
        inputs: Output, lists of input rows.
        outputs: Output, lists of output rows.
    """
    size, last = 2 * reach + 1, len(starts) - 2
    ends = starts.copy()
    while True:
        column = claim(tasks)
        if column == NONE:
            return
        low, span = steps[column] - reach, reach if column == len(steps) - 1 else size
        at = 0
        for row in range(len(keys)):
            wanted = keys[row] + low
            while keys[at] < wanted:
                at += 1
            place = at
            while keys[place] < wanted + span:
                offset = column * size + keys[place] - wanted
                mirror = last - offset
                inputs[ends[offset]] = outputs[ends[mirror]] = place
                outputs[ends[offset]] = inputs[ends[mirror]] = row
                ends[offset] += 1
                ends[mirror] += 1
                place += 1
