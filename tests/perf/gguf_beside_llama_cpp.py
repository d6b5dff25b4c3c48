"""Shows that the tests' GGUF files are what llama.cpp means by them.

    .venv/bin/python -m tests.perf.gguf_beside_llama_cpp --peer-python /path/to/venv/bin/python

Every reference checkpoint is written as a float32 GGUF file by the helpers that the tests of our
reader use, and read by llama.cpp. Its logits must be those of Hugging Face transformers: then the
helpers lay tensors and metadata out as llama.cpp does, and the reader is tested against the truth.
The peer's interpreter needs `llama_cpp` and numpy, nothing of ours.

Differences that remain are llama.cpp's own: it computes GELU from a table of float16 (Gemma),
rounds the bounds of YaRN (gpt-oss), and does not load shapes that no published model has.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.helpers.gguf_files import reference_model, write_gguf
from tests.helpers.gguf_layout import ARCHITECTURES
from tests.helpers.parity import FIXTURES

_PEER = """
import sys, numpy, llama_cpp
model = llama_cpp.Llama(
    sys.argv[1], n_ctx=64, n_batch=64, n_threads=1, logits_all=True, verbose=False,
    type_k=0, type_v=0, flash_attn=False,
)
ids = numpy.load(sys.argv[2])
model.eval([int(index) for index in ids])
numpy.save(sys.argv[3], numpy.array(model.scores[: len(ids)]))
"""


def main() -> None:
    """Print the largest difference for each checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    for name in arguments.names or _all():
        difference = compare(name, arguments.peer_python)
        told = "not loaded" if difference is None else f"{difference:.1e}"
        sys.stdout.write(f"{name:24} {told}\n")


def _all() -> list[str]:
    folders = sorted(path.parent.name for path in FIXTURES.glob("*/config.json"))
    return [name for name in folders if "__" not in name and not name.endswith(("_fp8", "_mxfp4"))]


def compare(name: str, peer: str) -> float | None:
    """The largest difference of logits over the prompt; None where llama.cpp refuses the file."""
    model = reference_model(name)
    if model.config["model_type"] not in ARCHITECTURES:
        raise ValueError(name)
    with tempfile.TemporaryDirectory() as folder, np.load(FIXTURES / name / "reference.npz") as ref:
        ids, out = Path(folder, "ids.npy"), Path(folder, "logits.npy")
        np.save(ids, ref["input_ids"])
        path = write_gguf(
            Path(folder, "m.gguf"), model.config, model.weights, changes=model.changes
        )
        command = [peer, "-c", _PEER, str(path), str(ids), str(out)]
        environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
        subprocess.run(command, env=environment, capture_output=True, check=False)
        return float(np.abs(np.load(out) - ref["logits"]).max()) if out.exists() else None


if __name__ == "__main__":
    main()
