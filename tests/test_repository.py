"""Promises that no single module can keep: what importing does, what is public, what the repository may hold."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import griffe
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "taut"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

MODULES = sorted(PACKAGE.rglob("*.py"))
# A line of the house is a file or a folder; the files inside a folder are its own affair.
PUBLIC = [
    path for path in MODULES if (path if path.stem != "__init__" else path.parent).parent in {PACKAGE, PACKAGE.parent}
]
PUBLIC = [path for path in PUBLIC if path.stem != "__main__"]

UNSAFE = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
# Written so that these lines do not match themselves.
ELSEWHERE = re.compile(r"(?<![\w.~*-])/(?:home|Users|root|work|opt|mnt)/\w|[A-Z]:\\Users")
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.|registry\.npmjs|index-url|find-links")
TEXT = {".py", ".md", ".toml", ".txt", ".cfg", ".yml", ".yaml", ".cff", ".css", ".jinja", ".json", ".csv", ""}


def name(path: Path) -> str:
    """The module's dotted name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The first word of everything that is imported, at any depth."""
    whole = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    part = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {word.partition(".")[0] for word in whole | part}


def in_fresh_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)


def files() -> list[Path]:
    """What a checkout holds: neither built nor hidden, but for the files that CI and people start from."""
    folders = [ROOT / folder for folder in (".ci", "benchmarks", "docs", "examples", "scripts", "src", "tests")]
    inside = [path for folder in folders for path in folder.rglob("*")]
    found = [path for path in [*ROOT.glob("*"), *inside] if path.is_file() and "__pycache__" not in path.parts]
    return sorted(path for path in found if path.suffix in TEXT)


# ── importing ────────────────────────────────────────────────────────────────────────────────────────────────────────

QUIET = """
import json, sys, time, warnings
warnings.simplefilter("error")
began = time.perf_counter()
{imports}
seconds = time.perf_counter() - began
import jax
from jax._src import xla_bridge
started = xla_bridge.backends_are_initialized()   # before live_arrays, which starts them
print(json.dumps({{"seconds": seconds, "started": started, "arrays": len(jax.live_arrays())}}))
"""


EVERYTHING = "\n".join(f"import {name(path)}" for path in MODULES if path.stem != "__main__")


@pytest.mark.parametrize("imports", ["import taut", EVERYTHING], ids=["taut", "every module"])
def test_importing_says_nothing_makes_no_array_and_touches_no_device(imports, record_property):
    ran = in_fresh_python(QUIET.format(imports=imports))
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert len(lines) == 1, "importing printed something"
    seen = json.loads(lines[0])
    record_property("seconds", seen["seconds"])
    assert not seen["started"]
    assert seen["arrays"] == 0


# ── public names ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_front_door_lists_each_public_name_once():
    taut = importlib.import_module("taut")
    assert len(set(taut.__all__)) == len(taut.__all__)  # their order is ruff's (RUF022)
    missing = [word for word in taut.__all__ if not hasattr(taut, word)]
    assert missing == []
    assert {word for word in dir(taut) if not word.startswith("_")} == {
        w for w in taut.__all__ if not w.startswith("_")
    }


def test_every_public_name_is_in_the_reference():
    pages = [path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md")]
    named = set(re.findall(r"^::: taut\.(\w+)$", "\n".join(pages), flags=re.MULTILINE))
    assert named >= {word for word in importlib.import_module("taut").__all__ if not word.startswith("_")}
    told = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    assert named >= set(re.findall(r"from taut\.(\w+)[.\w]* import", told))
    # The builder of the site shows what a module exports, unless it has no docstring.
    source = griffe.load("taut", search_paths=[PACKAGE.parent], resolve_aliases=True)
    exports = [(module, source[module]) for module in named if source[module].is_module]
    assert [f"{module}.{word}" for module, of in exports for word in of.exports if not of[word].has_docstring] == []


@pytest.mark.parametrize("path", PUBLIC, ids=name)
def test_every_public_module_says_what_is_public(path):
    module = importlib.import_module(name(path))
    assert hasattr(module, "__all__"), f"{name(path)} has no __all__"
    assert len(set(module.__all__)) == len(module.__all__)
    assert [word for word in module.__all__ if not hasattr(module, word)] == []
    assert set(module.__all__) <= set(dir(module))


# ── the house ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_module_has_its_line_in_the_house():
    layers = next(
        contract["layers"] for contract in PROJECT["tool"]["importlinter"]["contracts"] if "layers" in contract
    )
    placed = {word.strip(" ()") for line in layers for word in re.split(r"[|:]", line)}
    here = {
        f"taut.{path.stem}" for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert here - {"taut.__init__", "taut.__main__"} <= placed


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────

LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.name)
def test_every_link_of_a_page_at_the_root_leads_somewhere(page):
    """Those of docs/ are checked when the site is built."""
    for link in LINK.findall(page.read_text("utf-8")):
        if not re.match(r"https://[\w.-]+\.\w+(/\S*)?$", link):
            path, _, heading = link.partition("#")
            assert (ROOT / path).is_file(), link
            assert not heading or heading in anchors((ROOT / path).read_text("utf-8")), link


def anchors(page: str) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


# ── what the repository may hold ─────────────────────────────────────────────────────────────────────────────────────


def test_nothing_that_runs_code_while_it_is_read():
    assert [name(path) for path in MODULES if imported(syntax(path)) & UNSAFE] == []
    assert [name(path) for path in MODULES if "allow_pickle=True" in path.read_text(encoding="utf-8")] == []


def test_no_path_of_one_machine_and_no_address_of_a_registry():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if ELSEWHERE.search(line) or (REGISTRY.search(line) and path != Path(__file__))
    ]
    assert found == []


def test_constraints_are_names_and_versions_and_cover_what_we_ask_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line)] == []
    pinned = {_normal(line.partition("==")[0]) for line in pins}
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    assert {_normal(re.match(r"[\w.-]+", line)[0]) for line in asked} <= pinned


def _normal(word: str) -> str:
    return re.sub(r"[-_.]+", "-", word).lower()
