# make demo    everything from nothing: install, load the demo, serve it on 127.0.0.1:$(PORT)
# make test    everything that is checked: lint, types, imports, migrations, tests
# make lock    work out the versions in requirements*.txt again (needs uv)
# make audit   look what is locked up among known vulnerabilities (needs a network)
# make record  at a release: keep what the test of upgrades from it starts with
#
# PYTHON= names the interpreter (3.11 or newer), PORT= the port, VENV= the virtual environment.

PYTHON ?= python3
PORT ?= 8000
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PYTEST_ARGS ?=

export PORT
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lock audit record

demo: $(VENV)/.installed
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py load_demo
	@$(BIN)/python manage.py serve --message "$(LOGINS)"

LOGINS = Log in as admin, or as maya to see it as a member of a team; the password is tidemark-demo

# The checks look at code, not at this checkout's data.
test: export TIDEMARK_DATA_DIR = $(VENV)/scratch
test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	TIDEMARK_HTTPS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	env -u TIDEMARK_DATA_DIR $(BIN)/pytest $(PYTEST_ARGS)

lock:
	@test -n "$(UV)" || { echo "make lock needs uv on the PATH" >&2; exit 1; }
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --extra postgres --extra redis --extra sso --constraints requirements.txt \
		pyproject.toml --output-file requirements-server.txt
	$(LOCK) --extra postgres --extra redis --extra sso --extra test --constraints requirements.txt \
		pyproject.toml --output-file requirements-dev.txt

# A network and a list that changes by the day: no part of the tests.
audit: | $(BIN)/python
	@$(BIN)/python -m venv $(VENV)/audit
	@$(VENV)/audit/bin/pip install --quiet --quiet pip-audit
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.txt

record: $(VENV)/.installed-dev
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
		env -u DATABASE_URL -u CELERY_BROKER_URL TIDEMARK_DATA_DIR="$$folder" \
		SECRET_KEY=the-key-of-a-site-that-was-released $(BIN)/python -m tests.upgrade.record

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-header --no-emit-index-url $(LOCK_ARGS)

$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Tidemark needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@$(MAKE_VENV)

# uv is quicker where it is there; nothing needs it.
ifneq ($(UV),)
MAKE_VENV = $(UV) venv --quiet --seed --python $(PYTHON) $(VENV)
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(PYTHON) -m venv $(VENV)
INSTALL = $(BIN)/python -m pip install --quiet --quiet
endif
