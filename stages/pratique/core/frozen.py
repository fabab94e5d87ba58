"""Fitted objects on disk as one archive of arrays: never pickle, quick to read, equal objects in equal bytes.

An archive is a zip file of `objects.json`, a tree of nodes, and for each type of number one array that holds all arrays
of that type, end to end. A node is a plain value, or a list whose first item says what it is; an object is its class,
what its class is called with, and its state.
"""

import importlib
import io
import json
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pratique.core.archive import read_existing, zip_members
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_bytes

TREE = "objects.json"
PLAIN_VALUES = (bool, int, float, str, type(None))
MAKERS = ("__newobj__", "newObj")
"""What makes an empty object of a class: copyreg's, and that of scikit-learn's trees of neighbours."""
FAST_COMPRESSION = 1
"""Numbers hardly shrink further for five times the work."""


def freeze(path: Path, value: Any) -> None:
    """Write an object: of dataclasses, scikit-learn's estimators, containers, arrays and plain values."""
    freezer = _Freezer()
    tree = freezer.node(value)
    members = {f"{name}.npy": _array_bytes(np.concatenate(parts)) for name, parts in freezer.parts.items()}
    members[TREE] = json.dumps(tree, separators=(",", ":")).encode()
    write_bytes(path, zip_members(members, FAST_COMPRESSION))


def thaw(path: Path, trusted: Collection[str]) -> Any:
    """Read an object back.

    Parameters
    ----------
    path : Path
    trusted : collection of str
        Full names of the types that the archive may hold, beyond the estimators of scikit-learn.

    Raises
    ------
    PratiqueError
        If the file is missing, is no archive, or holds a type that is not trusted.
    """
    data = read_existing(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tree = json.loads(archive.read(TREE))
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name != TREE
            }
        return _Thawer(arrays, frozenset(trusted)).value(tree)
    except _UntrustedTypeError as error:
        raise PratiqueError(f"{path}: holds {error}, which is not trusted; write the file anew") from error
    except Exception as error:  # zipfile, numpy and every class raise whatever damaged bytes happen to hit
        raise PratiqueError(f"{path}: not a readable archive ({error}); write the file anew") from error


class _UntrustedTypeError(Exception):
    """Names a type that is not trusted."""


@dataclass
class _Freezer:
    """Turns objects into nodes.

    `parts` are the arrays, by the name of the member that holds them; `seen` is what may be met again, by its address,
    which is kept alive with it.
    """

    parts: dict[str, list[np.ndarray]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)
    seen: dict[int, tuple[int, Any]] = field(default_factory=dict)

    def node(self, value: Any) -> Any:
        if type(value) in PLAIN_VALUES:
            return value
        if type(value) is tuple:
            return ["tuple", [self.node(item) for item in value]]
        if isinstance(value, np.generic):
            return ["scalar", *self._place(np.asarray(value))]
        if isinstance(value, type) and issubclass(value, np.generic):
            return ["type", np.dtype(value).str]
        if id(value) in self.seen:
            return ["again", self.seen[id(value)][0]]
        self.seen[id(value)] = (len(self.seen), value)
        if type(value) is list:
            return ["list", [self.node(item) for item in value]]
        if type(value) is dict:
            return ["dict", [[self.node(key), self.node(item)] for key, item in value.items()]]
        if type(value) is np.ndarray:  # one of a class of its own, such as a masked one, holds more than numbers
            return self._array(value)
        if isinstance(value, np.random.Generator):
            return ["generator", self.node(value.bit_generator.state)]
        return self._object(value)

    def _array(self, array: np.ndarray) -> Any:
        if array.dtype.hasobject:
            return ["objects", list(array.shape), [self.node(item) for item in array.ravel()]]
        by_columns = array.flags.f_contiguous and not array.flags.c_contiguous
        return ["array", *self._place(array.ravel(order="F" if by_columns else "C")), list(array.shape), by_columns]

    def _place(self, array: np.ndarray) -> list[Any]:
        """Where the numbers of an array begin, and how many there are; scalars are arrays of one."""
        kind = self.dtypes.setdefault(repr(array.dtype), f"{len(self.dtypes):02d}")
        at = self.sizes.get(kind, 0)
        self.sizes[kind] = at + array.size
        self.parts.setdefault(kind, []).append(array.reshape(-1))
        return [kind, at, array.size]

    def _object(self, value: Any) -> Any:
        """A class, what it is called with, and the state of its object, as the object itself tells."""
        made = value.__reduce_ex__(4)
        call, arguments, state = (*made, None)[:3]
        own = type(value)
        if call.__name__ in MAKERS and arguments == (own,) and not any(made[3:]):
            return ["new", _full_name(own), self.node(state)]
        if call is own and own.__module__ != "builtins" and not any(made[3:]):
            return ["call", _full_name(own), [self.node(item) for item in arguments], self.node(state)]
        raise TypeError(f"{_full_name(own)}: no archive holds such an object")


