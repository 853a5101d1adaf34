"""The order of the samples: a pure function of the seed and the position in the run.

A run that resumes at step n needs nothing but n; workers run on from one epoch to the next without a pause.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from tubelet.datasets.samples import SampleKey


class RunOrder(Sampler[list[SampleKey]]):
    """The batches of one process from step `start` to step `stop` of a run.

    Every epoch is a permutation by (seed, epoch) cut into steps of `batch_size * num_processes` samples; the incomplete
    last step of an epoch is dropped. A data set smaller than one step is an error of the caller.
    """

    def __init__(
        self, num_samples: int, batch_size: int, seed: int, start: int, stop: int, rank: int = 0, num_processes: int = 1
    ) -> None:
        self.num_samples, self.batch_size, self.seed = num_samples, batch_size, seed
        self.start, self.stop, self.rank, self.num_processes = start, stop, rank, num_processes
        self.steps_per_epoch = num_samples // (batch_size * num_processes)

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[list[SampleKey]]:
        epoch, order = -1, np.empty(0, np.int64)
        for step in range(self.start, self.stop):
            if step // self.steps_per_epoch != epoch:
                epoch = step // self.steps_per_epoch
                order = np.random.default_rng((self.seed, epoch)).permutation(self.num_samples)
            position = (step % self.steps_per_epoch * self.num_processes + self.rank) * self.batch_size
            yield [SampleKey(epoch, int(index)) for index in order[position : position + self.batch_size]]
