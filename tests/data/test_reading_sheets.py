"""Tables of any columns from files of text and parquet."""

import datetime
import time

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from taut import data
from taut.data.layout import decoded
from taut.errors import DataError
from tests.data.sentences import refused


@pytest.fixture
def sheet_of(tmp_path):
    def make(text, name="a.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return data.read_sheet(tmp_path / name)

    return make


def columns(sheet):
    return {name: sheet.native[name].to_pylist() for name in sheet.columns}


def test_penguins_as_they_are_written(sheet_of):
    sheet = sheet_of(
        "species,bill,sex,seen\nAdelie,39.1,male,2007-11-11\nGentoo,NA,NA,\n\nAdelie,40,female,2008-01-03\n"
    )
    assert columns(sheet) == {
        "species": ["Adelie", "Gentoo", "Adelie"],
        "bill": [39.1, None, 40.0],
        "sex": ["male", None, "female"],
        "seen": [datetime.date(2007, 11, 11), None, datetime.date(2008, 1, 3)],
    }
    assert (sheet.named, sheet.notes, sheet.name) == (True, [], "a.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.CSV"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_every_separator_under_every_ending(sheet_of, name, sign):
    assert columns(sheet_of(f"a{sign}b\n1{sign}x\n2{sign}y\n", name)) == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n3,5;1,25\n4;,5\n", {"a": [3.5, 4.0], "b": [1.25, 0.5]}),
        ("a,b;c\n1;2\n", {"a,b": [1], "c": [2]}),
        ('a,b\n"x;y",1\n"z,w",2\n', {"a": ["x;y", "z,w"], "b": [1, 2]}),
        ('a,b\n"x\ny",1\nz,2\n', {"a": ["x\ny", "z"], "b": [1, 2]}),
        ("comment\nhello, you\nbye; now\n", {"comment": ["hello, you", "bye; now"]}),
        ("x\n3,5\n4,5\n", {"x": [3.5, 4.5]}),
        ("x\n1\n\n3\n", {"x": [1, None, 3]}),
        ("a,b\r\n1,x\r\n2,y", {"a": [1, 2], "b": ["x", "y"]}),
        (" a , b \n 1 , x y \n+2 ,  z\n", {"a": [1, 2], "b": ["x y", "z"]}),
        ("a,b,\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4], "unnamed_2": [None, None]}),
        ("a,b\n1e3,-.5\n2,7.\n", {"a": [1000.0, 2.0], "b": [-0.5, 7.0]}),
    ],
)
def test_the_usual_dialects(sheet_of, text, expected):
    assert columns(sheet_of(text)) == expected


@pytest.mark.parametrize("marker", ["", "NA", "N/A", "NaN", "nan", "null", "NULL"])
def test_usual_markers_need_no_word(sheet_of, marker):
    sheet = sheet_of(f"a,b\n1,x\n{marker},{marker}\n2,y\n")
    assert columns(sheet) == {"a": [1, None, 2], "b": ["x", None, "y"]}
    assert sheet.notes == []


@pytest.mark.parametrize("marker", ["None", "?", "n/a"])
def test_other_markers_are_said(sheet_of, marker):
    sheet = sheet_of(f"a,b\n1,x\n{marker},{marker}\n2,y\n")
    assert columns(sheet) == {"a": [1, None, 2], "b": ["x", None, "y"]}
    assert sheet.notes == [f"`{marker}` was read as missing in columns `a`, `b`."]


@pytest.mark.parametrize("marker", ["-", "."])
def test_dashes_are_holes_only_among_numbers(sheet_of, marker):
    sheet = sheet_of(f"a,b\n1.5,x\n{marker},{marker}\n2,y\n")
    assert columns(sheet) == {"a": [1.5, None, 2.0], "b": ["x", marker, "y"]}
    assert sheet.notes == [f"`{marker}` was read as missing in column `a`."]


def test_words_that_only_look_like_markers_stay(sheet_of):
    assert columns(sheet_of("a\nnone\nna\nnull?\n"))["a"] == ["none", "na", "null?"]


def test_decimal_commas_are_said(sheet_of):
    assert sheet_of("a;b\n3,5;x\n4,25;y\n").notes == ["Commas were read as decimal points in column `a`."]


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ('a,b\n"1,234.5",x\n12,y\n', [1234.5, 12.0], "Commas were read as separators of thousands in column `a`."),
        ('a,b\n"1,234",x\n950,y\n', [1234, 950], "Commas were read as separators of thousands in column `a`."),
        ("a;b\n1.234,5;x\n12;y\n", [1234.5, 12.0], "Points were read as separators of thousands in column `a`."),
        ("a;b\n1.234;0,5\n950;0,75\n", [1234, 950], "Points were read as separators of thousands in column `a`."),
        ("a;b\n1,234;x\n5,678;y\n", [1.234, 5.678], "Commas were read as decimal points in column `a`."),
        ("a\tb\n1,234\t0,5\n5,678\t0,25\n", [1.234, 5.678], "Commas were read as decimal points in columns `a`, `b`."),
        ("a;b\n1 234;x\n5;y\n", [1234, 5], "Spaces or apostrophes were read as separators of thousands in column `a`."),
        (
            "a;b\n1'234'567;x\n5;y\n",
            [1234567, 5],
            "Spaces or apostrophes were read as separators of thousands in column `a`.",
        ),
        ("a;b\n1.234;x\n5.678;y\n", [1.234, 5.678], None),
    ],
)
def test_thousands(sheet_of, text, expected, note):
    sheet = sheet_of(text)
    assert columns(sheet)["a"] == expected
    assert (note in sheet.notes) if note else not sheet.notes


