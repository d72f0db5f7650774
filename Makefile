# make setup | demo | crawl | test | check | bench | chaos | truth | docs | messages | up | down | clean   (Windows: see README.md)

PYTHON ?= python3
DISTRICT ?= 강남구
ROUNDS ?= 100
WORKERS ?= 8
# Building from source would run code of every package. Where one has no wheel: make setup WHEELS=
WHEELS ?= --only-binary :all:
BIN := .venv/bin
# What is refused on Windows before it does anything; all the rest may only use what Windows has: docs/adr/0028
POSIX_ONLY := services/(account|embedded|ownership|postgres_server)|tcp_proxy
INSTALLED := .venv/installed

.PHONY: setup demo crawl test check bench chaos truth docs messages up down clean lock

setup: $(INSTALLED)

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "refillspot needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Install a newer one, then name it: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv (about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(WHEELS) --require-hashes \
	  --requirement requirements.txt
	@touch $@

demo: setup
	@$(BIN)/scrapy demo

crawl: setup
	@$(BIN)/scrapy crawl diningcode -a district=$(DISTRICT)

test: setup
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 --no-warn-unreachable --follow-imports silent \
	  --exclude '$(POSIX_ONLY)' refillspot replica
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.documents --check
	@$(BIN)/python tools/house.py

# Writes bench/results/latest.json and docs/benchmarks.md, in less than ten minutes
bench: setup
	@$(BIN)/python -m bench

# A quarter of a minute a round
chaos: setup
	@$(BIN)/python -m tests.chaos --rounds $(ROUNDS)

# How right each field is: labelled cases, a replica whose seed nobody has seen, real answers where they are at hand
truth: setup
	@$(BIN)/python -m bench.truth

# After a change of what documents repeat: settings, fields, findings, stats, commands, layers
docs: setup
	@$(BIN)/python -m tools.documents

# After a change of messages for people: what is new is untranslated in refillspot/locale/ko/LC_MESSAGES/refillspot.po
messages: setup
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --sort-output --no-location --project refillspot --output build/refillspot.pot refillspot
	@$(BIN)/pybabel --quiet update --domain refillspot --locale ko --input-file build/refillspot.pot \
	  --output-dir refillspot/locale --ignore-obsolete --no-fuzzy-matching --width 120
	@$(BIN)/pybabel --quiet compile --domain refillspot --locale ko --directory refillspot/locale

up: setup
	@$(BIN)/scrapy services up

down: setup
	@$(BIN)/scrapy services down

# Removes what was built. Stores and queue stay in .refillspot
clean:
	@if [ -x $(BIN)/scrapy ]; then $(BIN)/scrapy services down; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# After a change of requirements.in or requirements-worker.in; needs uv
lock:
	@uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --custom-compile-command "make lock" requirements.in --output-file requirements.txt
	@uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --custom-compile-command "make lock" --constraint requirements.txt requirements-worker.in \
	  --output-file requirements-worker.txt
	@cd bench && uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --custom-compile-command "make lock" requirements.in --output-file requirements.txt