@dataclass
class _Thawer:
    """Turns nodes into objects."""

    arrays: dict[str, np.ndarray]
    trusted: frozenset[str]
    seen: list[Any] = field(default_factory=list)

    def value(self, node: Any) -> Any:
        if not isinstance(node, list):
            if isinstance(node, dict):
                raise ValueError("a node that is no list")
            return node
        kind, *rest = node
        if kind == "tuple":
            return tuple(map(self.value, rest[0]))
        if kind == "scalar":
            return self._numbers(*rest)[0]
        if kind == "type":
            return np.dtype(rest[0]).type
        if kind == "again":
            return self.seen[rest[0]]
        place = len(self.seen)
        self.seen.append(None)
        readers: dict[str, Callable[..., Any]] = {
            "list": self._list, "dict": self._dict, "array": self._array, "objects": self._objects,
            "generator": self._generator, "new": self._new, "call": self._call,
        }  # fmt: skip
        return readers[kind](place, *rest)

    def _list(self, place: int, items: list[Any]) -> list[Any]:
        made: list[Any] = []
        self.seen[place] = made
        made.extend(map(self.value, items))
        return made

    def _dict(self, place: int, items: list[Any]) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        self.seen[place] = made
        for key, item in items:
            made[self.value(key)] = self.value(item)
        return made

    def _array(self, place: int, kind: str, at: int, size: int, shape: list[int], by_columns: bool) -> np.ndarray:
        made = self._numbers(kind, at, size).reshape(shape, order="F" if by_columns else "C")
        self.seen[place] = made
        return made

    def _objects(self, place: int, shape: list[int], items: list[Any]) -> np.ndarray:
        made = np.empty(len(items), object)
        made[:] = [self.value(item) for item in items]
        self.seen[place] = made.reshape(shape)
        return made.reshape(shape)

    def _generator(self, place: int, state: Any) -> np.random.Generator:
        made = np.random.Generator(np.random.PCG64())
        self.seen[place] = made
        made.bit_generator.state = self.value(state)
        return made

    def _new(self, place: int, name: str, state: Any) -> Any:
        own = self._class(name)
        return self._with_state(place, own.__new__(own), state)

    def _call(self, place: int, name: str, arguments: list[Any], state: Any) -> Any:
        return self._with_state(place, self._class(name)(*map(self.value, arguments)), state)

    def _with_state(self, place: int, made: Any, state: Any) -> Any:
        self.seen[place] = made
        known = self.value(state)
        if hasattr(made, "__setstate__"):
            made.__setstate__(known)
        elif known is not None:
            vars(made).update(known)
        return made

    def _numbers(self, kind: str, at: int, size: int) -> np.ndarray:
        found = self.arrays[kind][at : at + size]
        if len(found) != size:
            raise ValueError(f"member {kind} is too short")
        return found

    def _class(self, name: str) -> Any:
        """The class of this name if it is trusted: listed, or an estimator of scikit-learn."""
        module, _, own = name.rpartition(".")
        if name in self.trusted:
            return getattr(importlib.import_module(module), own)
        if module.split(".")[0] == "sklearn":
            from sklearn.base import BaseEstimator

            found = getattr(importlib.import_module(module), own)
            if isinstance(found, type) and issubclass(found, BaseEstimator):
                return found
        raise _UntrustedTypeError(name)


def _full_name(own: type) -> str:
    return f"{own.__module__}.{own.__qualname__}"


def _array_bytes(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=False)
    return out.getvalue()
