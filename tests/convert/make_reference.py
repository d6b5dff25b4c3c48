"""Tiny decoders and reference logits by transformers: `make_reference.py OUT`; convert environment.

One folder per architecture: config.json, model.safetensors and reference.npz with `input_ids` [300]
and `logits` [300, vocab], float32, eager attention. Weights are random, wide enough that logits
differ, and bfloat16 values, as published ones are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import transformers

VOCAB = 320
TOKENS = 300
COMMON = {"vocab_size": VOCAB, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
WIDE = {**COMMON, "intermediate_size": 128, "max_position_embeddings": 512}

# Learned positions and Conv1D; rotary parts of heads and a parallel residual; offset positions and
# ReLU; grouped heads; biases everywhere and on the head; ALiBi; one key head for all queries;
# interleaved rotary; scaled logits; norms behind the blocks.
MODELS = {
    "gpt2": {"vocab_size": VOCAB, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512},
    "gpt_neox": {**WIDE, "rotary_pct": 0.5},
    "opt": {**COMMON, "ffn_dim": 128, "max_position_embeddings": 512, "word_embed_proj_dim": 64},
    "stablelm": {**WIDE, "num_key_value_heads": 2},
    "phi": {**WIDE, "partial_rotary_factor": 0.5},
    "bloom": {"vocab_size": VOCAB, "hidden_size": 64, "n_layer": 2, "n_head": 4},
    "falcon": {**COMMON, "max_position_embeddings": 512},
    "gptj": {
        "vocab_size": VOCAB, "n_embd": 64, "n_layer": 2, "n_head": 4, "rotary_dim": 8,
        "n_positions": 512,
    },
    "cohere": WIDE,
    "olmo2": WIDE,
    "granite": {**WIDE, "logits_scaling": 2.0},
    "mpt": {"vocab_size": VOCAB, "d_model": 64, "n_layers": 2, "n_heads": 4, "max_seq_len": 512},
}  # fmt: skip


def make(name: str, folder: Path) -> None:
    """One architecture's checkpoint and reference."""
    config = transformers.AutoConfig.for_model(name, **MODELS[name])
    factory = transformers.AutoModelForCausalLM
    model = factory.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.08)
            elif not bool((parameter == 1).all()):
                torch.nn.init.normal_(parameter, std=0.02)
            parameter.copy_(parameter.bfloat16().float())
    model.save_pretrained(folder, safe_serialization=True)
    ids = torch.randint(3, VOCAB, (1, TOKENS))
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
    np.savez(folder / "reference.npz", input_ids=ids[0].numpy(), logits=logits.numpy())


def main() -> None:
    """Make all of them."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for name in MODELS:
        torch.manual_seed(sum(map(ord, name)))
        make(name, Path(sys.argv[1]) / name)


if __name__ == "__main__":
    main()
