"""Mutants of binary formats that know where lengths, shapes and checksums stand, so that readers get past these."""

import contextlib
import io
import random
import struct
import warnings
import zipfile
import zlib
from typing import Any

import numpy as np

from tests.fuzzing import trees
from tests.fuzzing.bytes_and_text import NUMBERS, of_bytes

SHAPES = (
    (),
    (0,),
    (1,),
    (-1,),
    (10**12,),
    (10**6, 10**6),
    (2**63,),
    (2**62, 4),
    (3, 0, 10**9),
    (1,) * 40,
    (True,),
    ("a",),
)
DTYPES = (
    "|O",
    "<f8",
    ">f8",
    "<f2",
    "<c16",
    "|V8",
    "<U3",
    "|S5",
    "<M8[s]",
    "|b1",
    "<u8",
    "<i1",
    "<f16",
    "q",
    "xx",
    "<U2000000000",
)


def of_npy(content: bytes, rng: random.Random) -> bytes:
    """An array file whose header says something else than its numbers."""
    if rng.random() < 0.5:
        return of_bytes(content, rng)
    length = int.from_bytes(content[8:10], "little")
    header: dict[str, Any] = eval(content[10 : 10 + length])
    key = rng.choice(("shape", "shape", "descr", "fortran_order"))
    header[key] = rng.choice({"shape": SHAPES, "descr": DTYPES, "fortran_order": (True, 2, None)}[key])
    if rng.random() < 0.1:
        header["descr"] = [("a", rng.choice(DTYPES)), ("b", "<f8", rng.choice(SHAPES))]
    text = rng.choice((repr(header), repr(header), repr(header)[:-1], "(" * 5000 + ")" * 5000, "{**1}", "[]" * 9000))
    raw = text.encode() + b"\n"
    version = rng.choice((1, 1, 2, 3))
    size = len(raw) if rng.random() < 0.9 else rng.choice(NUMBERS)
    packed = struct.pack("<H", size % 2**16) if version == 1 else struct.pack("<I", size % 2**32)
    return b"\x93NUMPY" + bytes((version, 0)) + packed + raw + content[10 + length :]


