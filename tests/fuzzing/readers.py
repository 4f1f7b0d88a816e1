"""Every kind of file that taut reads: small whole ones, and how each is read."""

import contextlib
import gzip
import hashlib
import io
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml

import taut
from taut import data
from taut.cli.info import info
from taut.data.images import ENDINGS
from taut.estimators.manifest import file_digest, own_digest
from taut.fitting import Checkpoints, facts_in
from taut.fitting.kept_facts import ABOUT, state_name
from taut.fitting.tensors import host_arrays
from taut.record import Improvement, Ledger
from taut.reporting import improvement_text, render_improvement, render_page, render_text
from taut.signing import SIGNATURE, UNSIGNED, save_signed
from tests.fuzzing import trees
from tests.fuzzing.binaries import of_hdf5, of_npy, of_png, of_safetensors, of_zip
from tests.fuzzing.bytes_and_text import of_bytes, of_text
from tests.fuzzing.harness import Reader
from tests.reporting.columns import with_columns
from tests.reporting.ledgers import digits_ledger, exact
from tests.reporting.measured import measured
from tests.reporting.test_improvement import ACCOUNT

FRAME = {
    "age": [31, 45, None, 27, 31, 60, 44, 38],
    "sex": ["f", "m", "m", None, "f", "f", "m", "f"],
    "born": ["1990-01-02", "1980-05-06", "1999-12-31", "1990-01-02", "2001-02-03", None, "1970-01-01", "1988-08-08"],
    "share": [0.1, 0.5, 0.9, 0.25, None, 0.75, 0.3, 0.6],
    "price": ["1,50 €", "2,75 €", "3,00 €", "1,10 €", "9,99 €", "4,20 €", "5,05 €", "6,66 €"],
}
COUNTS = np.random.default_rng(0).poisson(1.0, (6, 5)).astype(np.uint8)


def text(folder: Path) -> Sequence[Path]:
    rows = [[*FRAME], *map(list, zip(*FRAME.values(), strict=True))]
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    written = {
        "a.csv": "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in cells),
        "b.tsv": "\n".join("\t".join(row) for row in cells),
        "c.txt": "# by hand\na b c\n" + "\n".join(f"{i} {i * i} {i / 7:.3f}" for i in range(9)),
        "d.csv": "sep=;\nname;kg\n-;kg\nx;1,5\ny;2,5\nz;3,25\n",
    }
    return [_write(folder / name, content.encode()) for name, content in written.items()]


def parquets(folder: Path) -> Sequence[Path]:
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    frame = pa.table(FRAME | {"image": [[1.0, 2.0, 3.0]] * 8, "kind": pa.array(["a", "b"] * 4).dictionary_encode()})
    parquet.write_table(frame, folder / "a.parquet")
    periods = pd.DataFrame({"when": pd.period_range("2020-01", periods=8, freq="M"), "x": np.arange(8.0)})
    periods.to_parquet(folder / "b.parquet")
    return [folder / "a.parquet", folder / "b.parquet"]


def arrays(folder: Path) -> Sequence[Path]:
    np.save(folder / "a.npy", COUNTS)
    np.save(folder / "b.npy", np.linspace(0, 1, 96).reshape(6, 4, 4))
    return [folder / "a.npy", folder / "b.npy"]


def archives(folder: Path) -> Sequence[Path]:
    from scipy import sparse

    np.savez(folder / "a.npz", x=COUNTS)
    np.savez_compressed(folder / "b.npz", x=np.zeros((40, 9)))
    paths = [folder / "a.npz", folder / "b.npz"]
    for form in ("csr", "csc", "coo", "bsr", "dia"):
        paths.append(folder / f"{form}.npz")
        sparse.save_npz(paths[-1], sparse.csr_matrix(COUNTS).asformat(form), compressed=form == "csr")
    return paths


def idx(folder: Path) -> Sequence[Path]:
    content = b"\0\0\x08\x03" + np.array((3, 4, 5), ">u4").tobytes() + bytes(range(60))
    return [_write(folder / "a.idx", content), _write(folder / "b.idx.gz", gzip.compress(content, mtime=0))]


