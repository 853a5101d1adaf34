"""Pickles of plain values load; anything that could run does not."""

import os
import pickle
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import pytest

from tubelet.annotations import AnnotationError
from tubelet.annotations.pickles import load_pickle, save_pickle

VALUES = {
    "numbers": [1, -2.5, True, None, 1 + 2j, 2**80],
    "arrays": (
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">u2").reshape(2, 3)),
    ),
    "strings": np.array(["a", "bc"]),
    "scalar": np.float32(0.5),
    "empty": np.empty((0, 5)),
    "bytes": b"\xff\x00",
    "set": {1, 2},
    "ordered": OrderedDict(a=1),
    "default": defaultdict(list, a=[np.zeros(2, np.int64)]),
}


def equal(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return type(one) is type(other) and list(one) == list(other) and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(equal, one, other))
    return one == other


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_of_any_protocol_load(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(VALUES, protocol))
    assert equal(load_pickle(tmp_path / "a.pkl", "values"), VALUES)


def test_what_is_written_loads_and_has_the_names_of_numpy_1(tmp_path: Path) -> None:
    save_pickle(tmp_path / "a.pkl.gz", VALUES)
    save_pickle(tmp_path / "a.pkl", VALUES)
    assert equal(load_pickle(tmp_path / "a.pkl.gz", "values"), VALUES)
    assert b"numpy._core" not in (tmp_path / "a.pkl").read_bytes()


def test_object_arrays_hold_plain_values(tmp_path: Path) -> None:
    array = np.array([[1, 2], None, "x"], object)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(array))
    assert load_pickle(tmp_path / "a.pkl", "values").tolist() == array.tolist()


class Call:
    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize("nested", [False, True], ids=["alone", "nested"])
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("system", lambda file: Call(os.system, f"touch {file}")),
        ("builtins.eval", lambda file: Call(eval, f"open({str(file)!r}, 'w')")),
        ("numpy", lambda file: Call(np.load, str(file))),
        ("builtins.getattr", lambda file: Call(getattr, "x", "upper")),
    ],
)
def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(tmp_path, name, call, protocol, nested) -> None:
    evil: object = call(tmp_path / "touched")
    evil = {"a": [np.array([1, evil], object), np.zeros(2)]} if nested else evil
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(evil, protocol))
    with pytest.raises(AnnotationError, match=name):
        load_pickle(tmp_path / "a.pkl", "values")
    assert not (tmp_path / "touched").exists()


FORGED = {
    "bytes as object pointers": b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O8'\nI0\nI1\ntRS'AAAAAAAA'\ntR.",
    "structured dtype": b"cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR.",
    "dtype with fields": b"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nN(S'a'\nt(dS'a'\nN stb.",
    "a class changed": b"cnumpy\ndtype\n(N(dS'__call__'\ncbuiltins\nlist\nstb.",
    "an array of unlimited size": b"cnumpy\nndarray\n((I1000000000000\nttR.",
    "a class as the value": b"cbuiltins\nlist\n.",
    "a persistent id": b"Psomewhere\n.",
    "cut short": pickle.dumps(VALUES)[:-40],
    "no pickle": b"\x89PNG",
    "empty": b"",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_broken_pickle_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pkl").write_bytes(FORGED[name])
    with pytest.raises(AnnotationError, match=r"a\.pkl"):
        load_pickle(tmp_path / "a.pkl", "values")
