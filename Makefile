# The commands of the house. Only python3 and make are assumed; everything they install lives in this folder.
#
#   make run     the whole product on this machine    PORT=8000 STATE=.local ENGINE=ministack|dynoxide
#   make test    every test                           T="tests/unit -k wallet"
#   make prove   the same, and its searches whole: more examples of the state machine and of the contract
#   make explore every tale of an order with a cash part, every order of its steps, a crash behind each
#   make mutate  spoils every condition and every rule, one at a time: something must notice
#   make check   format, lint, types, floor plan, OpenAPI file, template
#   make bench   the benchmark tables
#   make fmt     puts the format right                make lock    chooses new versions
#
# A stamp stands beside what it stands for, so deleting an environment also forgets that it was made.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test prove explore mutate check bench install lock fmt npm

BIN := .venv/bin
PY := $(BIN)/python
NODE_MODULES := infra/local/node_modules
PIP_INSTALL := -m pip install --quiet --quiet --disable-pip-version-check --require-hashes
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	--cache-dir .local/uv-cache
WORKERS ?= 3
T ?= tests

help:
	@sed -n 's/^#   //p' Makefile

run: install
	@exec $(PY) -m infra.local

# One worker more than a small machine has cores, because tests also wait for processes, engines and clocks.
# A worker takes its share in order and takes over from a slower one at the end, so most modules stay on one worker.
# Tests start many processes; what one of them compiled serves the next, also where the shell forbids Python to keep it.
test: install
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n $(WORKERS) --dist worksteal $(T)

# What `make test` leaves out stands in tests/depth.py.
prove: export JIFEN_PROVE := whole
prove: test

# Some minutes; `make test` tells the short tales. What was explored is told at the end.
explore: install
	@JIFEN_SAGA=all $(PY) -m pytest -n $(WORKERS) --dist worksteal -rP tests/saga/test_saga.py

# Some minutes. Both tables are kept in bench/tables.
mutate: install
	@$(PY) -m tests.mutation
	@$(PY) -m tests.mutation.rules

check: install
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --cache-dir .local/import-linter
	$(PY) -m infra.openapi --check
	$(PY) -m infra.template.lint

bench: install
	@$(PY) -m bench

fmt: install
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

install: .venv/installed .local/ministack/installed npm

.venv/installed: requirements-dev.txt
	@python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
		|| { echo "Jifen needs python3 from 3.11 to 3.14 on the PATH; found: $$(python3 --version 2>&1)."; exit 1; }
	@echo "Installing the locked packages into .venv (about a minute the first time)."
	@[ -x $(BIN)/pip ] && $(PY) -c "" 2>/dev/null || python3 -m venv --clear .venv \
		|| { echo "python3 cannot make an environment; install its venv package (on Debian: python3-venv)."; exit 1; }
	@$(PY) $(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# The local AWS pins versions of botocore that the product cannot share, hence an environment of its own.
.local/ministack/installed: infra/local/ministack.txt | .venv/installed
	@echo "Installing the local AWS into .local/ministack (some seconds)."
	@[ -x .local/ministack/bin/pip ] || python3 -m venv --clear .local/ministack
	@.local/ministack/bin/python $(PIP_INSTALL) -r infra/local/ministack.txt
	@touch $@

# npm brings two binaries: the crash-safe engine of the tests, without which ministack does the work, and Stripe's own
# command line, which the local Stripe is held against. Both are optional: npm skips in silence what it cannot fetch.
BINARIES := $(addprefix $(NODE_MODULES)/, @dynoxide/linux-x64/dynoxide @stripe/cli-linux-x64/bin/stripe)
ARE_FETCHED := [ "$$(uname -sm)" != "Linux x86_64" ] || ls $(BINARIES) >/dev/null 2>&1

npm:
	@if ! command -v npm >/dev/null 2>&1; then \
		echo "npm is missing, so tests do without dynoxide and the Stripe CLI; install Node.js to have them."; \
	elif ! { [ $(NODE_MODULES)/installed -nt infra/local/package-lock.json ] && { $(ARE_FETCHED); }; }; then \
		npm ci --prefix infra/local --cache .local/npm-cache --ignore-scripts --loglevel=error >/dev/null \
			&& { $(ARE_FETCHED); } && mkdir -p $(NODE_MODULES) && touch $(NODE_MODULES)/installed \
			|| echo "npm could not install dynoxide and the Stripe CLI, so tests do without; run make again to retry."; \
	fi

# requirements.txt takes every version from requirements-dev.txt, so that what is tested is what ships.
lock: install
	$(UV_COMPILE) --upgrade --group dev pyproject.toml -o requirements-dev.txt
	$(UV_COMPILE) --upgrade --constraint requirements-dev.txt pyproject.toml -o requirements.txt
	$(UV_COMPILE) --upgrade infra/local/ministack.in -o infra/local/ministack.txt
	npm install --prefix infra/local --cache .local/npm-cache --package-lock-only --ignore-scripts --loglevel=error