def test_a_comma_that_may_be_either_is_refused(sheet_of):
    with refused(DataError, "column `a`", "`1,234`", "row 1 "):
        sheet_of("a\tb\n12\tx\n1,234\ty\n")


@pytest.mark.parametrize("codes", [["00123", "01234"], ["12345678901234567", "12345678901234568"]])
def test_digits_that_numbers_would_lose_stay_text(sheet_of, codes):
    sheet = sheet_of("zip,x\n" + "".join(f"{code},1\n" for code in codes))
    assert columns(sheet)["zip"] == codes
    assert "kept as text" in sheet.notes[0]


def test_truth_values(sheet_of):
    assert columns(sheet_of("a,b\ntrue,True\nFALSE,\n")) == {"a": [True, False], "b": [True, None]}


def test_moments_with_and_without_zone(sheet_of):
    sheet = sheet_of(
        "a,b,c\n2020-01-01 10:30,2020-01-01T10:30:00Z,2020-13-01\n2020-01-02,2020-01-01T10:30:00+02:00,x\n"
    )
    assert [str(field.type) for field in sheet.native.schema] == ["timestamp[us]", "timestamp[us, tz=UTC]", "string"]


def test_numbers_in_the_first_line_are_data(sheet_of):
    sheet = sheet_of("1,2\nNA,4\n")
    assert (sheet.named, columns(sheet)) == (False, {"x0": [1, None], "x1": [2, 4]})
    assert not sheet_of("1;NA\n2;4,5\n").named


def test_names_that_are_numbers_are_pointed_out(sheet_of):
    assert "holds numbers" in sheet_of("country,1990,1991\nA,1,2\n").notes[0]
    assert "counts 0, 1, 2" in sheet_of("0,1,2,3,4\n5,6,7,8,9\n").notes[0]


