# The words of the house. `make run` and `make test` are all that a newcomer needs; CI says `make test` too.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: install check test test-all bench run build live

BIN := .venv/bin
INSTALLED := .venv/installed
INSTALLED_DEV := .venv/installed-dev
export PIP_DISABLE_PIP_VERSION_CHECK := 1

run: $(INSTALLED)
	exec $(BIN)/vivavoce demo

install: $(INSTALLED_DEV)

define RULES
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	.ci/types
endef

check: $(INSTALLED_DEV)
	$(RULES)
	$(BIN)/mypy

# The vendors' types take mypy minutes of one processor when it has seen none of them yet: it has them beside the
# tests that look at no clock.
test: $(INSTALLED_DEV)
	$(RULES)
	.ci/packages
	$(BIN)/mypy & types=$$!; trap 'kill $$types 2>/dev/null || true' EXIT; \
	.ci/tests -q -n 3 --dist loadfile -m "not long and not aloud"; \
	wait $$types
	.ci/tests -q -n 2 --dist loadfile -m "aloud and not long"

test-all: check
	.ci/packages
	$(BIN)/pytest -q

bench: $(INSTALLED_DEV)
	$(BIN)/vivavoce bench turn-loop
	$(BIN)/vivavoce bench sittings

# The real vendors, with the keys of the environment: it costs a little money.
live: $(INSTALLED_DEV)
	$(BIN)/pytest -q -rs tests/integration/test_contract_recognise.py tests/integration/test_contract_speak.py \
	  tests/integration/test_contract_judge.py
	$(BIN)/vivavoce bench live

build: $(INSTALLED_DEV)
	$(BIN)/python -m build

# The first of the Pythons that suit and can make an environment. A pyenv shim may be on the path and still not run.
$(BIN)/python:
	@for python in python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	  then echo "Creating .venv with $$("$$python" --version)"; "$$python" -m venv .venv; exit 0; fi; \
	done; \
	echo "No suitable Python was found: Vivavoce needs 3.11, 3.12 or 3.13 with its venv module" \
	  "(on Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1

# The stamps are renewed when pyproject.toml changes, and only then: the second `make run` starts at once.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing Vivavoce and what it needs (once; about a minute)"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "Installing Vivavoce with what its tests need (once; about a minute)"
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(INSTALLED)
