# One command a chore. HOST, PORT and VENV are taken from the command line only: some shells export a HOST of their own,
# and nobody should find the app on the network without having asked for it.
HOST = 127.0.0.1
PORT = 8501
VENV = .venv

BIN = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python
BASE = sh scripts/python.sh
export PYTHON

.PHONY: run test test-oracles check fmt clean latency bench

run: ## open the app in a browser; for a classroom: make run HOST=0.0.0.0
	@exec $(BASE) scripts/serve.py --venv "$(VENV)" --host "$(HOST)" --port "$(PORT)"

test: ## library, pages and a real browser, without PyTorch
	@$(BASE) scripts/environment.py "$(VENV)" test
	@"$(BIN)" -m quantlab setup >/dev/null
	@QUANTLAB_CHROMIUM="$$("$(BIN)" scripts/chromium.py)" && export QUANTLAB_CHROMIUM && "$(BIN)" -m pytest -n 2 --dist worksteal -m "not torch"

test-oracles: ## the comparisons with PyTorch
	@$(BASE) scripts/environment.py "$(VENV)" oracles
	@"$(BIN)" -m pytest -m torch tests/oracles

check: ## format, lint, types, import directions
	@$(BASE) scripts/environment.py "$(VENV)" check
	@"$(BIN)" -m ruff format --check .
	@"$(BIN)" -m ruff check .
	@"$(BIN)" -m mypy
	@"$(BIN)" -m pytest -q tests/test_architecture.py

fmt: ## rewrite the sources in the project's format
	@$(BASE) scripts/environment.py "$(VENV)" check
	@"$(BIN)" -m ruff format .
	@"$(BIN)" -m ruff check --fix .

clean: ## remove what the chores made, the virtual environment included
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

latency: ## key press to picture, beside a trivial page; wants a quiet machine
	@$(BASE) scripts/environment.py "$(VENV)" test
	@QUANTLAB_CHROMIUM="$$("$(BIN)" scripts/chromium.py)" && export QUANTLAB_CHROMIUM && "$(BIN)" scripts/latency.py

bench: ## the kernels beside their peers, some minutes, and the README's chart; wants a quiet machine
	@$(BASE) scripts/environment.py "$(VENV)" oracles
	@"$(BIN)" -m quantlab bench --chart assets/bench.svg
