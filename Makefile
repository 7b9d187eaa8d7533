# Twinshore. `make help` lists what there is. Needs Python >= 3.10, make and a package registry; nothing else.
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help

help:
	@echo "make run    two clouds in a box: the whole journey, then http://127.0.0.1:8800"
	@echo "make test   every test, on real engines"
	@echo "make lint   ruff, mypy, import-linter, templates"
	@echo "make bench  the figures of docs/performance, as ratios"
	@echo "make clean  throw away what the others made"
