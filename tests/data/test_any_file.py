"""Whatever lies in a file of text: a table, or a sentence; and what a table gives, it takes back."""

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taut import data
from taut.errors import DataError

CELLS = [
    "",
    "1",
    "2",
    "3.5",
    "-1",
    "a",
    "b",
    "NA",
    "?",
    "1,5",
    '"1,234"',
    "true",
    "False",
    "2020-01-01",
    "inf",
    "1e300",
]
CELLS += [
    "2020-01-01 10:00",
    "1e400",
    "007",
    "nan",
    "free text " * 9,
    "1.234",
    "0",
    "0.5",
    '"',
    "9" * 16,
    "9" * 20,
    "é",
    "1e-320",
]
ROWS = st.lists(st.lists(st.sampled_from(CELLS), min_size=3, max_size=3), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


def holds(content, folder):
    (folder / "a.csv").write_bytes(content)
    try:
        sheet = data.read_sheet(folder / "a.csv")
        schema = data.infer_schema(sheet)
    except DataError as error:
        message = str(error)
        assert message.endswith(".")
        assert "\n" not in message
        return
    table = data.encode(schema, sheet)
    assert not np.isinf(table.values).any()
    filled = np.where(np.isnan(table.values), 0.3, table.values)
    assert len(data.fill(schema, sheet, filled)) == len(sheet)
    assert data.decode(schema, filled, like=sheet).num_rows == (len(sheet) if schema.modelled else 0)
    assert msgspec.json.decode(msgspec.json.encode(schema), type=data.Schema) == schema
    data.write_schema(schema, folder / "a.yaml")
    assert data.infer_schema(sheet, data.read_schema(folder / "a.yaml")) == schema


@settings(max_examples=60)
@given(rows=ROWS, sign=st.sampled_from(",;\t"))
@example(rows=[['"', "", ""], ["", '"', ""], ["", "", ""]], sign=",")
def test_any_cells(folder, rows, sign):
    holds("\n".join(sign.join(row) for row in rows).encode(), folder)


@settings(max_examples=60)
@given(content=st.binary(max_size=80))
@example(content=b"\x01\n\x01")
def test_any_bytes(folder, content):
    holds(content, folder)
