# One command a habit. `make run` and `make test` need python3 with venv, and nothing else; they install what they use
# into .venv, once.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
LOCK := pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.PHONY: all run test lint types bench format

all: lint types test

run: .venv/installed  # a gateway with a simulated SMSC, an account and a key: what a newcomer needs
	@$(BIN)/heliograph demo $(ARGS)

test: .venv/installed-for-tests  # everything; make test T=tests/cli for a part
	$(BIN)/pytest $(T)

lint: .venv/installed-for-tests  # format, rules, and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: .venv/installed-for-tests
	$(BIN)/mypy

bench: .venv/installed  # messages a second through the whole path, against the simulated SMSC
	@$(BIN)/heliograph bench $(ARGS)

format: .venv/installed-for-tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/made:
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: $(LOCK) | .venv/made
	@echo "Installing Heliograph and what it needs: half a minute, once"
	@$(INSTALL) --editable .
	@touch $@

.venv/installed-for-tests: $(LOCK) | .venv/made
	@echo "Installing Heliograph and what its tests need: a minute, once"
	@$(INSTALL) --editable '.[test]'
	@touch .venv/installed $@
