"""The notebooks run from the first cell to the last, what they assert holds, and what is stored of a run is whole."""

import json
import re
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
MOST_BYTES = 400_000
# A path of one machine, the address of an object, or the name of a host in an output or a text.
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|root|tmp|work|usr|opt|var|Users|private)/|\b0x[0-9a-f]{6,}|localhost"
)

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


def code(path: Path) -> list[dict]:
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def text_of(cell: dict) -> str:
    """The source of a cell, and all that it printed or showed but pictures."""
    outputs = cell.get("outputs", [])
    shown = [data for output in outputs for kind, data in output.get("data", {}).items() if kind != "image/png"]
    return "\n".join(
        "".join(part) for part in [cell["source"], *(output.get("text", "") for output in outputs), *shown]
    )


@each
def test_what_is_stored_is_of_one_run_from_top_to_bottom_without_errors_or_warnings(path):
    assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))
    outputs = [output for cell in code(path) for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)


@each
def test_a_notebook_is_small_and_of_no_one_machine(path):
    assert path.stat().st_size < MOST_BYTES
    assert [found.group() for cell in cells(path) for found in OF_ONE_MACHINE.finditer(text_of(cell))] == []
    notebook = json.loads(path.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert [cell["metadata"] for cell in notebook["cells"] if cell["metadata"]] == []


@each
def test_every_link_leads_to_a_file(path):
    text = "\n".join(text_of(cell) for cell in cells(path) if cell["cell_type"] == "markdown")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert links
    assert [link for link in links if "://" not in link and not (path.parent / link).is_file()] == []


def test_every_notebook_is_listed_with_a_line():
    page = (ROOT / "docs" / "tutorials.md").read_text("utf-8")
    assert {path.name for path in NOTEBOOKS} == set(re.findall(r"[a-z_]+\.ipynb", page))


@pytest.mark.slow
@each
def test_a_notebook_runs(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    with mpl.rc_context({"backend": "agg"}):
        for cell in code(path):
            exec(compile("".join(cell["source"]), path.name, "exec"), names)
        assert pyplot.get_fignums()
        pyplot.close("all")
    assert list(tmp_path.iterdir()) == []
