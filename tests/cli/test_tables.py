"""Tables through the real command line: types, holes, and each fault of a file in one sentence."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.cli.commands import done, refused
from tests.cli.tables import HEADER, people, read, written

TINY = ("--hidden", 8, "--latent-dim", 2, "--max-epochs", 2)
MODELLED = HEADER[1:-1]


@pytest.fixture(scope="module")
def people_file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("people") / "people.csv", people())


@pytest.fixture(scope="module")
def fit(people_file):
    return done("fit", people_file, "--out", people_file.parent / "run", *TINY, "--labels", "city")


@pytest.fixture(scope="module")
def fitted(fit, people_file):
    """A run of the people; not to be changed."""
    return people_file.parent / "run"


def lines(path):
    header, *rows = read(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


# ── schema and fit ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_schema_says_what_each_column_is_and_why(people_file):
    ended = done("schema", people_file)
    shown = {line.split()[0]: line for line in ended.out.splitlines()}
    assert list(shown) == ["column", *HEADER]
    assert "identifier" in shown["id"]
    assert "two distinct values: no, yes" in shown["member"]
    assert "5 of 90" in shown["height"]
    facts = {column["column"]: column for column in json.loads(done("schema", people_file, "--json").out)["columns"]}
    kinds = {name: facts[name]["kind"] for name in HEADER}
    assert kinds == {
        "id": "identifier", "age": "count", "income": "positive", "height": "real", "city": "categorical",
        "member": "binary", "joined": "date", "note": "text",
    }  # fmt: skip
    assert (facts["city"]["categories"], facts["note"]["family"]) == (["Bonn", "Köln", "Ulm"], None)


def test_a_schema_is_written_edited_and_given_back(people_file, tmp_path):
    ended = done("schema", people_file, "--out", tmp_path / "kinds.yaml")
    assert f"next: taut fit {people_file} --schema {tmp_path / 'kinds.yaml'}" in ended.err
    (tmp_path / "kinds.yaml").write_text("height: positive\nincome: ignore\n")
    facts = json.loads(done("schema", people_file, "--schema", tmp_path / "kinds.yaml", "--json").out)["columns"]
    kinds = {column["column"]: (column["kind"], column["family"]) for column in facts}
    assert kinds["height"] == ("positive", "log-normal")
    assert kinds["income"][1] is None


@pytest.fixture(scope="module")
def rough(tmp_path_factory):
    """A run of a file as spreadsheets write them, with cells that are called missing; and the file."""
    folder = tmp_path_factory.mktemp("rough")
    draw = np.random.default_rng(0)
    days = [np.datetime64("2003-01-05") + 11 * number for number in range(40)]
    cells = [
        [f"{value:.1f} kg" for value in draw.normal(70, 10, 40)],
        [f"${value:,.2f}" for value in np.exp(draw.normal(7, 0.5, 40))],
        [f"{str(day)[8:]}/{str(day)[5:7]}/{str(day)[:4]}" for day in days],
        [f"{day}T{number % 24:02d}:00" for number, day in enumerate(days)],
        [f"{value:.2f}" for value in draw.normal(3, 1, 40)],
    ]
    for column, cell in zip(cells, ("", "#DIV/0!", "", "", "-999"), strict=True):
        column[3] = column[9] = cell
    rows = [list(row) for row in zip(*cells, strict=True)]
    table = written(folder / "rough.csv", rows, ["weight", "price", "born", "seen", "size"], ";")
    done("fit", table, "--out", folder / "run", *TINY, "--na-values", "-999,#DIV/0!")
    return folder / "run", table


def test_schema_names_the_odd_cells(rough):
    facts = json.loads(done("schema", rough[1], "--json").out)["columns"]
    reasons = {column["column"]: column["reason"] for column in facts}
    assert "in kg, as in" in reasons["weight"]
    assert "written day first, as in" in reasons["born"]
    assert reasons["price"].startswith("38 of 40 cells are numbers; rows 3, 9 (counting from 0) hold `#DIV/0!`")
    assert "-999 comes 2 times, far from the others" in reasons["size"]


def test_what_means_missing_is_kept_and_fills_look_like_cells(rough, tmp_path):
    run, table = rough
    for how in (("--draws", 1), ("--how", "median")):
        ended = done("impute", run, table, "--out", tmp_path / "whole.csv", *how)
        assert "Filled 10 cells in 2 of 40 rows" in ended.out
        filled = [read(tmp_path / "whole.csv", ";")[1 + row][-5:] for row in (3, 9)]
        shapes = [r"-?\d+\.\d kg", r"-?\$[\d,]+\.\d\d", r"\d\d/\d\d/\d{4}", r"\d{4}-\d\d-\d\dT\d\d:00", r"-?\d+\.\d\d"]
        for row in filled:
            assert all(re.fullmatch(shape, cell) for shape, cell in zip(shapes, row, strict=True)), row
    done("sample", run, "-n", 3, "--out", tmp_path / "new.csv")
    for line in lines(tmp_path / "new.csv"):
        assert re.fullmatch(r"-?\d+\.\d kg", line["weight"])
        assert re.fullmatch(r"\d\d/\d\d/\d{4}", line["born"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:00:00", line["seen"])
        assert float(line["size"]) == round(float(line["size"]), 2)


def test_later_files_are_read_as_the_fit_was(rough, tmp_path):
    run, table = rough
    header, *rows = read(table, ";")
    rows[5][4] = "gone"
    new = written(tmp_path / "new.csv", rows[:8], header, ";")
    assert "`gone`" in refused("score", run, new, "--out", tmp_path / "scores.csv", "--quiet")
    done("score", run, new, "--out", tmp_path / "scores.csv", "--draws", 10, "--na-values", "gone")
    pounds = written(tmp_path / "lb.csv", [[row[0].replace("kg", "lb"), *row[1:]] for row in rows[:3]], header, ";")
    assert "in kg in column `weight`" in refused("score", run, pounds, "--out", tmp_path / "scores.csv", "--quiet")


@pytest.mark.slow
def test_lines_around_a_table_stay_where_they_are(fitted, people_file, tmp_path):
    rows = people_file.read_text().splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(["# from the office\n", rows[0], ",years,EUR,cm,,,,\n", *rows[1:]]))
    ended = done("impute", fitted, tmp_path / "a.csv", "--out", tmp_path / "b.csv")
    assert "holds units (years, EUR, cm)" in ended.err
    written_lines = (tmp_path / "b.csv").read_text().splitlines(keepends=True)
    assert (written_lines[0], written_lines[2]) == ("# from the office\n", ",years,EUR,cm,,,,\n")
    assert len(written_lines) == len(rows) + 2


def test_fit_shows_the_schema_before_it_trains(fit):
    assert "Likelihood: mixed, because each column has a likelihood of its own kind." in fit.err
    assert "Training on 81 rows of 6 columns; 9 are held out." in fit.err
    assert fit.err.index("two distinct values: no, yes") < fit.err.index("Training on")
    assert max(map(len, fit.err.splitlines())) < 200, "one line for each column, and nothing folded"


def test_info_names_the_columns_by_line(fitted):
    said = done("info", fitted).out
    assert "columns" in said
    assert any(line.startswith("city") and "categorical" in line for line in said.splitlines())
    facts = json.loads(done("info", fitted, "--json").out)
    assert facts["architecture"]["schema"]["columns"][0]["name"] == "id"


def test_separators_commas_and_encodings(tmp_path):
    rows = [[cell.replace(".", ",") for cell in row] for row in people()]
    text = "\n".join(";".join(row) for row in [HEADER, *rows]).replace("Köln", "Köln")
    (tmp_path / "west.csv").write_bytes(text.encode("cp1252"))
    written(tmp_path / "tabs.tsv", people(), sign="\t")
    west, tabs = done("schema", tmp_path / "west.csv", "--json"), done("schema", tmp_path / "tabs.tsv", "--json")
    assert "Commas were read as decimal points in columns `income`, `height`." in west.err
    assert "was read as Windows-1252; look at accented letters." in west.err
    columns = [json.loads(each.out)["columns"] for each in (west, tabs)]
    assert columns[0] == columns[1]


def test_numbers_of_one_named_likelihood_are_one_block(tmp_path):
    written(tmp_path / "block.csv", [[str(n % 7), str(n % 5), str(n % 3)] for n in range(40)], header=None)
    options = (*TINY, "--batch-size", 20, "--likelihood", "poisson")
    ended = done("fit", tmp_path / "block.csv", "--out", tmp_path / "run", *options)
    assert "Training on 36 rows of 3 numbers; 4 are held out." in ended.err
    facts = json.loads(done("info", tmp_path / "run", "--json").out)
    assert facts["architecture"]["schema"]["columns"][0]["block"]["width"] == 3
    done("sample", tmp_path / "run", "-n", 2, "--out", tmp_path / "s.csv", "--given", "x0=1")
    assert [row[0] for row in read(tmp_path / "s.csv")] == ["x0", "1", "1"]
    (tmp_path / "holed.csv").write_text("1,2,0\n,3,2\n5,,1\n")
    done("impute", tmp_path / "run", tmp_path / "holed.csv", "--out", tmp_path / "whole.csv")
    first, second, third = read(tmp_path / "whole.csv")
    assert (first, second[1:], third[::2]) == (["1", "2", "0"], ["3", "2"], ["5", "1"])
    assert second[0].isdigit()
    assert third[1].isdigit()


def test_a_rough_table_is_fitted_and_everything_odd_is_said(tmp_path):
    rows = [[row[2].replace(".", ","), "", row[4], row[7], ""] for row in people(60)]
    rows[7] = [""] * 5
    written(tmp_path / "rough.csv", rows, ["income", "empty", "Städte", "note", ""], sign=";")
    ended = done("fit", tmp_path / "rough.csv", "--out", tmp_path / "run", *TINY)
    assert "Commas were read as decimal points in column `income`." in ended.err
    assert "Column 4 has no name and is called `unnamed_4`." in ended.err
    assert "no cell is there; ignored" in ended.err
    assert "free text of" in ended.err
    assert "1 of 60 rows have no cell that is modelled; their log p(x) is 0 by definition." in ended.err
    done("score", tmp_path / "run", tmp_path / "rough.csv", "--out", tmp_path / "s.csv", "--draws", 500)
    assert float(lines(tmp_path / "s.csv")[7]["log_p"]) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty (0 bytes)"),
        (b"age,city\n", "Wanted rows below the column names;"),
        (b"age,city\n1,a\n2,b,c\n", "row 1 (counting from 0) of `bad.csv` has 3;"),
        (b"age,age\n1,2\n3,4\n", "`bad.csv` has `age` more than once;"),
        (b"age\n1\n\x81\x8d\n", "which is neither UTF-8 nor Windows-1252;"),
        (
            b"age,x\n1.5,a\ninf,b\n2.5,a\n1.5,b\n0.5,a\n",
            "column `age` of `bad.csv`; row 1 (counting from 0) holds `inf`;",
        ),
        (b"age,x\n1.5,2\n", "Wanted at least 2 rows to fit;"),
        (b"id,x\nu1,same\nu2,same\nu3,same\n", "has none (`id` is identifier, `x` is constant);"),
    ],
    ids=["empty", "header only", "ragged", "twins", "encoding", "infinite", "one row", "nothing to model"],
)
def test_files_that_cannot_be_fitted(content, said, tmp_path):
    (tmp_path / "bad.csv").write_bytes(content)
    assert said in refused("fit", tmp_path / "bad.csv", "--out", tmp_path / "run", *TINY, "--validation-fraction", 0)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_thousands_of_columns_and_three_rows_are_looked_at(tmp_path):
    draw = np.random.default_rng(0)
    cells = [[f"{value:.3f}" for value in draw.normal(size=5000)] for _ in range(3)]
    written(tmp_path / "wide.csv", cells, [f"c{number}" for number in range(5000)])
    assert len(done("schema", tmp_path / "wide.csv").out.splitlines()) == 5001


def test_schemas_that_make_no_sense(people_file, tmp_path):
    def said(text):
        (tmp_path / "kinds.yaml").write_text(text)
        words = ("--schema", tmp_path / "kinds.yaml", "--out", tmp_path / "run", *TINY)
        return refused("fit", people_file, *words)

    assert "`wrong`" in said("wrong: count\n")
    assert "got `whole`" in said("age: whole\n")
    assert "column `city`" in said("city: count\n")
    assert "Wanted a schema in YAML;" in said("age: [\n")
    assert not (tmp_path / "run").exists()


# ── impute ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def imputed(fitted, people_file):
    folder = people_file.parent
    words = ("--out", folder / "whole.csv", "--errors", folder / "errors.csv", "--json")
    return json.loads(done("impute", fitted, people_file, *words).out), folder


def test_impute_keeps_what_was_there_to_the_letter(imputed, people_file):
    facts, folder = imputed
    before, after = read(people_file), read(folder / "whole.csv")
    assert [len(row) for row in after] == [len(row) for row in before]
    changed = [
        (row, place)
        for row, (old, new) in enumerate(zip(before, after, strict=True))
        for place in range(len(HEADER))
        if old[place] != new[place]
    ]
    holes = [
        (row, place)
        for row, cells in enumerate(before)
        for place, cell in enumerate(cells)
        if cell == "NA" and HEADER[place] != "note"
    ]
    assert changed == holes
    assert facts["filled"] == len(holes) == 25
    assert facts["columns"] == dict.fromkeys(["income", "height", "city", "member", "joined"], 5)


def test_filled_cells_look_like_cells(imputed):
    rows = lines(imputed[1] / "whole.csv")
    assert {row["city"] for row in rows} == {"Bonn", "Köln", "Ulm"}
    assert {row["member"] for row in rows} == {"yes", "no"}
    assert all(np.datetime64(row["joined"]) > np.datetime64("2000-01-01") for row in rows)
    assert all(float(row["income"]) > 0 for row in rows)


def test_errors_say_how_sure_each_cell_is(imputed):
    found, whole = lines(imputed[1] / "errors.csv"), lines(imputed[1] / "whole.csv")
    assert len(found) == 25
    for line in found:
        assert line["value"] == whole[int(line["row"])][line["column"]]
        if line["column"] in ("city", "member"):
            assert 0 < float(line["probability"]) <= 1
            assert line["std_dev"] == line["low"] == ""
        elif line["column"] == "joined":
            assert line["low"] < line["value"] < line["high"]
        else:
            assert float(line["low"]) < float(line["value"]) < float(line["high"])
            assert float(line["std_dev"]) > 0


@pytest.mark.slow
def test_multiple_imputation_is_one_long_file(fitted, people_file, tmp_path):
    ended = done("impute", fitted, people_file, "--out", tmp_path / "long.csv", "--draws", 3)
    header, *rows = read(tmp_path / "long.csv")
    assert header == ["imputation", *HEADER]
    assert [row[0] for row in rows] == ["1"] * 90 + ["2"] * 90 + ["3"] * 90
    completions = [[row[1:] for row in rows[start : start + 90]] for start in (0, 90, 180)]
    assert completions[0] != completions[1]
    before = read(people_file)[1:]
    for whole in completions:
        pairs = [pair for rows in zip(before, whole, strict=True) for pair in zip(*rows, strict=True)]
        assert all(old in ("NA", new) for old, new in pairs)
    assert "Filled 25 cells in" in ended.out
    assert "`note` is not modelled: its 5 missing cells stay empty." in ended.err


@pytest.mark.slow
def test_impute_keeps_commas_and_separators(fitted, tmp_path):
    rows = [[cell.replace(".", ",") for cell in row] for row in people(12, seed=5)]
    written(tmp_path / "west.csv", rows, sign=";")
    done("impute", fitted, tmp_path / "west.csv", "--out", tmp_path / "whole.csv")
    before, after = read(tmp_path / "west.csv", ";"), read(tmp_path / "whole.csv", ";")
    for old, new in zip(before, after, strict=True):
        for place, cell in enumerate(old):
            assert new[place] == cell or (cell == "NA" and "." not in new[place])


@pytest.mark.slow
def test_impute_goes_to_parquet_with_types(fitted, tmp_path):
    source = written(tmp_path / "some.csv", people(12, seed=5))
    done("impute", fitted, source, "--out", tmp_path / "whole.parquet", "--how", "median")
    table = parquet.read_table(tmp_path / "whole.parquet")
    assert table.schema.field("joined").type == pa.date32()
    assert table.schema.field("age").type == pa.int64()
    assert table["income"].null_count == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--draws", 0), "`--draws` wants at least 1 completion; got 0;"),
        (("--draws", 2, "--how", "median"), "`--how` wants a single imputation;"),
        (("--how", "average"), "got `average`; choose one."),
        (("--level", 1), "`--level` wants a share between 0 and 1; got 1.0;"),
        (("--errors", "errors.npy"), "Wanted a file ending in .csv, .parquet; got `errors.npy`;"),
    ],
)
def test_imputations_that_make_no_sense(words, said, fitted, people_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused("impute", fitted, people_file, "--out", "whole.csv", *words, "--quiet")
    assert list(tmp_path.iterdir()) == []


def test_data_are_never_written_over(fitted, people_file):
    assert "Wanted other files to write than DATA" in refused("impute", fitted, people_file, "--out", people_file)


# ── score ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_scores_with_p_values_state_their_reference(fitted, people_file, tmp_path):
    ended = done("score", fitted, people_file, "--out", tmp_path / "s.csv", "--draws", 20, "--p-values")
    values = np.array([float(line["outlier_p_value"]) for line in lines(tmp_path / "s.csv")])
    assert "Each outlier p-value is against 199 rows that the model simulates, without the same cells (" in ended.err
    assert values.min() >= 1 / 200
    assert values.max() <= 1
    assert len(values) == 90


def test_chances_of_a_column_given_the_others_add_up_to_one(fitted, tmp_path):
    row = people(12, seed=2)[0]
    three = [[*row[:4], city, *row[5:]] for city in ("Bonn", "Köln", "Ulm")]
    source = written(tmp_path / "three.csv", three)
    ended = done("score", fitted, source, "--out", tmp_path / "s.csv", "--of", "city", "--draws", 300)
    assert sum(np.exp(float(line["log_p"])) for line in lines(tmp_path / "s.csv")) == pytest.approx(1, abs=0.1)
    assert "Mean log p(city | the rest) over 3 rows, estimated: " in ended.out
    words = ("score", fitted, source, "--out", tmp_path / "none.csv", "--of")
    assert "`--of` wants columns among age, income," in refused(*words, "town")
    assert "leave out one of them." in refused(*words, "city", "--p-values")
    assert not (tmp_path / "none.csv").exists()


def test_unseen_categories_are_said_and_refused_if_asked(fitted, tmp_path):
    rows = people(6, seed=2)
    rows[3][4] = "Mainz"
    source = written(tmp_path / "new.csv", rows)
    words = ("score", fitted, source, "--out", tmp_path / "s.csv", "--draws", 5)
    said = done(*words).err
    assert "Column `city`: 1 row with a category that the fit did not see, first `Mainz` in row 3" in said
    (tmp_path / "s.csv").unlink()
    assert "row 3 (counting from 0) holds `Mainz`;" in refused(*words, "--strict")
    assert not (tmp_path / "s.csv").exists()
    written(tmp_path / "hole.csv", [[*row[:4], "NA", *row[5:]] if row[4] == "Mainz" else row for row in rows])
    done(*words)
    scores = [read(tmp_path / "s.csv")[4]]
    done("score", fitted, tmp_path / "hole.csv", "--out", tmp_path / "s.csv", "--draws", 5)
    assert scores == [read(tmp_path / "s.csv")[4]]


@pytest.mark.parametrize(
    ("place", "cell", "said"),
    [
        (1, "old", "Wanted numbers in column `age`"),
        (6, "soon", "Wanted dates in ISO form, such as 2020-02-29, in column `joined`"),
        (2, "-5", "Wanted numbers above 0 in column `income`"),
        (1, "2.5", "Wanted whole numbers from 0 up in column `age`"),
    ],
)
def test_cells_that_changed_their_type(place, cell, said, fitted, tmp_path):
    rows = people(6, seed=2)
    rows[4][place] = cell
    sentence = refused("score", fitted, written(tmp_path / "new.csv", rows), "--out", tmp_path / "s.csv")
    assert said in sentence
    assert f"row 4 (counting from 0) holds `{cell}`;" in sentence
    assert not (tmp_path / "s.csv").exists()


def test_columns_are_found_by_name_and_missed_by_name(fitted, tmp_path):
    rows = people(6, seed=2)
    shuffled = [[row[4], *row[:4], *row[5:], "more"] for row in rows]
    names = [HEADER[4], *HEADER[:4], *HEADER[5:], "extra"]
    words = ("--draws", 5, "--out")
    ended = done("score", fitted, written(tmp_path / "b.csv", shuffled, names), *words, tmp_path / "b.out.csv")
    done("score", fitted, written(tmp_path / "a.csv", rows), *words, tmp_path / "a.out.csv", "--quiet")
    assert read(tmp_path / "a.out.csv") == read(tmp_path / "b.out.csv")
    assert "Not among the columns of the fit, and ignored: `extra`." in ended.err
    without = written(tmp_path / "c.csv", [row[:4] + row[5:] for row in rows], HEADER[:4] + HEADER[5:])
    assert "Wanted the column `city` of the fit;" in refused("score", fitted, without, *words, tmp_path / "c.out.csv")


# ── embed, reconstruct, sample ───────────────────────────────────────────────────────────────────────────────────────


def test_embed_and_reconstruct_keep_rows_and_types(fitted, people_file, tmp_path):
    done("embed", fitted, people_file, "--out", tmp_path / "z.npy")
    assert np.load(tmp_path / "z.npy").shape == (90, 2)
    ended = done("reconstruct", fitted, people_file, "--out", tmp_path / "x.parquet")
    table = parquet.read_table(tmp_path / "x.parquet")
    assert table.column_names == MODELLED
    assert (table.num_rows, table.schema.field("joined").type) == (90, pa.date32())
    assert set(table["city"].to_pylist()) <= {"Bonn", "Köln", "Ulm"}
    assert "Not modelled, and left out: `id`, `note`." in ended.err
    assert "Wanted a file ending in .csv, .parquet;" in refused(
        "reconstruct", fitted, people_file, "--out", tmp_path / "x.npy"
    )


def test_samples_have_types_and_what_is_given(fitted, tmp_path):
    given = ("--given", "age=50", "--given", "city=Köln", "--given", "joined=2015-03-01")
    done("sample", fitted, "-n", 20, "--out", tmp_path / "s.parquet", *given)
    table = parquet.read_table(tmp_path / "s.parquet")
    assert table.column_names == MODELLED
    assert set(table["age"].to_pylist()) == {50}
    assert set(table["city"].to_pylist()) == {"Köln"}
    assert {str(day) for day in table["joined"].to_pylist()} == {"2015-03-01"}
    assert set(table["member"].to_pylist()) <= {"yes", "no"}
    assert len(set(table["income"].to_pylist())) > 10


def test_samples_lack_cells_as_the_training_rows_did(fitted, tmp_path):
    words = ("sample", fitted, "-n", 100, "--given", "member=yes", "--seed", 3)
    done(*words, "--out", tmp_path / "whole.csv")
    done(*words, "--holes", "--out", tmp_path / "holes.csv")
    whole, holes = lines(tmp_path / "whole.csv"), lines(tmp_path / "holes.csv")
    assert all(row["member"] == "yes" and row["age"] for row in holes)
    counts = {name: sum(row[name] == "" for row in holes) for name in MODELLED}
    assert all(1 <= counts[name] <= 20 for name in ("income", "height", "city", "joined")), counts
    same = [old[name] == new[name] for old, new in zip(whole, holes, strict=True) for name in MODELLED if new[name]]
    assert all(same)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("age", "`--given` wants COLUMN=VALUE; got `age`;"),
        ("size=3", "`--given` wants a column among `age`, `income`,"),
        ("id=u1", "got `id`, which is identifier;"),
        ("age=old", "`--given age` wants a number; got `old`;"),
        ("age=1.5", "`--given age` wants a whole number from 0 up; got `1.5`;"),
        ("income=-1", "`--given income` wants a number above 0; got `-1`;"),
        ("income=inf", "`--given income` wants a number; got `inf`;"),
        ("city=Mainz", "`--given city` wants one of Bonn, Köln, Ulm; got `Mainz`;"),
        ("joined=soon", "`--given joined` wants a date in ISO form; got `soon`;"),
    ],
)
def test_given_values_that_cannot_be(word, said, fitted, tmp_path):
    assert said in refused("sample", fitted, "-n", 2, "--out", tmp_path / "s.csv", "--given", word)
    assert not (tmp_path / "s.csv").exists()


def test_given_once_only(fitted, tmp_path):
    words = ("--given", "age=1", "--given", "age=2")
    assert "got `age` twice;" in refused("sample", fitted, "-n", 2, "--out", tmp_path / "s.csv", *words)


# ── audit, compare, info ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_audit_of_held_out_rows(fitted, tmp_path):
    words = ("--draws", 20, "--no-bracket", "--rows", 4, "--out", tmp_path)
    assert json.loads(done("audit", fitted, *words, "--json").out)["rows"] == 4
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def unlike(people_file):
    """The same people, measured in thousandths."""
    folder = people_file.parent
    rows = [[*row[:3], "NA" if row[3] == "NA" else str(float(row[3]) * 1000), *row[4:]] for row in people()]
    done("fit", written(folder / "metres.csv", rows), "--out", folder / "metres", *TINY)
    return folder / "metres"


def test_comparison_of_tables(fitted, unlike, people_file, tmp_path):
    words = ("compare", fitted, fitted, people_file, "--no-bracket", "--draws", 20, "--rows", 10, "--json")
    ended = done(*words)
    itself = json.loads(ended.out)["differences"][0]
    assert (itself["mean"], itself["rows"]) == (0, 10)
    assert f"WARNING: `{fitted}` has trained on 81 of these 90 rows" in ended.err
    said = refused("compare", fitted, unlike, people_file)
    assert "data in the same units; column `height` was 0.001 times as large" in said