def _of_idx(content: bytes, rng: random.Random) -> bytes:
    if content.startswith(b"\x1f\x8b") and rng.random() < 0.7:
        return gzip.compress(of_bytes(gzip.decompress(content), rng), mtime=0)
    return of_bytes(content, rng)


def cells(folder: Path) -> Sequence[Path]:
    import anndata
    import pandas as pd
    from scipy import sparse

    obs = pd.DataFrame({"batch": pd.Categorical(list("aabbab")), "depth": np.arange(6.0)}, index=list("uvwxyz"))
    var = pd.DataFrame(index=[f"g{gene}" for gene in range(5)])
    paths = []
    for name, X in (
        ("a", sparse.csr_matrix(COUNTS)),
        ("b", sparse.csc_matrix(COUNTS)),
        ("c", COUNTS.astype(np.float32)),
    ):
        made = anndata.AnnData(X.astype(np.float32), obs=obs.copy(), var=var.copy())
        paths.append(folder / f"{name}.h5ad")
        made.write_h5ad(paths[-1])
    return paths


def schemas(folder: Path) -> Sequence[Path]:
    data.write_schema(data.infer_schema(sheet()), folder / "a.yaml")
    written = "age: count\nsex: {categories: [m, f]}\nshare:\n  kind: bounded\n  low: 0\n  high: 1\nborn: ignore\n"
    return [folder / "a.yaml", _write(folder / "b.yaml", (written + "price: {na_values: [0, x]}\n").encode())]


YAMLS = (
    *(
        "!!python/object/apply:os.system [id]",
        "!!binary aGk=",
        "!!set {a, b}",
        "!!timestamp 2020-13-45",
        "2020-02-30",
        "1:61:99",
    ),
    *(
        "&a [*a]",
        "<<: *a",
        "&x [x]",
        "*x",
        "? [a]",
        "{{}: 1}",
        "? {a: 1}\n: 2",
        "%YAML 9.9",
        "---\n",
        "...\n",
        "!!float x",
    ),
    *(
        ".inf",
        ".nan",
        "0x" + "f" * 5000,
        "9" * 5000,
        "[" * 3000,
        "- " * 3000,
        "{a: " * 3000,
        "|\n  x",
        "!!omap [a: 1]",
        "~",
    ),
)
_LAUGHS = b"a: &a [x,x]\n" + b"\n".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]" % ((n, n) + (n - 1,) * 8) for n in range(98, 116)
)


