PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints/dev.txt
EXTRAS := evaluation,gsplat,photos,tensorboard,viewer,vision
PLUGINS := plugins/gmae plugins/gaussiancross plugins/pytorch3d plugins/rooms
EXAMPLES := examples/additive
NERFSTUDIO := plugins/nerfstudio
NERFSTUDIO_VENV := .venv-nerfstudio
NERFSTUDIO_PIP := $(NERFSTUDIO_VENV)/bin/python -m pip
NERFSTUDIO_CONSTRAINTS := constraints/nerfstudio.txt
MATRIX := 3.11 3.12 3.13
LOWEST := constraints/lowest.txt
IMAGES ?=
DEMO_DATA := $(if $(IMAGES),data.type=images data.root=$(IMAGES) data.image_size=64)

.PHONY: help demo demo-3d test test-nerfstudio test-wheels lint format docs matrix $(MATRIX:%=matrix-%) matrix-lowest wheels constraints constraints-nerfstudio clean

help:  ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

$(VENV)/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q pip==26.3
	$(BIN)/python -m pip install -q -c $(CONSTRAINTS) --group dev \
		-e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

$(MATRIX:%=.venv-%/.ready): .venv-%/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(CONSTRAINTS)
	python$* -m venv $(@D)
	$(@D)/bin/python -m pip install -q pip==26.3
	$(@D)/bin/python -m pip install -q -c $(CONSTRAINTS) --group dev -e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

.venv-lowest/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(LOWEST)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q pip==26.3
	$(@D)/bin/python -m pip install -q -c $(LOWEST) beartype hypothesis pytest pytest-xdist ruff --group build --group docs \
		-e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

# nerfstudio pins timm 0.6.7, so that gaussrep-gmae goes without what it needs; `gaussrep plugins` says so there.
$(NERFSTUDIO_VENV)/.ready: pyproject.toml $(NERFSTUDIO)/pyproject.toml $(NERFSTUDIO_CONSTRAINTS)
	$(PYTHON) -m venv $(NERFSTUDIO_VENV)
	$(NERFSTUDIO_PIP) install -q pip==26.3
	$(NERFSTUDIO_PIP) install -q -c $(NERFSTUDIO_CONSTRAINTS) beartype pytest -e . -e plugins/gaussiancross -e plugins/rooms -e $(NERFSTUDIO)
	$(NERFSTUDIO_PIP) install -q --no-deps -e plugins/gmae
	touch $@

demo: $(VENV)/.ready  ## Train a small GMAE on photographs and write runs/demo/report.html (IMAGES=folder for your own).
	$(BIN)/gaussrep train gmae --preset demo --run runs/demo --overwrite $(DEMO_DATA)
	$(BIN)/gaussrep inspect runs/demo

demo-3d: $(VENV)/.ready  ## Make rooms, train a small GaussianCross on them, probe it, write runs/demo-3d/report.html.
	$(BIN)/gaussrep make-rooms runs/demo-rooms --scenes 24 --val 6
	$(BIN)/gaussrep train gaussiancross --preset demo --run runs/demo-3d --overwrite data.root=runs/demo-rooms
	$(BIN)/gaussrep evaluate views runs/demo-3d
	$(BIN)/gaussrep evaluate semantic-probe runs/demo-3d batchnorm=eval cached_points=4000
	$(BIN)/gaussrep inspect runs/demo-3d

test: $(VENV)/.ready test-wheels test-nerfstudio  ## Run every test.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m "not wheels"

test-nerfstudio: $(NERFSTUDIO_VENV)/.ready  ## Test the methods for nerfstudio, in an environment of their own.
	OMP_NUM_THREADS=1 $(NERFSTUDIO_VENV)/bin/python -m pytest -c $(NERFSTUDIO)/pyproject.toml $(NERFSTUDIO)/tests

test-wheels: wheels  ## Install the built wheels in a clean environment and use them.
	$(BIN)/python -m pytest -m wheels tests/wheels

matrix: $(MATRIX:%=matrix-%) matrix-lowest  ## Run the tests on every Python, and with the lowest dependencies.

$(MATRIX:%=matrix-%): matrix-%: .venv-%/.ready
	OMP_NUM_THREADS=1 .venv-$*/bin/python -m pytest -n auto -m "not wheels"

# Old libraries warn of newer ones, and the oldest jaxtyping cannot check shapes where a conftest imports gaussrep.
matrix-lowest: .venv-lowest/.ready
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -n auto -m "not wheels" -W default --jaxtyping-packages=

lint: $(VENV)/.ready $(NERFSTUDIO_VENV)/.ready  ## Check style, spelling and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell -D - -D docs/_tools/refused-words.txt gaussrep plugins/*/gaussrep_* docs README.md CHANGELOG.md examples benchmarks/*.py
	$(BIN)/pyright
	$(BIN)/pyright -p $(NERFSTUDIO)
	PYTHONPATH=$(NERFSTUDIO) $(BIN)/lint-imports --no-cache

format: $(VENV)/.ready  ## Bring the code into shape.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.ready  ## Build the documentation into site/, strictly.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -q

wheels: $(VENV)/.ready  ## Build the wheels of all distributions into dist/.
	rm -rf dist
	for source in . $(PLUGINS) $(NERFSTUDIO) $(EXAMPLES); do \
		$(BIN)/python -m build -q --wheel --no-isolation --outdir dist $$source || exit 1; done

constraints: $(VENV)/.ready  ## Write down the versions that are installed.
	{ echo "# The versions that everything here is developed and tested with; \`make constraints\` writes this file."; \
	  $(BIN)/python -m pip freeze --exclude-editable; } > $(CONSTRAINTS).new && mv $(CONSTRAINTS).new $(CONSTRAINTS)

constraints-nerfstudio: $(NERFSTUDIO_VENV)/.ready  ## Write down the versions in nerfstudio's environment.
	{ echo "# The versions that gaussrep-nerfstudio is developed and tested with; \`make constraints-nerfstudio\` writes this file."; \
	  $(NERFSTUDIO_PIP) freeze --exclude-editable; } > $(NERFSTUDIO_CONSTRAINTS).new && mv $(NERFSTUDIO_CONSTRAINTS).new $(NERFSTUDIO_CONSTRAINTS)

clean:  ## Remove everything that was built.
	rm -rf $(VENV) $(NERFSTUDIO_VENV) $(MATRIX:%=.venv-%) .venv-lowest dist site runs
