# Two commands do everything: `make demo` and `make test`. Both need python3 (3.11 or newer), git and make.

PYTHON  ?= python3
PROJECT ?= .
WORKERS ?= auto
export PROJECT QUESTION

VENV   := .venv
RIVAL  := .venv-rival
PY     := $(VENV)/bin/python
# pip serves every target: uv cannot see wheels that come from a local directory.
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet

.PHONY: help demo test test-slow lint format bench wheel clean

help:
	@echo 'make demo [PROJECT=/path] [QUESTION="…"]  index a project and answer questions about it over MCP'
	@echo 'make test                                 tests, ruff, mypy --strict, import contracts'
	@echo 'make test-slow                            slow tests, and those that need torch and MiniLM'
	@echo 'make format                               rewrite the sources in the one agreed format'
	@echo 'make bench                                measure against semble 0.7 on 1,000 files'
	@echo 'make wheel                                build dist/leindex_mcp-*.whl'

demo: $(VENV)/installed
	$(PY) benchmarks/demo.py "$$PROJECT" $${QUESTION:+"$$QUESTION"}

test: lint
	$(PY) -m pytest -m "not slow and not transformers" -n $(WORKERS)

lint: $(VENV)/installed-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict leindex_mcp
	$(VENV)/bin/lint-imports

test-slow: $(VENV)/installed-test-transformers
	$(PY) -m pytest -m "slow or transformers" -n $(WORKERS)

format: $(VENV)/installed-test
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: $(VENV)/installed-test-transformers $(RIVAL)/installed
	$(PY) benchmarks/bench_start.py
	$(PY) benchmarks/bench_index.py --files 1000 --rival-python $(RIVAL)/bin/python
	$(PY) benchmarks/bench_search.py --files 1000 --rival-python $(RIVAL)/bin/python

wheel: $(VENV)/installed
	$(PY) -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) $(RIVAL) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

# An empty file stands for each set of installed packages; a changed pyproject.toml makes it stale.
$(VENV)/installed: pyproject.toml | $(PY)
	@echo 'Installing the package into $(VENV); the first time takes a minute or two.'
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(PY)
	@echo 'Installing the test tools into $(VENV).'
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-test-transformers: pyproject.toml | $(PY)
	@echo 'Installing torch and sentence-transformers into $(VENV); this takes some minutes.'
	$(PIP) --editable '.[test,test-transformers,test-clients]'
	@touch $@ $(VENV)/installed $(VENV)/installed-test

# The rival lives apart, so that neither sees the other's dependencies.
$(RIVAL)/installed:
	$(PYTHON) -m venv $(RIVAL)
	$(RIVAL)/bin/python -m pip --disable-pip-version-check install --quiet semble==0.7.0
	@touch $@
