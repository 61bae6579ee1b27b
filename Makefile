# Everything starts from a bare checkout: each target first sets up .venv as requirements.lock says.
#
#   make demo                             a simulated house and the gateway that steers it
#   make demo ARGS="--for 60s --speed 60"
#   make test                             the quick tests; without mosquitto its tests are skipped
#   make test-all                         the slow ones too: sockets, faults, processes, the wheel
#   make test-patient                     those that need no quiet machine: virtual time, twelve days of it
#   make chaos                            1000 kills and as many power cuts, thirty days: two hours; KILLS=50 for fewer
#   make check                            style, types, floors
#   make bench                            every benchmark

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
JOBS ?= auto
KILLS ?= 1000

QUICK := not slow and not e2e and not chaos

.PHONY: help setup demo test test-slow test-again test-patient chaos test-all check style types floors bench wheel lock clean

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@$(PYTHON) scripts/bootstrap.py

demo: setup
	@$(BIN)/gridtender demo $(ARGS)

test: setup
	$(BIN)/pytest -m "$(QUICK)" -n $(JOBS) --dist worksteal $(ARGS)

# One at a time where seconds are measured and processes killed; the others mostly wait for a
# gate, and do so side by side.
test-slow: setup
	@failed=0; \
	$(BIN)/pytest -m "chaos and not patient" $(ARGS) || failed=1; \
	$(BIN)/pytest -m "not ($(QUICK)) and not chaos and not patient" -n 2 --dist loadfile $(ARGS) \
		|| failed=1; \
	exit $$failed

# What failed in test-slow, by itself.
test-again: setup
	$(BIN)/pytest -m "not ($(QUICK)) and not patient" --last-failed \
		--last-failed-no-failures=none $(ARGS)

# Nothing here is judged by the clock on the wall, so it goes behind whatever is.
test-patient: setup
	nice -n 19 $(BIN)/pytest -m patient -p no:cacheprovider -n 2 --dist loadfile $(ARGS)

# The same tests as in test-slow, where each kills 100 times, and in test-patient, of 12 days.
chaos: setup
	GRIDTENDER_CHAOS=$(KILLS) $(BIN)/pytest -m chaos $(ARGS)
	GRIDTENDER_DAYS=30 $(BIN)/pytest tests/days $(ARGS)

test-all: test test-slow test-patient

# make -k check goes on after the first that fails.
check: style types floors

style: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy

floors: setup
	$(BIN)/lint-imports

bench: setup
	@set -e; for script in benchmarks/*.py; do \
		echo "== $$script"; $(BIN)/python $$script; echo; done

wheel: setup
	$(BIN)/python -m hatchling build -t wheel

# Newer versions within pyproject.toml's bounds: make lock UPGRADE=--upgrade
lock: setup
	$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra metrics --extra plot --group dev --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --quiet \
		--custom-compile-command "make lock" --output-file requirements.lock $(UPGRADE)

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
