# The words for people and for CI alike. On a machine that has Python, pip and make, any of them may come first:
#
#   make demo       train on the bundled digits, audit, name the report      make check      all that is not a test
#   make test       the tests, without those that take minutes               make format     mend what can be mended
#   make test-all   all tests                                                make docs       build the pages into site/
#   make bench      taut beside its peers; up to 45 minutes                  make clean      remove what was built
#
# ARGS goes to the command: make test ARGS="tests/data -k schema"

VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= auto
ARGS ?=

RECENT := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c '$(RECENT)' 2>/dev/null && echo $$python && break; done)
endif

# An environment half made, or copied with the folder from elsewhere, is worse than none: unless its Python runs, it
# was made for this place and an install once ran to its end, its stamps go and it is made anew. The stamps go here,
# while the file is read, because make would otherwise have looked at them before the rule that replaces them runs.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null):$(wildcard $(VENV)/.runtime):$(shell $(BIN)/python -c 'import pip; print(1)' 2>/dev/null),$(CURDIR):$(VENV)/.runtime:1)
$(shell rm -f $(VENV)/.place $(VENV)/.runtime $(VENV)/.dev)
endif

.PHONY: demo test test-all check formatted linted typed layered named docs bench format clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/taut demo $(ARGS)

# A file of tests stays on one worker: what it trains once it shares, and the blocks of a page share their names. The
# order is that of conftest.py, longest files first.
test: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -m "not slow" -n $(WORKERS) --maxprocesses=4 --dist=loadfile --no-loadscope-reorder --durations=10 $(ARGS)

test-all: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses=4 --dist=loadfile $(ARGS)

check: formatted linted typed layered named docs

formatted: $(VENV)/.dev
	@$(BIN)/ruff format --quiet --diff .

linted: $(VENV)/.dev
	@$(BIN)/ruff check --quiet .

# The checker is the one inside the pinned wheel; without this it asks the network whether there is a newer one.
typed: $(VENV)/.dev
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

layered: $(VENV)/.dev
	@$(BIN)/lint-imports

named: $(VENV)/.dev
	@$(BIN)/python -m pytest -q tests/test_repository.py

# The variable silences a notice about a later mkdocs.
docs: $(VENV)/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

# make bench DATA=path/to/mnist.npz; without DATA on the bundled digits. Results go into docs/benchmarks.md.
bench: $(BENCH)/.ready
	@$(BENCH)/bin/python benchmarks/run.py $(if $(DATA),--data $(DATA)) $(ARGS)

format: $(VENV)/.dev
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

clean:
	rm -rf build dist site .pytest_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# Where Python comes without its own copy of pip (Debian keeps it in another package), the pip outside fills the
# environment. 25.1 is the first pip that reads [dependency-groups].
$(VENV)/.place:
	@$(or $(PYTHON),false) -c '$(RECENT)' || { echo "taut needs Python 3.11 or newer and found $(or $(PYTHON),none); \
	name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Making $(VENV) (once; it takes a minute or two)" >&2
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --quiet --disable-pip-version-check --python $(BIN)/python install pip; }
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@printf '%s' '$(CURDIR)' > $@

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/.place
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.place
	@$(PIP) install --quiet --constraint constraints.txt --editable . --group dev
	@touch $(VENV)/.runtime $@

# A peer that cannot be installed is named in the tables; it stops nothing.
$(BENCH)/.ready: benchmarks/requirements.txt constraints.txt pyproject.toml | $(VENV)/.place
	@echo "Making $(BENCH) (once; it takes some minutes)" >&2
	@$(PYTHON) -m venv --clear $(BENCH) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(BENCH)
	@$(PIP) --python $(BENCH)/bin/python install --quiet --constraint constraints.txt --editable .
	@for peer in $$(grep -v '^#' benchmarks/requirements.txt); do \
		$(PIP) --python $(BENCH)/bin/python install --quiet --constraint constraints.txt "$$peer" || true; done
	@$(PIP) --python $(BENCH)/bin/python install --quiet --no-deps hyperimpute==0.1.17 || true
	@touch $@