def _of_yaml(content: bytes, rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.35:
        return of_text(content, rng)
    if kind < 0.65:
        place = rng.choice([place for place in range(len(content)) if content[place : place + 1] in b"\n: ,"])
        return content[: place + 1] + rng.choice(YAMLS).encode() + content[place + rng.choice((1, 1, 5, 20)) :]
    if kind < 0.67:
        return rng.choice((_LAUGHS, content + _LAUGHS, _LAUGHS.replace(b"a: &a", b"age: &a")))
    tree = trees.changed(yaml.safe_load(content), rng)
    if rng.random() < 0.5:
        return trees.as_json(tree, rng)
    return yaml.dump(tree, allow_unicode=True).replace(trees.DEEP, "[" * 2000).encode("utf-8", "replace")


def pictures(folder: Path) -> Sequence[Path]:
    from PIL import Image

    rng = np.random.default_rng(1)
    grey, colour = rng.integers(0, 256, (8, 8), np.uint8), rng.integers(0, 256, (8, 8, 3), np.uint8)
    made = {
        "grey.png": Image.fromarray(grey),
        "colour.png": Image.fromarray(colour),
        "deep.png": Image.fromarray(grey.astype(np.uint16) * 250),
        "palette.png": Image.fromarray(colour).quantize(8),
        "a.jpg": Image.fromarray(colour),
        "a.bmp": Image.fromarray(colour),
        "a.gif": Image.fromarray(grey),
        "a.webp": Image.fromarray(colour),
        "a.tif": Image.fromarray(colour),
        "deep.tiff": Image.fromarray(grey.astype(np.uint16) * 250),
        "float.tif": Image.fromarray(grey.astype(np.float32)),
    }
    paths = []
    for name, image in made.items():
        paths.append(folder / name.partition(".")[0] / name)
        paths[-1].parent.mkdir(exist_ok=True)
        several = {"save_all": True, "append_images": [image, image]} if name in ("a.gif", "a.tif") else {}
        image.save(paths[-1], **several)
    return paths


def _of_image(content: bytes, rng: random.Random) -> bytes:
    return of_png(content, rng) if content.startswith(b"\x89PNG") else of_bytes(content, rng)


def zarrs(folder: Path) -> Sequence[Path]:
    import zarr

    for version, chunks in ((3, (4, 5)), (2, (6, 2))):
        array = zarr.create_array(
            folder / f"v{version}.zarr", shape=COUNTS.shape, chunks=chunks, dtype="uint8", zarr_format=version
        )
        array[:] = COUNTS
    return sorted(path for path in folder.rglob("*.zarr/**/*") if path.is_file())


def streamed(folder: Path) -> Sequence[Path]:
    sparse = [path for path in archives(folder) if len(path.stem) == 3]
    return [*arrays(folder), *sparse, *parquets(folder), *cells(folder), *pictures(folder), *zarrs(folder)]


def in_blocks(path: Path) -> Any:
    """All rows of a file or folder, a block at a time, and one that is taken."""
    whole = next((each for each in path.parents if each.suffix == ".zarr"), path)
    opened = data.open_rows(path.parent if whole == path and path.suffix in ENDINGS else whole)
    assert sum(len(block) for block in opened.blocks()) == len(opened)
    return opened.take(np.array([0]))


def _of_any(content: bytes, rng: random.Random) -> bytes:
    kinds = {b"\x93": of_npy, b"PK": of_zip, b"\x89HDF": of_hdf5, b"\x89PNG": of_png, b"{": trees.of_json}
    return next((of for start, of in kinds.items() if content.startswith(start)), of_bytes)(content, rng)


def sheet() -> data.Sheet:
    """The table that schema files speak of."""
    return data.as_sheet(FRAME, "people")


def modelled(path: Path) -> Any:
    """As a fit reads a file: rows of fields, the schema of columns, and codes."""
    rows = data.fields_of(data.read(path))
    if rows.block is None:
        schema = data.infer_schema(rows)
        return data.encode(schema, rows)
    return rows


def with_schema(path: Path) -> Any:
    return data.encode(data.infer_schema(sheet(), data.read_schema(path)), sheet())


ARCHIVE = Path(__file__).parents[1] / "archive"


def manifests(folder: Path) -> Sequence[Path]:
    return [run / "model.json" for run in _runs(folder)]


def beside_manifests(folder: Path) -> Sequence[Path]:
    files = (path for run in _runs(folder) for path in sorted(run.iterdir()))
    return [path for path in files if path.name not in ("model.json", "ledger.json")]


def _runs(folder: Path) -> Sequence[Path]:
    runs = [path.parent for path in sorted(ARCHIVE.glob("format-*/*/model.json"))]
    return [Path(shutil.copytree(run, folder / run.parent.name / run.name)) for run in runs]


def mend_digests(path: Path) -> None:
    """The digests of a run folder made to fit, as far as its manifest can be read."""
    manifest = path.parent / "model.json"
    try:
        facts = json.loads(manifest.read_bytes())
        facts["digests"] = {name: file_digest(path.parent / name) for name in facts["digests"] if "/" not in name}
        content = json.dumps(facts).encode()
        manifest.write_bytes(json.dumps(facts | {"digest": own_digest(content)}).encode())
    # What no reader can parse has no digest.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError):
        return


def loaded(path: Path) -> Any:
    """A run folder as `taut info` and `taut.load` read it, and what costs no compilation."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        info(path.parent)
    assert "\x1b" not in shown.getvalue()
    estimator = taut.load(path.parent)
    fitted = estimator.fitted_
    if fitted.holes is not None:
        fitted.holes.draw(3, seed=0)
    return repr(estimator), fitted.schema.unfolded.entries, fitted.held_out_bound, estimator.history_


def states(folder: Path) -> Sequence[Path]:
    kept = folder / "checkpoints"
    save_signed(kept / state_name(3, 0), host_arrays(STATE))
    (kept / ABOUT).write_text(json.dumps({"about": {"max_epochs": 3, "data": "x"}, "noted": {"words": ["a", "b"]}}))
    return [kept / state_name(3, 0), kept / ABOUT]


STATE = {"weights": np.zeros((3, 2), np.float32), "epoch": np.int32(3) * np.ones((), np.int32)}


def sign(path: Path) -> None:
    """The digest in the header of a state made to fit, where it has one."""
    content = path.read_bytes()
    if path.suffix == ".safetensors" and (signed := SIGNATURE.search(content)):
        bare = content[: signed.start(1)] + UNSIGNED.encode() + content[signed.end(1) :]
        path.write_bytes(bare.replace(UNSIGNED.encode(), hashlib.sha256(bare).hexdigest().encode(), 1))


def resumed(path: Path) -> Any:
    """The newest state in a folder, and what is known of its fit."""
    return facts_in(path.parent), Checkpoints(path.parent, say=lambda _: None).newest(STATE)


def _of_state(content: bytes, rng: random.Random) -> bytes:
    return of_safetensors(content, rng) if content[8:9] == b"{" else trees.of_json(content, rng)


def _of_run_file(content: bytes, rng: random.Random) -> bytes:
    if content.startswith(b"PK"):
        return of_zip(content, rng)
    if content.startswith(b"\x93NUMPY"):
        return of_npy(content, rng)
    return of_safetensors(content, rng) if content[8:9] == b"{" else of_text(content, rng)


def ledgers(folder: Path) -> Sequence[Path]:
    whole = [json.loads(path.read_text()) for path in sorted(ARCHIVE.glob("format-*/*/ledger.json"))]
    whole += [
        json.loads(ledger.to_json()) for ledger in (with_columns(measured(digits_ledger())), exact(digits_ledger()))
    ]
    return [_write(folder / f"{place}.json", json.dumps(each).encode()) for place, each in enumerate(whole)]


def drawn(path: Path) -> Any:
    """A ledger, as text and as a page, in which nothing of the file can run."""
    ledger = Ledger.from_json(path)
    page = render_page(ledger)
    assert "<script" not in page
    assert "\x1b" not in render_text(ledger)
    return page


def improvements(folder: Path) -> Sequence[Path]:
    ACCOUNT.to_json(folder / "a.json")
    return [folder / "a.json"]


def improved(path: Path) -> Any:
    """As `drawn`, of an improvement."""
    read = Improvement.from_json(path)
    assert "<script" not in render_improvement(read)
    assert "\x1b" not in improvement_text(read)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


READERS = {
    "text": Reader(text, of_text, modelled),
    "parquet": Reader(parquets, of_bytes, modelled),
    "npy": Reader(arrays, of_npy, modelled, share=2.0),
    "npz": Reader(archives, of_zip, modelled, share=2.0),
    "idx": Reader(idx, _of_idx, modelled, share=2.0),
    "h5ad": Reader(cells, of_hdf5, modelled),
    "streamed": Reader(streamed, _of_any, in_blocks),
    "schema": Reader(schemas, _of_yaml, with_schema),
    "manifest": Reader(manifests, trees.of_json, loaded, mend_digests, share=0.4),
    "run": Reader(beside_manifests, _of_run_file, loaded, mend_digests, share=0.4),
    "checkpoints": Reader(states, _of_state, resumed, sign, share=0.5),
    "ledger": Reader(ledgers, trees.of_json, drawn, share=0.1),
    "improvement": Reader(improvements, trees.of_json, improved, share=0.2),
    "images": Reader(pictures, _of_image, lambda path: modelled(path.parent)),
}
