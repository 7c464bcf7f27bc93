# For a machine that has python3.11 (or a newer one), pip, venv, make, and nothing else.
# Everything goes into the virtual environment .venv of this checkout; remove it and it comes back.
#
#   make demo               the main job on a stand-in for Flickr, on painted photos
#   make demo DIR=~/Pictures    … on yours: they are read, never touched
#   make test               everything that a commit must pass
#   make coverage           the tests once more, counting which lines they reach
#   make simulate N=100000  so many schedules of faults and kills, and every crash point
#   make simulate SEED=123  one of them, step by step; BUGS=1: the planted bugs are found
#   make fuzz N=20000       look for input that breaks something, with N examples a property
#   make kills              SIGKILL uploadd 100 times over a backfill of 500 photos, twice
#   make service            the units under a real systemd, in a machine of their own (as root)
#   make format             what ruff can put right by itself
#   make bench              the benchmarks, some minutes
#   make pictures           the pictures of the README anew, from a real run
#   make lock               the lock files anew from pyproject.toml (needs uv)
#   make clean              remove what was made, .venv included

SHELL := /bin/sh
.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help demo test coverage simulate fuzz kills service lint format bench pictures lock clean

BIN := .venv/bin
# What is installed, by the newest of these: the demo needs far less than the tests.
DEMO := .venv/installed-demo
DEV := .venv/installed-dev

# The lock files name every package, so pip has nothing to resolve (--no-deps below): older ones
# trip over a requirement with an extra, as pytest-cov's of coverage.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --extra sandbox --group build

help:
	@sed -n 's/^#   //p' Makefile

demo: $(DEMO)
	@case "$$DIR" in "~"|"~/"*) DIR="$$HOME$${DIR#"~"}";; esac; \
	$(BIN)/uploadd demo $${DIR:+"$$DIR"}

test: $(DEV)
	@$(BIN)/python tests/everything.py

# Counting lines makes every test slower by half, so this is a run of its own.
coverage: $(DEV)
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

simulate: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m simulation.campaign $${N:+--schedules $$N} \
		$${FIRST:+--first $$FIRST} $${SEED:+--seed $$SEED} $${BUGS:+--bugs}

fuzz: $(DEV)
	@EXAMPLES=$${N:-5000} $(BIN)/python -m pytest -q -n auto --timeout 0 \
		--hypothesis-profile=explore tests/property

kills: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m integration.kills $${ROUNDS:+--rounds $$ROUNDS} \
		$${KILLS:+--kills $$KILLS} $${PHOTOS:+--photos $$PHOTOS} $${SEED:+--seed $$SEED} \
		$${COMMAND:+--command $$COMMAND} $${FAULTS:+--faults $$FAULTS} \
		$${OUTAGES:+--outages $$OUTAGES} $${SERVICE:+--service $$SERVICE}

# Not a part of `test`: it wants root, debootstrap, loop devices and cgroup2, and some minutes.
# WORK=DIR keeps its images there, in a directory that is empty or was made by it; MIRROR=URL takes Debian's packages from there.
service: $(DEV)
	@$(BIN)/python -m pytest -p no:xdist -q tests/service/check_service.py

lint: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "make: run make format" >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV)
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

bench: $(DEV)
	@$(BIN)/python -m bench.arrival --scale 0.1
	@$(BIN)/python -m bench.backfill
	@$(BIN)/python -m bench.large_file
	@$(BIN)/python -m bench.rescan
	@$(BIN)/python -m bench.idle

pictures: $(DEV)
	@$(BIN)/python -m docs.pictures.draw

lock:
	@command -v uv >/dev/null || { echo "make: the lock files are made by uv: pip install uv" >&2; exit 1; }
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		dist build
	find uploadd tests bench docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO): requirements.lock pyproject.toml .venv/made
	@echo "Installing what uploadd needs into .venv …"
	@$(PIP) --no-deps --require-hashes -r requirements.lock || $(NO_PACKAGES)
	@$(PIP) --no-deps --no-build-isolation -e . || $(NO_PACKAGES)
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml .venv/made
	@echo "Installing uploadd with its tests' tools into .venv …"
	@$(PIP) --no-deps --require-hashes -r requirements-dev.lock || $(NO_PACKAGES)
	@$(PIP) --no-deps --no-build-isolation -e . || $(NO_PACKAGES)
	@touch $@ $(DEMO)

NO_PACKAGES = { echo "make: the packages could not be installed, see above." \
	"Is there a network, and does pip reach its package index?" >&2; exit 1; }

# An environment that was copied along with the checkout belongs to the place it came from.
ifneq ($(shell cat .venv/made 2>/dev/null),$(CURDIR))
.PHONY: .venv/made
endif

# Keeps an environment that works; makes a new one where there is none, or a broken or copied one.
.venv/made:
	@set -e; found=; is_new='import sys; sys.exit(sys.version_info < (3, 11))'; \
	if [ -e $@ ] || ! { $(BIN)/python -c "$$is_new" && $(BIN)/python -m pip --version; } \
			>/dev/null 2>&1; then \
		[ -e $@ ] || { [ ! -e .venv ] && [ ! -L .venv ]; } || { echo "make: .venv was not made" \
			"by make, and has no python3.11 or newer with pip: move it away" >&2; exit 1; }; \
		for python in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do \
			if "$$python" -c "$$is_new" >/dev/null 2>&1; then found="$$python"; break; fi; \
		done; \
		[ "$$found" ] || { echo "make: there is no python3.11 or newer here:" \
			"install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
		rm -rf .venv; mkdir .venv; : > $@; \
		"$$found" -m venv .venv || { rm -rf .venv; echo "make: $$found cannot make a" \
			"virtual environment: install its venv module (on Debian: python3-venv)" >&2; exit 1; }; \
	fi; \
	echo "$(CURDIR)" > $@
