# The first Python from 3.11 to 3.14 that can create an environment.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3.14 python3 python; do $$python -c \
	'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2> /dev/null && echo $$python && break; done
ifndef PYTHON
PYTHON := $(shell $(FIND_PYTHON))
endif
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints/dev.txt
EXTRAS := datasets,evaluation,gsplat,hub,isal,photos,tensorboard,video,viewer,vision,webdataset,zstd
PLUGINS := plugins/gmae plugins/gaussiancross plugins/models plugins/pytorch3d plugins/rooms
EXAMPLES := examples/additive
NERFSTUDIO := plugins/nerfstudio
NERFSTUDIO_VENV := .venv-nerfstudio
NERFSTUDIO_PIP := $(NERFSTUDIO_VENV)/bin/python -m pip
NERFSTUDIO_CONSTRAINTS := constraints/nerfstudio.txt
MATRIX := 3.11 3.12 3.13 3.14
LOWEST := constraints/lowest.txt
# On Linux, PyPI's torch brings CUDA, which needs 5 GB more; without an NVIDIA driver the CPU build is enough.
ifeq ($(shell uname -s)$(shell command -v nvidia-smi),Linux)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
endif
INSTALL_TORCH := -m pip install --retries 1 $(TORCH_INDEX:%=--extra-index-url %)
# Seconds since the time in .began; .torch keeps those of torch, so that the sum is what an environment takes from nothing.
SECONDS_SINCE = echo $$(($$(date +%s) - $$(cat $(VENV)/.began)))
REPORT_INSTALLATION = torch=$$(cat $(VENV)/.torch); seconds=$$(($$($(SECONDS_SINCE)) + $${torch:-0})); \
	echo "== $(VENV) was installed in $$((seconds / 60)) min $$((seconds % 60)) s and holds $$(du -sh $(VENV) | cut -f1) =="
IMAGES ?=
MUTANTS ?= 10000
DEMO_DATA := $(if $(IMAGES),data.type=images data.root="$(IMAGES)" data.image_size=64)

.PHONY: help demo demo-3d test test-nerfstudio run-test-nerfstudio test-wheels prove fuzz explore lint format docs docs-pages matrix $(MATRIX:%=matrix-%) matrix-lowest wheels constraints constraints-nerfstudio clean

help:  ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

$(VENV)/.torch: $(CONSTRAINTS)
	@test -n "$(PYTHON)" || { echo "error: no Python from 3.11 to 3.14 with venv was found; install one, or name yours: make PYTHON=/path/to/python"; exit 1; }
	@echo "== Create $(VENV) with $$($(PYTHON) --version) =="
	@mkdir -p $(VENV) && date +%s > $(VENV)/.began
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q pip==26.3
	@echo "== Install torch ($(if $(TORCH_INDEX),the CPU build if its index can be reached,the default build of this system)) =="
	$(BIN)/python $(INSTALL_TORCH) -c $(CONSTRAINTS) torch torchvision
	@$(SECONDS_SINCE) > $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml plugins/gmae/pyproject.toml
	@echo "== Install gaussrep and what the demo needs =="
	@date +%s > $(VENV)/.began
	$(BIN)/python -m pip install -c $(CONSTRAINTS) -e ".[photos]" -e plugins/gmae
	@$(REPORT_INSTALLATION)
	@touch $@

$(VENV)/.demo-3d: $(VENV)/.torch pyproject.toml plugins/gaussiancross/pyproject.toml plugins/rooms/pyproject.toml
	@echo "== Install gaussrep and what the demo needs =="
	@date +%s > $(VENV)/.began
	$(BIN)/python -m pip install -c $(CONSTRAINTS) -e . -e plugins/gaussiancross -e plugins/rooms
	@$(REPORT_INSTALLATION)
	@touch $@

$(VENV)/.ready: $(VENV)/.torch pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	$(BIN)/python -m pip install -c $(CONSTRAINTS) --group dev -e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

$(MATRIX:%=.venv-%/.ready): .venv-%/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(CONSTRAINTS)
	python$* -m venv $(@D)
	$(@D)/bin/python -m pip install -q pip==26.3
	$(@D)/bin/python $(INSTALL_TORCH) -q -c $(CONSTRAINTS) torch torchvision
	$(@D)/bin/python -m pip install -q -c $(CONSTRAINTS) --group dev -e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

.venv-lowest/.ready: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(LOWEST)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q pip==26.3
	$(@D)/bin/python $(INSTALL_TORCH) -q -c $(LOWEST) torch torchvision
	$(@D)/bin/python -m pip install -q -c $(LOWEST) beartype hypothesis pytest pytest-xdist ruff --group build --group docs \
		-e ".[$(EXTRAS)]" $(PLUGINS:%=-e %)
	touch $@

