from hypothesis import given
from hypothesis import strategies as st

from tubelet.training.order import RunOrder

sizes = st.tuples(st.integers(1, 40), st.integers(1, 8), st.integers(1, 3)).filter(lambda s: s[0] >= s[1] * s[2])


@given(sizes, st.integers(0, 3))
def test_an_epoch_shows_no_sample_twice_over_all_processes(size: tuple[int, int, int], seed: int) -> None:
    samples, batch, processes = size
    steps = samples // (batch * processes)
    keys = [
        key
        for rank in range(processes)
        for part in RunOrder(samples, batch, seed, 0, steps, rank, processes)
        for key in part
    ]
    assert len({key.index for key in keys}) == len(keys) == steps * batch * processes
    assert {key.epoch for key in keys} == {0}


@given(sizes, st.data())
def test_a_run_that_starts_later_goes_on_exactly_where_it_stopped(
    size: tuple[int, int, int], data: st.DataObject
) -> None:
    samples, batch, processes = size
    stop = 3 * (samples // (batch * processes))
    start = data.draw(st.integers(0, stop))
    whole = list(RunOrder(samples, batch, 7, 0, stop, 0, processes))
    assert list(RunOrder(samples, batch, 7, start, stop, 0, processes)) == whole[start:]


def test_epochs_differ_in_their_order() -> None:
    first, second = list(RunOrder(64, 64, 0, 0, 2))
    assert [key.index for key in first] != [key.index for key in second]
    assert {key.epoch for key in second} == {1}
