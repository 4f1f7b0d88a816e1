"""What people write around a table in text: each is understood, and said, or refused in a sentence."""

import pytest

from taut import data
from taut.data.layout import laid_out
from taut.errors import DataError
from tests.data.sentences import refused


def read(folder, text, name="a.csv"):
    (folder / name).write_text(text, "utf-8")
    sheet = data.read_sheet(folder / name)
    return {column: sheet.native[column].to_pylist() for column in sheet.columns}, sheet.notes


AB = {"a": [1, 2, 3], "b": [4, 5, 6]}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("# made by hand, 2003\n#\n\na,b\n1,4\n2,5\n3,6\n", "2 lines that begin with # were left out"),
        ("# a b\n1 4\n2 5\n3 6\n", "was taken for column names"),
        ("#a,b\n1,4\n2,5\n3,6\n", "was taken for column names"),
        ("sep=;\na;b\n1;4\n2;5\n3;6\n", None),
        ("a|b\n1|4\n2|5\n3|6\n", None),
        ("| a | b |\n|---|:-:|\n| 1 | 4 |\n| 2 | 5 |\n| 3 | 6 |\n", None),
        ("a b\n1 4\n2 5\n3 6\n", "set apart at blanks"),
        ("  a   b\n  1   4\n  2   5\n  3   6\n", "set apart at blanks"),
        ("a,b\n1,4,\n2,5,\n3,6,\n", "ends with a separator"),
        ("a,b\nkg,m/s\n1,4\n2,5\n3,6\n", "The line below the names holds units (kg, m/s) and was left out."),
        ("a,b\n[kg],\n1,4\n2,5\n3,6\n", "units ([kg])"),
        ("\ufeffa;b\r\n1;4\r\n2;5\r\n3;6\r\n", None),
    ],
)
def test_one_table_in_many_dresses(tmp_path, text, note):
    columns, notes = read(tmp_path, text)
    assert columns == AB
    assert (note is None and not notes) or any(note in said for said in notes)


@pytest.mark.parametrize(
    "text",
    [
        "city\nNew York\nSan Juan\n",
        "my weight\n70.1 kg\n71 kg\n80 kg\n",
        "full name\nAnn Lee\nBob Ray\n",
        "x\n1 234\n5 678\n",
        "when\n2020-01-01 10:00\n2020-01-02 11:00\n",
        "tags\na|b\nc|d|e\n",
        "#1\n#2\n#3\n",
    ],
)
def test_one_column_stays_one(tmp_path, text):
    assert len(read(tmp_path, text)[0]) == 1


def test_an_odd_first_row_is_no_line_of_units(tmp_path):
    columns, _ = read(tmp_path, "a,b\nmissing,4\n1,4\n2,5\n3,6\n")
    assert columns["a"] == ["missing", "1", "2", "3"]
    assert read(tmp_path, "a,c\nmissing,x\n1,x\n2,y\n3,z\n")[0]["c"] == ["x", "x", "y", "z"]


@pytest.mark.parametrize("text", ["x y z\n1 2 3\n1 2\n4 5 6\n", "a   b   c\n1   2   3\n4       5\n6   7   8\n"])
def test_ragged_blanks_are_refused(tmp_path, text):
    with refused(DataError, "from 2 to 3", "write it with commas"):
        read(tmp_path, text)


def test_the_table_of_numbers_is_laid_out_alike(tmp_path):
    (tmp_path / "a.csv").write_text("# x\na b\n1 4\n2 5\n")
    assert data.as_table(data.read(tmp_path / "a.csv")).values.tolist() == [[1, 4], [2, 5]]


def test_line_ends_inside_cells_stay():
    assert laid_out('a,b\n"x\ny",1\n"\u2028",2\n', "a.csv").text == 'a,b\n"x\ny",1\n"\u2028",2\n'
