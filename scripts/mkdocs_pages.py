"""Pages of the site that lie elsewhere in the repository: each notebook of `examples/`, and the changelog."""

import base64
import json
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What lies elsewhere, as a page in docs/ names it, and its page on the site; the first works where the source is read.
MOVED = {
    re.compile(r"\((?:\.\./)+examples/(\w+)\.ipynb"): r"(TOPtutorials/\1.md",
    re.compile(r"\((?:\.\./)+CHANGELOG\.md"): r"(TOPchanges.md",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the notebooks to the navigation, in the order in which the page of tutorials names them."""
    index = ROOT / "docs" / "tutorials.md"
    told = index.read_text("utf-8") if index.is_file() else ""
    order = sorted(NOTEBOOKS, key=lambda path: (told.find(path.stem) % (len(told) + 1), path.stem))
    pages = [index.name] * index.is_file() + [f"tutorials/{path.stem}.md" for path in order]
    assert config.nav is not None
    next(part for part in config.nav if "Tutorials" in part)["Tutorials"] = pages
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and the pictures on them."""
    changes = (
        (ROOT / "CHANGELOG.md").read_text("utf-8").replace("](docs/", "](").replace("# Changelog", "# What changed")
    )
    files.append(File.generated(config, "changes.md", content=changes))
    for path in NOTEBOOKS:
        for name, content in pages(path).items():
            files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page, **_: object) -> str:
    """Lead links out of docs/ to the page that the site has."""
    top = "../" * page.file.src_uri.count("/")
    for pattern, there in MOVED.items():
        markdown = pattern.sub(there.replace("TOP", top), markdown)
    return markdown


def pages(path: Path) -> dict[str, str | bytes]:
    """The page of a notebook and its pictures, by their places on the site."""
    parts, pictures, heading = [], {}, path.stem
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            heading = (re.findall(r"^#+ (.+)$", source, flags=re.MULTILINE) or [heading])[-1]
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{path.stem}-{len(pictures) + 1}.png"
                pictures[f"tutorials/{name}"] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![{heading}: what the code above draws]({name})")
            elif "text/html" in data:
                parts.append(f'<div class="output">\n{"".join(data["text/html"])}\n</div>')
            else:
                parts.append(_as_text(output.get("text") or data.get("text/plain", "")))
    return {f"tutorials/{path.stem}.md": "\n\n".join(parts) + "\n"} | pictures


def _as_text(said: str | list[str]) -> str:
    """What a cell printed, as a terminal would show it in the end."""
    lines = [line.rpartition("\r")[2] for line in COLOURS.sub("", "".join(said)).rstrip().split("\n")]
    return "```{ .text .output }\n" + "\n".join(lines) + "\n```"
