# `make run` starts the service, `make test` passes every test; both do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# what the package is built of, beside modules in Python
BUILT := setup.cfg setup.py pyproject.toml rules/episode/call_object.c
# GCC 14 and clang 16 refuse to compile durable_rules for Python 3.13, which removed a function that it calls;
# this names the successor
PIP := CPPFLAGS="$$CPPFLAGS -DPyEval_CallObject=PyObject_CallObject" $(BIN)/pip

# many tests wait for servers: half as many again as there are cores
WORKERS := $(shell $(PYTHON) -c 'import os; print((3 * os.cpu_count() + 1) // 2)')

.PHONY: run test lint types style programs vendor secrets audit clean

run: $(VENV)/can-run
	$(BIN)/softbalance cases --load --quiet
	$(BIN)/softbalance serve

# what docker-compose.yml reads, made at random: a password, the URL that holds it, and what signs cookies;
# in the containers, which see each file by itself, other users read them
secrets: secrets/database secrets/cookies

secrets/database_password secrets/cookies:
	mkdir -m 700 -p secrets
	$(PYTHON) -c "import secrets; print(secrets.token_hex(24), end='')" > $@
	chmod 644 $@

secrets/database: secrets/database_password
	printf 'postgresql://softbalance:%s@database/softbalance' "$$(cat $<)" > $@
	chmod 644 $@

# two at a time: what is fetched comes from two places, and checks use one core each
test:
	@$(MAKE) --no-print-directory --jobs 2 programs $(VENV)/can-test
	@$(MAKE) --no-print-directory --jobs 2 lint
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal

lint: types style

types: $(VENV)/can-test
	$(BIN)/mypy .typing/softbalance tests

style: $(VENV)/can-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=.typing $(BIN)/lint-imports

# programs of others that tests run, where there are none: a browser, a pooler of connections, and R
programs:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || tools/apt-install chromium \
	  || { echo 'Chromium is missing. Install it, on Debian by: apt-get install chromium' >&2; exit 1; }
	@PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null || tools/apt-install pgbouncer \
	  || { echo 'PgBouncer is missing. Install it, on Debian by: apt-get install pgbouncer' >&2; exit 1; }
	@Rscript -e 'library(jsonlite); library(httr2)' >/dev/null 2>&1 \
	  || tools/apt-install r-base-core r-cran-jsonlite r-cran-httr2 \
	  || { echo 'R or its packages jsonlite and httr2 are missing. Install them, on Debian by:' \
	    'apt-get install r-base-core r-cran-jsonlite r-cran-httr2' >&2; exit 1; }

# needs npm: the files of others that the pages and their tests hold, in the versions of package.json
PAGES := service/pages/static/vendor
FETCHED := build/vendor/node_modules
vendor:
	mkdir -p build/vendor && cp $(PAGES)/package.json build/vendor
	npm install --prefix build/vendor --no-audit --no-fund --no-package-lock
	cp $(FETCHED)/htmx.org/dist/htmx.min.js $(PAGES)
	cp $(FETCHED)/htmx.org/LICENSE $(PAGES)/licences/htmx.org.txt
	for font in source-sans-3 source-serif-4; do \
	  for part in latin-wght-normal latin-wght-italic latin-ext-wght-normal; do \
	    cp $(FETCHED)/@fontsource-variable/$$font/files/$$font-$$part.woff2 $(PAGES)/fonts; done; \
	  cp $(FETCHED)/@fontsource-variable/$$font/LICENSE $(PAGES)/licences/$$font.txt; done
	cp $(FETCHED)/axe-core/axe.min.js tests/vendor

# needs the network, to ask for advisories
audit: $(VENV)/can-test
	$(BIN)/pip install --quiet 'pip-audit >= 2.10, < 3'
	$(BIN)/pip-audit --local --skip-editable

$(VENV)/can-run: $(BUILT)
	@tools/prepare $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(PIP) install --quiet --editable .
	touch $@

# much more, Spark above all, so not for those who only run it
$(VENV)/can-test: $(VENV)/can-run
	$(PIP) install --quiet --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info rules/episode/*.so