def of_zip(content: bytes, rng: random.Random) -> bytes:
    """An archive with a member that is mutated, missing, twice, of another name, or far larger than the file."""
    if rng.random() < 0.35:
        return of_bytes(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = rng.randrange(len(members))
    name, held = members[place]
    kind = rng.random()
    if kind < 0.6:
        members[place] = name, of_npy(held, rng)
    elif kind < 0.7:
        del members[place]
    elif kind < 0.8:
        members.append((rng.choice(("../escaped.npy", "/tmp/escaped.npy", name, "a\x1b[31m.npy", "")), held))
    elif kind < 0.9:
        members[place] = rng.choice(("../escaped.npy", "é.npy", "x" * 999, "a")), held
    else:
        array = np.load(io.BytesIO(held), allow_pickle=False)
        other = rng.choice(
            (
                array.ravel()[:0],
                array.astype("S9"),
                array[None],
                array.ravel()[:1],
                np.zeros(9),
                -array.astype("f4") if array.dtype.kind in "biuf" else array,
            )
        )
        out = io.BytesIO()
        np.save(out, other, allow_pickle=False)
        members[place] = name, out.getvalue()
    out = io.BytesIO()
    packed = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w", packed) as archive:
        for name, held in members:
            archive.writestr(zipfile.ZipInfo(name or "x"), held)
    return out.getvalue()


def of_safetensors(content: bytes, rng: random.Random) -> bytes:
    """Arrays whose header says other names, shapes, types or places."""
    if rng.random() < 0.3:
        return of_bytes(content, rng)
    length = int.from_bytes(content[:8], "little")
    header = trees.of_json(content[8 : 8 + length], rng)
    size = len(header) if rng.random() < 0.9 else rng.choice(NUMBERS)
    return (size % 2**64).to_bytes(8, "little") + header + content[8 + length :]


def of_png(content: bytes, rng: random.Random) -> bytes:
    """Chunks with checksums that agree: other sizes, depths and colours, chunks missing, twice, or of text."""
    if rng.random() < 0.25:
        return of_bytes(content, rng)
    chunks = list(_chunks(content))
    place = rng.randrange(len(chunks))
    kind, held = chunks[place]
    choice = rng.random()
    if choice < 0.3:
        sizes = tuple(rng.choice((1, 8, 4000, 8191, 20_000, 2**16, 2**31 - 1, 2**32 - 1)) for _ in range(2))
        chunks[0] = b"IHDR", struct.pack(">II", *sizes) + chunks[0][1][8:]
    elif choice < 0.5:
        tail = bytes((rng.choice((1, 2, 4, 8, 16, 32)), rng.choice((0, 2, 3, 4, 6, 7)), 0, 0, rng.choice((0, 1, 2))))
        chunks[0] = b"IHDR", chunks[0][1][:8] + tail
    elif choice < 0.6:
        del chunks[place]
    elif choice < 0.7:
        chunks.insert(place, rng.choice(chunks))
    elif choice < 0.8:
        bomb = zlib.compress(b"a" * rng.choice((10, 2**26)))
        chunks.insert(
            1, rng.choice(((b"zTXt", b"k\0\0" + bomb), (b"iCCP", b"k\0\0" + bomb), (b"iTXt", b"k\0\1\0\0\0" + bomb)))
        )
    elif choice < 0.9:
        chunks[place] = b"IDAT", zlib.compress(b"\0" * rng.choice((1, 10, 2**26)))
    else:
        chunks[place] = kind, of_bytes(held, rng)
    return content[:8] + b"".join(map(_chunk, chunks))


def _chunks(content: bytes) -> Any:
    place = 8
    while place + 8 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, held = chunk
    return len(held).to_bytes(4, "big") + kind + held + zlib.crc32(kind + held).to_bytes(4, "big")


def of_hdf5(content: bytes, rng: random.Random) -> bytes:
    """Cells by genes with a part that is missing, of another type or shape, a link, or far larger than the file."""
    import h5py

    if rng.random() < 0.25:
        return of_bytes(content, rng)
    held = io.BytesIO(content)
    with h5py.File(held, "r+") as file:
        for _ in range(rng.choice((1, 1, 2))):
            _change_node(file, rng.choice(_names(file)), rng)
    return held.getvalue()


def _names(file: Any) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names or ["X"]


def _change_node(file: Any, name: str, rng: random.Random) -> None:
    import h5py

    node = file.get(name)
    if node is None:
        return
    kind = rng.random()
    if kind < 0.25:
        if node.attrs and rng.random() < 0.7:
            key = rng.choice(list(node.attrs))
            value = rng.choice(
                (
                    "",
                    "array",
                    "csr_matrix",
                    "csc_matrix",
                    "dataframe",
                    "\x1b[31m",
                    0,
                    -1,
                    2**40,
                    [10**6, 10**6],
                    [3, 4, 5],
                    ["a"],
                )
            )
            node.attrs[key] = value
        elif node.attrs:
            del node.attrs[rng.choice(list(node.attrs))]
        return
    array = node[()] if isinstance(node, h5py.Dataset) and node.size < 10**5 else None
    attributes = dict(node.attrs)
    del file[name]
    if kind < 0.35:
        return
    if kind < 0.45:
        links = (
            h5py.SoftLink("/"),
            h5py.SoftLink("/" + name),
            h5py.ExternalLink("/etc/passwd", "/"),
            h5py.SoftLink("/X"),
        )
        file[name] = rng.choice(links)
    elif kind < 0.6 or array is None:
        shape = rng.choice(((0,), (10**12,), (10**5, 10**5), (3,), (2**33,)))
        file.create_dataset(name, shape, rng.choice(("f4", "i8", "S8", "u1")), chunks=True if 0 not in shape else None)
    else:
        file[name] = _other(array, rng)
    if rng.random() < 0.8:
        # What is a link now may lead nowhere.
        with contextlib.suppress(KeyError, OSError, RuntimeError):
            file[name].attrs.update(attributes)


def _other(array: Any, rng: random.Random) -> Any:
    array = np.asarray(array)
    if array.dtype.kind not in "iuf" or array.size == 0:
        return rng.choice((np.zeros(3), np.array([1, 2]), np.float64(3), array))
    changed = np.array(array)
    changed.flat[rng.randrange(array.size)] = rng.choice((0, 1, 2, 100, 127))
    whole, floats = array.astype("i8"), array.astype("f8")
    shapes = (array[:-1] if array.ndim else array, np.repeat(array[None], 2, 0), array.astype("S4"))
    return rng.choice((changed, changed, floats + 0.5, floats * np.nan, -whole - 1, whole * 10**12, array + 1, *shapes))
