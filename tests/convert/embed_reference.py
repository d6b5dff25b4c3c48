"""Sentences to vectors by transformers: `embed_reference.py MODEL TEXTS.json OUT.npy`; convert env.

Mean over the tokens of a text, length one, as the model's card describes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer


def main() -> None:
    """Write vectors [texts, width]."""
    torch.set_num_threads(1)
    folder, texts, out = (Path(argument) for argument in sys.argv[1:4])
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
    rows = []
    for text in json.loads(texts.read_text("utf-8")):
        batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
        with torch.no_grad():
            tokens = model(**batch).last_hidden_state[0]
        mean = tokens.mean(dim=0)
        rows.append((mean / mean.norm()).numpy())
    np.save(out, np.stack(rows))


if __name__ == "__main__":
    main()
