"""Runs of tables that end early, go on, are compared, or are of another kind than asked for."""

import dataclasses
import json

import numpy as np
import pytest

from taut import datasets, load
from taut.cli.rows import labels_for
from taut.data import Schema, Table
from taut.errors import DataError
from taut.estimators.comparability import check_comparable
from tests.cli.commands import done, refused, run
from tests.cli.tables import people, written
from tests.cli.test_interrupting import interrupted_after_first_epoch

TINY = ("--hidden", 8, "--latent-dim", 2)


@pytest.fixture(scope="module")
def people_file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("people") / "people.csv", people())


@pytest.fixture(scope="module")
def limited(people_file):
    """A run that a time limit stopped after its first epoch, and what was said."""
    folder = people_file.parent / "run"
    return folder, done("fit", people_file, "--out", folder, *TINY, "--max-epochs", 3, "--time-limit", 0.001)


def test_a_time_limit_leaves_a_run_that_can_be_used(limited):
    folder, ended = limited
    facts = json.loads(done("info", folder, "--json").out)
    assert "time" in ended.out
    assert facts["outcome"]["code"] not in ("diverged", "interrupted")
    assert load(folder).schema_ is not None


def test_resuming_wants_the_same_table_and_schema(limited, people_file, tmp_path):
    folder, _ = limited
    words = ("--out", folder, *TINY, "--max-epochs", 3, "--resume")
    other = written(tmp_path / "other.csv", people(seed=1))
    assert "Resuming wants the fit it goes on with;" in refused("fit", other, *words, "--quiet")
    (tmp_path / "kinds.yaml").write_text("height: ignore\n")
    said = refused("fit", people_file, *words, "--schema", tmp_path / "kinds.yaml", "--quiet")
    assert "Resuming wants the fit it goes on with; `--schema` was None and is" in said
    assert json.loads(done("fit", "--resume", folder, "--time-limit", "none", "--json").out)["epochs"] == 3


@pytest.mark.slow
def test_ctrl_c_keeps_a_run_that_loads_and_goes_on(tmp_path):
    words = [str(word) for word in ("fit", "penguins", *TINY, "--max-epochs", 60, "--out", tmp_path / "run", "--json")]
    code, out, said = interrupted_after_first_epoch(words)
    assert code == 130, said
    stopped = json.loads(out)
    assert stopped["outcome"] == "interrupted"
    done("embed", tmp_path / "run", "penguins", "--out", tmp_path / "z.csv")
    went_on = run("fit", "--resume", tmp_path / "run", "--json")
    assert went_on.code == 0, went_on.err
    assert json.loads(went_on.out)["epochs"] == 60


# ── comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def fitted(limited):
    return load(limited[0]).fitted_


def with_columns(fitted, change):
    """The fit with each column as `change` makes it, or without those of which it makes None."""
    columns = (change(column) for column in fitted.schema.columns)
    schema = Schema(columns=tuple(column for column in columns if column is not None))
    return dataclasses.replace(fitted, architecture=dataclasses.replace(fitted.architecture, schema=schema))


def only(name, **changes):
    return lambda column: dataclasses.replace(column, **changes) if column.name == name else column


UNLIKE = {
    "columns": (
        lambda column: None if column.name == "city" else column,
        "models of the same columns; `a` models `city` and `b` does not; fit both to one table with one schema.",
    ),
    "kind": (
        only("height", kind="positive", family="log-normal"),
        "`height` is real in `a` and covers all numbers, while it is positive in `b` and covers numbers above 0;",
    ),
    "categories": (
        only("city", categories=["Bonn", "Ulm"]),
        "covers only Bonn, Köln, Ulm, while it is categorical in `b` and covers only Bonn, Ulm;",
    ),
    "given": (
        only("note", given=True),
        "models that are given the same columns; `a` and `b` are not;",
    ),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_tables_that_cannot_be_compared(name, fitted, people_file):
    change, said = UNLIKE[name]
    with pytest.raises(DataError) as refusal:
        check_comparable({"a": fitted, "b": with_columns(fitted, change)}, datasets.load(people_file))
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("A comparison wants ")
    assert ". " not in str(refusal.value)


def test_families_of_one_kind_and_ordered_categories_can_be_compared(fitted, people_file):
    heavy = with_columns(fitted, only("height", family="student-t"))
    ordered = with_columns(fitted, only("city", kind="ordinal", family="ordered-logit"))
    check_comparable({"a": fitted, "b": heavy, "c": ordered}, datasets.load(people_file))


def test_a_table_and_a_block_cannot_be_compared(finished, limited, people_file):
    said = refused("compare", limited[0], finished, people_file)
    assert "was fitted to a table, column by column, and" in said


# ── labels ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_labels_are_a_column_of_the_table_or_of_another(people_file, tmp_path):
    sheet = datasets.load(people_file)
    assert labels_for(None, sheet) is None
    cities = labels_for("city", sheet)
    assert set(cities) == {"Bonn", "Köln", "Ulm", ""}
    written(tmp_path / "labels.tsv", [[str(number)] for number in range(90)], ["which"])
    assert labels_for(str(tmp_path / "labels.tsv"), sheet).tolist() == [str(number) for number in range(90)]
    assert np.unique(labels_for("sex", datasets.penguins())).tolist() == ["", "female", "male"]


def test_a_vector_in_an_array_file_is_one_label_for_each_row(tmp_path):
    table = Table(values=np.zeros((3, 2)), name="rows")
    np.savez(tmp_path / "all.npz", other=np.zeros((2, 2)), labels=np.array([7, 1, 2], dtype=np.uint8))
    np.save(tmp_path / "labels.npy", np.array([0.5, 1.0, 2.0]))
    assert labels_for(f"{tmp_path / 'all.npz'}:labels", table).tolist() == ["7", "1", "2"]
    assert labels_for(str(tmp_path / "labels.npy"), table).tolist() == ["0.5", "1", "2"]
