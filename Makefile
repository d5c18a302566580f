# Everything a person or a build machine does with Unscratch. Needs make, Rust, a C linker and Python 3; nothing else.
# `make help` lists the targets.

PYTHON ?= python3
CARGO ?= cargo
# The photo that `make run` opens.
PHOTO ?= assets/samples/portrait.jpg

# A program built outside this folder does not come upon runtime/ on its way up.
ifdef CARGO_TARGET_DIR
export ORT_DYLIB_PATH ?= $(CURDIR)/runtime
endif

.PHONY: help setup run test test-setup lint test-rust test-training runtime-cuda dist audit screenshots samples icons clean

help: ## Lists the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Checks the toolchain and fetches ONNX Runtime into runtime/ (24 MB, once).
	@$(PYTHON) scripts/setup.py base

run: setup ## Builds the release binary and opens PHOTO in the window; without a display, restores it into out/.
	@$(PYTHON) scripts/run.py "$(PHOTO)"

test: test-setup lint test-rust test-training ## Sets up what the tests need and runs all of them.

test-setup: ## The tests of the set-up scripts.
	$(PYTHON) -B -m unittest discover -s scripts

lint: setup ## Formatting, clippy (with and without the window), documentation, all without a warning.
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items

test-rust: ## The tests of the program. No display, GPU or network is used.
	@$(PYTHON) scripts/setup.py tests
	@$(PYTHON) scripts/build_note.py debug
	$(CARGO) test

test-training: ## The tests of the training package, in training/.venv (fetches PyTorch once).
	@$(PYTHON) scripts/setup.py training
	training/.venv/bin/python -m pytest -q -p no:cacheprovider training

runtime-cuda: ## Puts the CUDA build of ONNX Runtime and NVIDIA's libraries in runtime/ (1.6 GB download).
	@$(PYTHON) scripts/setup.py cuda

dist: setup ## Makes dist/*.tar.gz and dist/*.deb, which run without Rust.
	@$(PYTHON) scripts/dist.py

audit: ## Checks licences, sources and duplicates of all crates (builds cargo-deny once, some minutes).
	@$(PYTHON) scripts/audit.py

clean: ## Deletes what was built; keeps the fetched ONNX Runtime.
	$(CARGO) clean
	rm -rf dist out

# The targets below make committed files anew; nobody needs them to build, test or run.
ASSETS_VENV := target/assets-venv

samples: ## Makes assets/samples anew (fetches OpenCV, scikit-image and scipy's wheel).
	$(PYTHON) -m venv $(ASSETS_VENV)
	$(ASSETS_VENV)/bin/pip install --quiet -r scripts/requirements-samples.txt
	$(ASSETS_VENV)/bin/pip download --quiet --no-deps --only-binary=:all: --python-version 3.10 \
		--platform manylinux2014_x86_64 --dest $(ASSETS_VENV) scipy==1.9.3
	$(ASSETS_VENV)/bin/python scripts/make_samples.py $(ASSETS_VENV)/scipy-1.9.3-*.whl

icons: ## Draws assets/icons/*.png from the SVG (needs Debian's libcairo2).
	$(PYTHON) -m venv $(ASSETS_VENV)
	$(ASSETS_VENV)/bin/pip install --quiet -r scripts/requirements-samples.txt
	$(ASSETS_VENV)/bin/python scripts/make_icons.py

screenshots: setup ## Takes screenshots/ anew from the real window (needs xvfb, xdotool, imagemagick, openbox).
	$(CARGO) build --release
	bash scripts/screenshots.sh $(or $(CARGO_TARGET_DIR),target)/release/unscratch