def test_a_column_without_name_gets_one(sheet_of):
    sheet = sheet_of(",a\n0,5\n1,7\n")
    assert sheet.columns == ["unnamed_0", "a"]
    assert "no name" in sheet.notes[0]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("cp1251", "имя;город\nИван;Москва\nОльга;Казань\nАнна;Тверь\n"),
        ("cp1253", "όνομα;πόλη;ηλικία\n" + "Γιώργος;Αθήνα;31\nΜαρία;Πάτρα;44\n" * 5),
        ("cp1255", "שם;עיר;גיל\n" + "דוד;ירושלים;31\nשרה;חיפה;44\n" * 6),
        ("cp932", "名前;都市;年齢\n" + "太郎;東京;31\n花子;大阪;44\n" * 6),
        ("cp1252", "temperature;rate\n" + "20 °C;3 €\n" * 30),
        ("cp1252", "city;price in £;±\n" + "London;20;1\nLiverpool;30;2\n" * 30),
        ("cp1252", "µg;x\n" + "1;1\n" * 30),
        ("cp1252", "name;x\n" + "Anna;1\n" * 30 + "Åsa;2\n"),
    ],
)
def test_code_pages_are_told_by_their_words(page, text):
    found, (note,) = decoded(text.encode(page), "a.csv")
    assert found == text
    assert f"was read as Windows-{page[2:]}; look at" in note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_encodings(sheet_of, encoding):
    text = ("\ufeff" if encoding == "utf-16-le" else "") + "name;größe\nZoë;1,5\nÅsa;2,5\n"
    sheet = sheet_of(text, encoding=encoding)
    assert columns(sheet) == {"name": ["Zoë", "Åsa"], "größe": [1.5, 2.5]}
    assert any("not UTF-8" in note and "line 1" in note for note in sheet.notes) == (encoding in ("cp1252", "latin-1"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", ["empty"]),
        ("\n\n", ["damaged"]),
        ("a,b\n", ["0 sample(s)"]),
        ("name\n", ["0 sample(s)"]),
        ("a,b\n1,2\n3\n", ["row 1 ", "has 1", "2 cells"]),
        ("1,2\n3,4\n5,6,7\n", ["row 2 ", "has 3"]),
        ("a;b\n1,5;2,5\n1,5;2,5;3,5\n", ["row 1 ", "has 3", "2 cells"]),
        ("a,b, a\n1,2,3\n", ["distinct", "`a`"]),
        (b"a,b\n1,\x81\n", ["byte 0x81", "line 2", "UTF-8", "Windows-1252"]),
        (b"a,b\n1,\0\n", ["damaged", "zero bytes"]),
        (b"\xff\xfea", ["damaged"]),
    ],
)
def test_files_that_cannot_be_used(sheet_of, text, words):
    with refused(DataError, "a.csv", *words):
        sheet_of(text)


def test_other_endings_and_missing_files(tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    with refused(DataError, "a.xlsx", ".csv, .tsv, .txt, .parquet"):
        data.read_sheet(tmp_path / "a.xlsx")
    with refused(DataError, "there is no", "gone.csv"):
        data.read_sheet(tmp_path / "gone.csv")
    with refused(DataError, "is a folder"):
        data.read_sheet(tmp_path)


def test_parquet_keeps_its_types(tmp_path):
    table = pa.table({"a": pa.array([1, None], pa.int8()), "b": pa.array(["x", None]).dictionary_encode()})
    parquet.write_table(table, tmp_path / "a.parquet")
    sheet = data.read_sheet(tmp_path / "a.parquet")
    assert sheet.native.schema.types == table.schema.types
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with refused(DataError, "a.parquet", "damaged"):
        data.read_sheet(tmp_path / "a.parquet")


@pytest.mark.slow
def test_many_columns_take_seconds(tmp_path):
    data.write(np.arange(15_000).reshape(3, 5_000) / 7, tmp_path / "wide.csv")
    start = time.process_time()  # what else the machine does is no fault of the reader
    sheet = data.read_sheet(tmp_path / "wide.csv")
    schema = data.infer_schema(sheet)
    table = data.encode(schema, sheet)
    assert time.process_time() - start < 30
    assert table.values.shape == (3, 5_000)
