"""The tables of docs/benchmarks.md from benchmarks/results/*.json, between the markers.

python benchmarks/table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results", HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- tables: written by benchmarks/table.py -->", "<!-- end of tables -->"
TIMES = "time / taut's"
# In the order of the page, each with its title where the script gives none.
SCRIPTS = {
    "training": "Training",
    "convolution": "Training of a convolutional autoencoder",
    "importance_weighting": "Importance-weighted log p(x)",
    "evidence": "log p(x) known to 0.05 nats",
    "whole_audit": "Audit of all test images",
    "first_result": "First result on a table with holes",
    "cold_start": "Cold starts",
    "growth": "Growth",
    "roofline": "Share of the machine's peak",
    "gpu": "Graphics processor",
}


def section(name: str) -> str:
    """The heading of a script, with what was found or why there is nothing."""
    path = RESULTS / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    title, about = found.get("title", SCRIPTS[name]), found.get("about", "")
    parts = [f"## {title}", f"`python benchmarks/{name}.py`" + (f": {about}" if about else "")]
    if not found:
        return "\n\n".join([*parts[:1], f"`python benchmarks/{name}.py`: not yet measured."])
    parts.append(circumstances(found))
    rows = found.get("rows")
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        parts += [as_table(rows), slower_than(rows)]
    if found.get("failed"):
        parts.append(f"**Not finished:** {found['failed']}")
    notes = found.get("notes", [])
    parts += [notes] if isinstance(notes, str) else notes
    if found.get("printed"):
        parts.append("```text\n" + "\n".join(found["printed"]) + "\n```")
    return "\n\n".join(part for part in parts if part)


def circumstances(found: dict[str, Any]) -> str:
    """When, on what, with what."""
    said = [str(found[name]) for name in ("date", "data", "device") if found.get(name)]
    machine = found.get("machine", {})
    said += [f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}"] if "cores" in machine else []
    said += [f"{machine['busy']} while it ended"] if "busy" in machine else []
    said += [f"{name} {version}" for name, version in found.get("versions", {}).items()]
    quick = ["**a quick check of the code, whose figures say nothing**"] if found.get("quick") else []
    return "; ".join(quick + said) + "." if said else ""


def as_table(rows: list[dict[str, Any]]) -> str:
    """Rows with the union of their columns, in the order in which they first come."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[cell(row.get(name, "")) for name in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def slower_than(rows: list[dict[str, Any]]) -> str:
    """A sentence that names every tool that took less time than taut, in the median, or nothing."""
    quicker = [row for row in rows if row.get(TIMES, 1.0) < 1.0]
    named = "; ".join(f"{row.get('tool', row['what'])} ({beside(row)})" for row in quicker)
    return f"Slower than: {named}." if named else ""


def beside(row: dict[str, Any]) -> str:
    """Where another tool was quicker, and by how much."""
    where = f"{row['what']}, " if "tool" in row else ""
    spread = f", {cell(row['from'])} to {cell(row['to'])} over rounds" if "from" in row else ""
    return f"{where}which took {cell(row[TIMES])} of taut's time{spread}"


def cell(value: Any) -> str:
    """A number without needless digits, or a text that breaks no table."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.5g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    tables = "\n\n".join(section(name) for name in SCRIPTS)
    # Under another name first: a run that was stopped while it wrote leaves no half of a page.
    fresh = PAGE.with_suffix(".new")
    fresh.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
    fresh.replace(PAGE)
    print(f"{PAGE.relative_to(HERE.parent)} is written")


if __name__ == "__main__":
    main()
