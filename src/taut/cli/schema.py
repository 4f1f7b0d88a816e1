"""`taut schema`: DATA → what each column would be taken for, and a file of it that can be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taut.cli.console import Console
from taut.cli.output_paths import check_not_data, check_writable
from taut.cli.parameters import Data, Json, Quiet, with_options
from taut.errors import DataError
from taut.estimators import VAEConfig

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="File of YAML to write, to be edited and given to `taut fit --schema`. Default: none is written.",
        show_default=False,
    ),
]


@with_options(VAEConfig, only=("schema", "na_values"))
def schema(
    data: Data,
    options: VAEConfig,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what each column of DATA would be taken for, and why, before any training.

    `taut fit` looks at the rows that it trains on only, so that it may count fewer missing cells.
    """
    from taut import datasets  # noqa: PLC0415  heavy, and `--help` is not

    if options.schema is not None:
        import taut.likelihoods  # noqa: F401, PLC0415  registers the families that a schema may name
    from taut.data import as_sheet, infer_schema, listed_values, read_schema, write_schema  # noqa: PLC0415  as above

    console = Console(quiet, as_json)
    if out is not None:
        if out.is_dir():
            raise DataError(f"Wanted a file to write; `{out}` is a folder; choose another name.")
        check_writable(out.parent)
        check_not_data(data, out)
    sheet = as_sheet(datasets.load(data)).with_na_values(listed_values(options.na_values))
    found = infer_schema(sheet, {} if options.schema is None else read_schema(str(options.schema)))
    for note in sheet.notes:
        console.say(note)
    console.show_schema(found)
    if out is not None:
        write_schema(found, out)
        console.say(f"Wrote {len(found.columns)} columns to `{out}`; next: taut fit {data} --schema {out} --out RUN")
    columns = [
        {
            "column": column.name,
            "kind": column.kind,
            "family": column.family or None,
            "missing": column.missing,
            "rows": column.missing + column.seen,
            "categories": column.categories,
            "low": column.low,
            "high": column.high,
            "na_values": list(column.na_values),
            "reason": column.reason,
        }
        for column in found.columns
    ]
    console.give({"data": sheet.name, "columns": columns, "out": None if out is None else str(out)})
