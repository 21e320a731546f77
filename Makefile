# `make run` starts the service, `make test` passes every test; both do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint browser vendor clean

run: $(VENV)/installed
	$(BIN)/softbalance cases --load --quiet
	$(BIN)/softbalance serve

test: lint browser
	$(BIN)/pytest --numprocesses auto --dist worksteal
