"""Run the notebooks in examples/ and store what they print and draw.

pip install --constraint constraints.txt --group notebooks
python -m tests.examples.run_notebooks [NAME ...]     all, or examples/NAME.ipynb
"""

import os
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
# Nothing of the machine: versions and times of cells change with each run, and mean nothing to a reader.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path) -> None:
    """Replace the outputs of a notebook by those of a run in an empty folder."""
    import nbformat  # late: the tests import every file and do without
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, record_timing=False, resources=resources).execute()
    notebook.metadata = METADATA
    nbformat.write(notebook, path)


if __name__ == "__main__":
    # The kernel starts in another folder, and still finds the package that this script is part of.
    os.environ["PYTHONPATH"] = str(EXAMPLES.parent / "src")
    for path in [EXAMPLES / f"{name}.ipynb" for name in sys.argv[1:]] or sorted(EXAMPLES.glob("*.ipynb")):
        run(path)
