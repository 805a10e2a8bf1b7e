# Two commands do all: 'make run' and 'make test'.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat setup.py constraints.txt | cksum | cut -d' ' -f1)
SOURCES := pipeline transforms modalities earthengine dataset emulator runners tests bench docs setup.py

.PHONY: run test test-oldest-client soak lint docs bench clean

run: $(STAMP)  ## The main job on the bundled tiles, answered by the emulator.
	$(BIN)/python -m pipeline --runner=DirectRunner --tiles tiles.geojson --output datasets

test: $(STAMP) lint  ## All that proves the program right.
	$(BIN)/python -m pytest
	$(MAKE) test-oldest-client

# apache-beam[gcp] holds the client back: the oldest that it allows must do as well.
OLDEST := $(VENV)/earthengine-api-1.7.35
test-oldest-client: $(STAMP)
	test -d $(OLDEST) || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(OLDEST) earthengine-api==1.7.35
	PYTHONPATH=$(OLDEST) $(BIN)/python -c 'import ee; assert ee.__version__ == "1.7.35", ee.__version__'
	PYTHONPATH=$(OLDEST) $(BIN)/python -m pytest tests/pipeline/test_choices.py

soak: $(STAMP)  ## Whole runs killed at a hundred random moments.
	EARTHLOOM_KILLS=100 $(BIN)/python -m pytest tests/pipeline/test_kills.py

lint: $(STAMP)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

docs: $(STAMP)  ## The pages that are generated from the registry.
	$(BIN)/python docs/generate.py

bench: $(STAMP)  ## The figures of bench/, for this machine.
	$(BIN)/python bench/bench.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# A virtual environment of its own, made anew only when its requirements change.
$(STAMP):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[test]'
	rm -f $(VENV)/.installed-*
	touch $@
