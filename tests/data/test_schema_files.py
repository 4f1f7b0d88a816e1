"""A schema as a file that people edit, and as a table that they read."""

import pytest
import yaml

from taut import data
from taut.errors import DataError, OptionError
from tests.data.sentences import refused

SHEET = data.as_sheet(
    {
        "species": ["Adelie", "Gentoo", "Chinstrap", None, "Adelie"] * 4,
        "yes: no": ["yes", "no", None, "no", "yes"] * 4,
        "1990": [1.5, 2.5, 3.25, 4.0, None] * 4,
        "share": [0.1, 0.9, 0.5, 0.25, 0.5] * 4,
        "id": [f"#{row}" for row in range(20)],
        "größe": [1, 2, 3, 4, 1] * 4,
    },
    "birds",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "schema.yaml"


def test_given_back_the_same_schema_comes_out(path):
    schema = data.infer_schema(SHEET, {"1990": "ignore", "größe": {"categories": [4, 3, 2, 1]}})
    data.write_schema(schema, path)
    given = data.read_schema(path)
    assert list(given) == SHEET.columns
    assert given["yes: no"]["categories"] == ["no", "yes"]
    assert given["1990"] == {"kind": "ignore"}
    assert data.infer_schema(SHEET, given) == schema


def test_reasons_stand_beside_and_change_nothing(path):
    data.write_schema(data.infer_schema(SHEET), path)
    text = path.read_text("utf-8")
    assert "species:  # text with 3 distinct values: Adelie, Chinstrap, Gentoo" in text
    assert yaml.safe_load(text)["species"] == {
        "kind": "categorical",
        "family": "categorical",
        "categories": ["Adelie", "Chinstrap", "Gentoo"],
    }


def test_a_person_may_write_less(path):
    path.write_text("1990: positive\nspecies: {categories: [Gentoo, Adelie, Chinstrap]}\n", "utf-8")
    schema = data.infer_schema(SHEET, data.read_schema(path))
    assert schema.column("1990").family == "log-normal"
    assert schema.column("species").categories == ["Gentoo", "Adelie", "Chinstrap"]


def test_each_column_has_its_line():
    lines = data.describe_schema(data.infer_schema(SHEET))
    assert [line["column"] for line in lines] == SHEET.columns
    assert lines[0] == {
        "column": "species",
        "kind": "categorical",
        "family": "categorical",
        "missing": "4 of 20",
        "reason": "text with 3 distinct values: Adelie, Chinstrap, Gentoo",
    }
    assert (lines[4]["kind"], lines[4]["missing"]) == ("identifier", "")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("a: [1, 2\n", DataError, ["schema.yaml", "YAML"]),
        ("- a\n- b\n", DataError, ["schema.yaml", "age: count"]),
        ("# nothing\n", DataError, ["schema.yaml"]),
        ("1990: {kind: reel}\n", OptionError, ["`1990`", "`reel`"]),
        ("1991: real\n", OptionError, ["`1991`", "birds"]),
        ("1990:\n", OptionError, ["`1990`", "None"]),
        ("1990: !!python/object/apply:os.getcwd []\n", DataError, ["schema.yaml"]),
    ],
)
def test_files_that_cannot_be_used(path, text, kind, words):
    path.write_text(text, "utf-8")
    with refused(kind, *words):
        data.infer_schema(SHEET, data.read_schema(path))


def test_a_file_that_is_not_there(path):
    with refused(DataError, "there is no", "schema.yaml"):
        data.read_schema(path)
