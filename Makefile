# Shapan 沙盘. `make pilot` and `make test` do all their own set-up; a second call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core-installed
DEV := $(VENV)/.test-installed
NODE_MODULES := contracts/node_modules/.package-lock.json
ANVIL := build/anvil/node_modules/.package-lock.json
ANVIL_VERSION := 1.7.1
# Secure computation has libraries of its own (their NumPy is older than ours): an own environment.
PRIVACY := .venv-privacy
# Auditors look from outside: what they need is not part of what they look at.
AUDIT := .venv-audit
PRIVACY_PACKAGES := spu openmined-psi scikit-learn cryptography pytest pytest-timeout

PYTEST = SHAPAN_REQUIRE_ANVIL=$${CI:+1} SHAPAN_REQUIRE_POSTGRES=$${CI:+1} \
  SHAPAN_REQUIRE_MOSQUITTO=$${CI:+1} SHAPAN_REQUIRE_CHROMIUM=$${CI:+1} $(BIN)/pytest -n 2 --dist worksteal --durations 40 --durations-min 5

.DEFAULT_GOAL := help
.PHONY: help setup pilot test test-all test-privacy audit fuzz check lint types arrows bench contracts contracts-check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

setup: $(CORE) ## the environment that running needs, in .venv

pilot: $(CORE) ## run the product scenarios, print the claims, write the report
	@$(BIN)/shapan pilot

test: check contracts-check $(ANVIL) ## every check, and every test but the slow ones
	$(PYTEST) -m "not slow"

test-all: check contracts-check $(ANVIL) ## the same, and the slow tests
	$(PYTEST)

test-privacy: $(PRIVACY)/.installed ## joint training in two processes that hide their rows
	OMP_NUM_THREADS=1 $(PRIVACY)/bin/python -m pytest --confcutdir tests/privacy --durations 5 tests/privacy

check: lint types arrows ## style, types and import arrows

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

arrows: $(DEV)
	$(BIN)/lint-imports

audit: $(AUDIT)/.installed $(CORE) ## dependencies with known holes, code that bandit doubts, the bill of materials
	$(AUDIT)/bin/bandit --quiet --recursive --configfile pyproject.toml system sim
	@mkdir -p build
	$(AUDIT)/bin/cyclonedx-py environment --pyproject pyproject.toml --of JSON --output-file build/sbom.json $(BIN)/python
	@echo "bill of materials: build/sbom.json (CycloneDX)"
	-@$(AUDIT)/bin/pip-audit --disable-pip --no-deps --requirement constraints.txt --format json --output build/advisories.json 2> build/advisories.log
	@$(BIN)/python .ci/advisories.py build/advisories.json

fuzz: $(DEV) ## many more odd requests and documents than every test run tries
	SHAPAN_FUZZ_EXAMPLES=500 $(BIN)/pytest -n 2 tests/system/api/test_any_request.py tests/system/test_bad_input.py

bench: $(DEV) $(ANVIL) ## benchmarks beside their peers, all in one run
	$(BIN)/python -m benchmarks

contracts: $(NODE_MODULES) ## rebuild contracts/build from source (needs Node)
	cd contracts && node build.mjs

contracts-check: $(NODE_MODULES) ## recompile and compare with what is committed
	cd contracts && node build.mjs --check

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) $(PRIVACY) $(AUDIT) build contracts/node_modules .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Shapan needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "python3 has no venv module; run: apt-get install python3-venv"; exit 1; }

$(CORE): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable .
	@touch $@

$(DEV): $(CORE)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

$(PRIVACY)/.installed: constraints-privacy.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "spu 0.9.5 has wheels for Python 3.11; run: make PYTHON=/path/to/python3.11 $@"; exit 1; }
	@$(PYTHON) -m venv $(PRIVACY)
	$(PRIVACY)/bin/pip install --quiet --disable-pip-version-check --constraint constraints-privacy.txt $(PRIVACY_PACKAGES)
	@touch $@

$(AUDIT)/.installed: constraints-audit.txt | $(BIN)/python
	@$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --constraint constraints-audit.txt bandit pip-audit cyclonedx-bom
	@touch $@

$(NODE_MODULES): contracts/package.json contracts/package-lock.json
	cd contracts && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(ANVIL): Makefile
	npm install --prefix build/anvil --ignore-scripts --no-audit --no-fund --silent @foundry-rs/anvil@$(ANVIL_VERSION)
	@touch $@
