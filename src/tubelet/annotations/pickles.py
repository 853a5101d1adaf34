"""Pickles that hold plain containers and NumPy arrays, and nothing that runs.

A pickle is a program, and the official annotations of JHMDB, UCF101-24, MultiSports and AVA are pickles of any age. The
reader knows a short list of names; each stands for a constructor of ours, so that neither NumPy's own (an array of
object pointers made from raw bytes) nor any other code can be reached. Strings of Python 2 are read as latin-1.
Object arrays may hold whatever else a pickle may hold; structured dtypes are refused.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tubelet.annotations.actions import AnnotationError
from tubelet.annotations.text_files import PathLike, read_bytes, write_bytes

_DTYPE = re.compile(r"[biufcSU]\d+|O8?")


def load_pickle(path: PathLike, expected: str) -> Any:
    """The values of a pickle of any protocol, gzipped or not.

    Args:
        path: of the file.
        expected: what the file should hold, for the error.

    Raises:
        AnnotationError: when it is no whole pickle, or names anything but plain containers, numbers and NumPy arrays;
            nothing that it names is imported or called.
    """
    content = read_bytes(path, expected)
    try:
        return _arrays_made(_PlainUnpickler(io.BytesIO(content), encoding="latin-1").load(), {})
    except AnnotationError as error:
        raise AnnotationError(f"{path}: {error}") from None
    except Exception as error:  # a broken pickle can raise anything
        raise AnnotationError(
            f"{path} is not a whole pickle ({type(error).__name__}: {error}); expected {expected}."
        ) from None


def save_pickle(path: PathLike, value: Any) -> None:
    """Write plain containers and arrays in protocol 2 with the names of NumPy 1, which tools of any age read."""
    content = io.BytesIO()
    _OldNamesPickler(content, protocol=2).dump(value)
    write_bytes(path, content.getvalue())


class _OldNamesPickler(pickle._Pickler):
    """NumPy 2 calls its functions ``numpy._core...``, which NumPy 1 does not have; the C pickler insists on it."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module, name = getattr(obj, "__module__", None), name or obj.__name__
        if module is None or not module.startswith("numpy._core"):
            super().save_global(obj, name)  # type: ignore[misc]
            return
        self.write(f"c{module.replace('numpy._core', 'numpy.core')}\n{name}\n".encode())  # type: ignore[attr-defined]
        self.memoize(obj)  # type: ignore[attr-defined]


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> _Constructor:
        module = {"__builtin__": "builtins"}.get(module, module).replace("numpy._core", "numpy.core")
        if (module, name) not in _ALLOWED:
            raise AnnotationError(
                f"the pickle names {module}.{name}; expected only plain containers, numbers and NumPy arrays."
            )
        return _Constructor(_ALLOWED[module, name])

    def persistent_load(self, pid: Any) -> NoReturn:
        raise AnnotationError(f"the pickle refers to {pid!r} outside of it.")


class _Constructor:
    """What a name in the pickle stands for: it can be called, and nothing of it can be changed."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)

    def __setstate__(self, state: Any) -> NoReturn:
        raise AnnotationError("the pickle changes a class; expected only values.")


class _Dtype:
    """A dtype as the pickle describes it: a simple one, whose state only gives the byte order."""

    def __init__(self, description: str, *_flags: Any) -> None:
        if not isinstance(description, str) or not _DTYPE.fullmatch(description):
            raise AnnotationError(f"the pickle has an array of type {description!r}; expected numbers or strings.")
        self.dtype = np.dtype(description)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, order, subarray, names, fields = state[:5]
        if order not in ("<", ">", "=", "|") or (subarray, names, fields) != (None, None, None):
            raise AnnotationError(f"the pickle has an array of the structured type {state!r}; expected numbers.")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """An array between its creation and its state; `_arrays_made` puts the real one in its place."""

    def __init__(self, *_type_shape_code: Any) -> None:
        self.array = np.empty(0)
        self.elements: list[Any] | None = None

    __hash__ = None  # type: ignore[assignment]  # no key can be one, so that all can be found again

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, data = state[-4:]
        if isinstance(data, list):
            if dtype.dtype != np.dtype(object) or len(data) != math.prod(shape):
                raise AnnotationError(f"the pickle has {len(data)} values for an array of shape {shape}.")
            self.array, self.elements = np.empty(shape, object, order="F" if fortran else "C"), data
        else:
            self.array = _from_bytes(data, dtype, shape, "F" if fortran else "C")


def _from_bytes(data: Any, dtype: _Dtype, shape: tuple[int, ...], order: Any = "C", *_axes: Any) -> np.ndarray:
    content, kind = data.encode("latin-1") if isinstance(data, str) else bytes(data), dtype.dtype
    if kind.hasobject or len(content) != kind.itemsize * math.prod(shape):
        raise AnnotationError(f"the pickle has {len(content)} bytes for an array of {kind} of shape {shape}.")
    if not content:
        return np.empty(shape, kind, order=order)
    return np.ndarray(shape, kind, content, order=order).copy(order="K")


def _scalar(dtype: _Dtype, data: Any = b"") -> Any:
    return _from_bytes(data, dtype, (1,))[0]


def _encode(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into protocol 2."""
    if encoding not in ("latin1", "latin-1"):
        raise AnnotationError(f"the pickle has bytes in the encoding {encoding!r}; expected latin1.")
    return text.encode("latin-1")


def _default_dict(factory: _Constructor | None = None, *rest: Any) -> defaultdict[Any, Any]:
    if factory is not None and factory.make not in _FACTORIES:
        raise AnnotationError("the pickle has a defaultdict that makes no plain value.")
    return defaultdict(None if factory is None else factory.make, *rest)


def _type_only(*_arguments: Any) -> NoReturn:
    raise AnnotationError("the pickle calls numpy.ndarray; expected it only as the type of an array.")


_FACTORIES: tuple[Callable[..., Any], ...] = (dict, float, int, list, set, str, OrderedDict)
_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    **{("builtins", kind.__name__): kind for kind in (complex, dict, float, frozenset, int, list, set, str)},
    ("builtins", "bytes"): lambda: b"",  # Python 3 writes b"" as a call without arguments
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): _default_dict,
    ("_codecs", "encode"): _encode,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _type_only,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _from_bytes,
}


def _arrays_made(value: Any, seen: dict[int, Any]) -> Any:
    """The value with real arrays in the place of `_Array`, containers changed where they are."""
    if isinstance(value, str | bytes | int | float | np.generic | None):
        return value
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value
    if isinstance(value, _Array):
        seen[id(value)] = value.array
        if value.elements is not None:
            for index, element in enumerate(value.elements):
                value.array.flat[index] = _arrays_made(element, seen)
        return value.array
    if isinstance(value, _Dtype):
        return value.dtype
    if isinstance(value, _Constructor):
        raise AnnotationError("the pickle holds a class; expected only values.")
    if isinstance(value, dict):
        for key in value:
            _arrays_made(key, seen)
            value[key] = _arrays_made(value[key], seen)
    elif isinstance(value, list):
        value[:] = [_arrays_made(element, seen) for element in value]
    elif isinstance(value, tuple):
        seen[id(value)] = tuple(_arrays_made(element, seen) for element in value)
    elif isinstance(value, set | frozenset):
        for element in value:
            _arrays_made(element, seen)
    return seen[id(value)]
