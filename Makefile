# Everything that one can do with Metrify. `make` alone lists it.

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/.metrify-setup
# The first of these that is Python 3.11; the list is only walked when the environment is made.
FIND_PYTHON = for p in python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done
# What the code needs, as pins with hashes. No download address and no path of a machine is written.
COMPILE := $(UV) pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header pyproject.toml
TESTS ?= tests
WORKERS ?= 2
BENCH ?= features import

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo bench test test-e2e test-distributed doctest check format lock clean

help: ## List what one can do
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 26

setup: $(STAMP) ## Install Metrify and all it needs into .venv, from the locks

$(UV):
	@python=$$($(FIND_PYTHON)); \
	test -n "$$python" || { echo "No Python 3.11 found. Install it so that python3.11 is on the PATH." >&2; exit 1; }; \
	"$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install -q "$$(grep -o '^uv==[^ ]*' requirements/dev.txt)"

$(STAMP): pyproject.toml requirements/dev.txt | $(UV)
	@echo "Installing the locked packages. The first time takes some minutes."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip sync -q --compile-bytecode --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Run the whole way from readings to a served forecast
	@$(BIN)/metrify demo

bench: setup ## Measure time and memory beside peers (some minutes; BENCH=features picks one)
	@for bench in $(BENCH); do $(BIN)/metrify bench $$bench || exit 1; done

# In the order of the folders: it ends with many small files, so that no worker is left with a long one.
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: setup doctest ## Run all tests but the next two (TESTS=path picks some, WORKERS=0 runs them in one process)
	@$(PYTEST) -m "not e2e and not distributed" $(TESTS)

test-e2e: setup ## Run the demo twice and what one does with its home, as a user would (some minutes)
	@$(PYTEST) -m e2e tests/e2e

test-distributed: setup ## Run a training on several processes (a minute)
	@$(BIN)/pytest -m distributed tests/forecasting

doctest: setup ## Run the examples in the docstrings
	@$(BIN)/pytest -q --doctest-modules --ignore-glob='*/training/*' --ignore=metrify/adapters --ignore=metrify/steps metrify

check: setup ## Lint, check the format, the types and the dependency rule
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Mend what the linter can mend, and format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: | $(UV) ## Resolve the dependencies again and write the locks
	@$(COMPILE) --extra dev -o requirements/dev.txt
	@$(COMPILE) --extra pipeline -c requirements/dev.txt -o requirements/pipeline.txt
	@$(COMPILE) --extra serving -c requirements/dev.txt -o requirements/serving.txt

clean: ## Remove the environment and the caches; what was trained stays in .metrify
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