# nerfstudio pins timm 0.6.7, so that gaussrep-gmae goes without what it needs; `gaussrep plugins` says so there.
$(NERFSTUDIO_VENV)/.ready: $(VENV)/.torch pyproject.toml $(NERFSTUDIO)/pyproject.toml $(NERFSTUDIO_CONSTRAINTS)
	$(BIN)/python -m venv $(NERFSTUDIO_VENV)
	$(NERFSTUDIO_PIP) install -q pip==26.3
	$(BIN)/python .ci/link_torch.py $(NERFSTUDIO_VENV)/bin/python
	$(NERFSTUDIO_PIP) install -q -c $(NERFSTUDIO_CONSTRAINTS) beartype pytest -e . -e plugins/gaussiancross -e plugins/rooms -e $(NERFSTUDIO)
	$(NERFSTUDIO_PIP) install -q --no-deps -e plugins/gmae
	touch $@

demo: $(VENV)/.demo  ## Train a small GMAE on eight images and write runs/demo/report.html (IMAGES=folder for your own).
	@echo "== Train a small GMAE for 1,200 steps: about four minutes on two cores =="
	$(BIN)/gaussrep train gmae --preset demo --run runs/demo --overwrite $(DEMO_DATA)
	@echo "== Write the report =="
	$(BIN)/gaussrep inspect runs/demo
	@echo "The report: $(CURDIR)/runs/demo/report.html"
	@echo "To use the command gaussrep: . $(BIN)/activate"

demo-3d: $(VENV)/.demo-3d  ## Make rooms, train a small GaussianCross on them, probe it, write runs/demo-3d/report.html.
	@echo "== Make 30 rooms =="
	$(BIN)/gaussrep make-rooms runs/demo-rooms --scenes 24 --val 6
	@echo "== Train a small GaussianCross on them =="
	$(BIN)/gaussrep train gaussiancross --preset demo --run runs/demo-3d --overwrite data.root=runs/demo-rooms
	@echo "== Evaluate rendered views and a linear probe on held-out rooms =="
	$(BIN)/gaussrep evaluate views runs/demo-3d
	$(BIN)/gaussrep evaluate semantic-probe runs/demo-3d batchnorm=eval cached_points=4000
	@echo "== Write the report =="
	$(BIN)/gaussrep inspect runs/demo-3d
	@echo "The report: $(CURDIR)/runs/demo-3d/report.html"
	@echo "To use the command gaussrep: . $(BIN)/activate"

test: $(VENV)/.ready test-wheels test-nerfstudio  ## Run every test.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not wheels" --durations=20

test-nerfstudio: $(VENV)/.torch  ## Test the methods for nerfstudio, in an environment of their own.
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
		echo "== No tests of nerfstudio: it pins NumPy 1.26, which has no wheel for $$($(BIN)/python --version) =="; \
	else $(MAKE) run-test-nerfstudio; fi

run-test-nerfstudio: $(NERFSTUDIO_VENV)/.ready
	OMP_NUM_THREADS=1 $(NERFSTUDIO_VENV)/bin/python -m pytest -c $(NERFSTUDIO)/pyproject.toml $(NERFSTUDIO)/tests

test-wheels: wheels  ## Install the built wheels in a clean environment and use them.
	$(BIN)/python -m pytest -m wheels tests/wheels

prove: $(VENV)/.ready  ## Kill commands at every file event, and check that they go on to the same bits.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/kill_points --kill-points 0

fuzz: $(VENV)/.ready  ## Read damaged files with every reader (MUTANTS of each, 10000).
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/fuzz --mutants $(MUTANTS) --jaxtyping-packages=

explore: $(VENV)/.ready  ## Try new random examples in the property tests.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile=explore

matrix: $(MATRIX:%=matrix-%) matrix-lowest  ## Run the tests on every Python, and with the lowest dependencies.

$(MATRIX:%=matrix-%): matrix-%: .venv-%/.ready
	OMP_NUM_THREADS=1 .venv-$*/bin/python -m pytest -n auto --dist worksteal -m "not wheels"

# Old libraries warn of newer ones, and the oldest jaxtyping cannot check shapes where a conftest imports gaussrep.
matrix-lowest: .venv-lowest/.ready
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -n auto --dist worksteal -m "not wheels" -W default --jaxtyping-packages=

lint: $(VENV)/.ready $(NERFSTUDIO_VENV)/.ready  ## Check style, spelling and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell -D - -D docs/_tools/refused-words.txt gaussrep plugins/*/gaussrep_* docs README.md CHANGELOG.md examples benchmarks/*.py
	$(BIN)/pyright
	$(BIN)/pyright -p $(NERFSTUDIO)
	PYTHONPATH=$(NERFSTUDIO) $(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/public_api/test_docstrings.py

format: $(VENV)/.ready  ## Bring the code into shape.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.ready  ## Build the documentation into site/, strictly.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -q

docs-pages: $(VENV)/.ready  ## Write the generated tables, examples and reference into the pages of docs/.
	$(BIN)/python docs/_tools/pages.py

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
