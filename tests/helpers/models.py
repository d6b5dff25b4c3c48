"""Tiny seeded checkpoints, as a Hugging Face folder or as a GGUF file.

Both forms of one seed hold the same numbers, so that a bundle built from one must answer like a
bundle built from the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_MERGES = ("h e", "Ġ t", "i n", "Ġt he", "e r", "Ġ a")
_GGUF_STEMS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tiny_config(**changes: object) -> dict[str, Any]:
    """A llama config: 64 wide, two layers, 300 tokens, context 256."""
    config: dict[str, Any] = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_act": "silu",
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "vocab_size": 300,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return {**config, **changes}


def tiny_weights(config: Mapping[str, Any], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random tensors of that config under their Hugging Face names."""
    random = np.random.default_rng(seed)
    hidden, ffn = config["hidden_size"], config["intermediate_size"]
    head_dim = config.get("head_dim", hidden // config["num_attention_heads"])
    wide = config["num_attention_heads"] * head_dim
    narrow = config["num_key_value_heads"] * head_dim

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return np.asarray(random.standard_normal((rows, columns)) / np.sqrt(columns), np.float32)

    def norm() -> NDArray[np.float32]:
        return np.asarray(1 + 0.1 * random.standard_normal(hidden), np.float32)

    weights = {"model.embed_tokens.weight": matrix(config["vocab_size"], hidden) * 4}
    for layer in range(config["num_hidden_layers"]):
        stem = f"model.layers.{layer}."
        linear = {
            "self_attn.q_proj": (wide, hidden),
            "self_attn.k_proj": (narrow, hidden),
            "self_attn.v_proj": (narrow, hidden),
            "self_attn.o_proj": (hidden, wide),
            "mlp.gate_proj": (ffn, hidden),
            "mlp.up_proj": (ffn, hidden),
            "mlp.down_proj": (hidden, ffn),
        }
        weights |= {f"{stem}{name}.weight": matrix(*shape) for name, shape in linear.items()}
        if config.get("attention_bias"):
            weights |= {
                f"{stem}{name}.bias": matrix(1, shape[0])[0]
                for name, shape in linear.items()
                if name.startswith("self_attn")
            }
        weights[f"{stem}input_layernorm.weight"] = norm()
        weights[f"{stem}post_attention_layernorm.weight"] = norm()
    weights["model.norm.weight"] = norm()
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = matrix(config["vocab_size"], hidden)
    return weights


def tiny_vocabulary(size: int = 300) -> list[str]:
    """Specials, the 256 bytes, a few merged pieces, and filler up to `size`."""
    pieces = [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    pieces += [merge.replace(" ", "") for merge in _MERGES]
    return [*pieces, *(f"<|filler_{index}|>" for index in range(len(pieces), size))]


def tiny_tokenizer(size: int = 300) -> Tokenizer:
    """A working byte-level tokenizer with the tokens of `tiny_vocabulary`."""
    tokens = tiny_vocabulary(size)
    merges = [(left, right) for left, _, right in (merge.partition(" ") for merge in _MERGES)]
    tokenizer = Tokenizer(models.BPE({text: i for i, text in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = (text for text in tokens if text.startswith("<|"))
    tokenizer.add_tokens([AddedToken(text, special=True, normalized=False) for text in specials])
    return tokenizer


def tiny_llama_checkpoint(
    folder: Path, *, seed: int = 0, shards: int = 1, **changes: object
) -> Path:
    """Write a Hugging Face folder; `changes` go into the config."""
    folder.mkdir(parents=True, exist_ok=True)
    config = tiny_config(**changes)
    weights = tiny_weights(config, seed)
    (folder / "config.json").write_text(json.dumps(config))
    _save_weights(folder, weights, shards)
    tiny_tokenizer(config["vocab_size"]).save(str(folder / "tokenizer.json"))
    settings = {
        "bos_token": "<|im_start|>",
        "eos_token": {"content": "<|im_end|>"},
        "add_bos_token": False,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "LICENSE").write_text("Do as you like.\n")
    (folder / "README.md").write_text("---\nlicense: mit\nlanguage:\n- en\n- fr\n---\n# Tiny\n")
    return folder


def _save_weights(folder: Path, weights: dict[str, NDArray[np.float32]], shards: int) -> None:
    if shards == 1:
        save_file(weights, folder / "model.safetensors")
        return
    index: dict[str, str] = {}
    for shard in range(shards):
        name = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {key: weights[key] for key in sorted(weights)[shard::shards]}
        save_file(part, folder / name)
        index |= dict.fromkeys(part, name)
    body = json.dumps({"metadata": {}, "weight_map": index})
    (folder / "model.safetensors.index.json").write_text(body)


def tiny_gguf(
    path: Path,
    *,
    seed: int = 0,
    kind: str = "F32",
    table_kind: str = "",
    metadata: Mapping[str, object] | None = None,
    factors: Sequence[float] = (),
    **changes: object,
) -> Path:
    """Write a GGUF file as llama.cpp's converter would.

    Args:
        path: The file.
        seed: Of the weights.
        kind: Type of the linear layers.
        table_kind: Type of the embedding, `kind` when empty.
        metadata: More string or integer keys.
        factors: Divisors of the RoPE frequencies.
        changes: For the config.
    """
    config = tiny_config(**changes)
    writer = GGUFWriter(path, "llama")
    _write_metadata(writer, config, metadata or {})
    for name, values in tiny_weights(config, seed).items():
        kind_here = table_kind or kind if name == "model.embed_tokens.weight" else kind
        _write_tensor(writer, config, name, values, kind_here)
    if factors:
        writer.add_tensor("rope_freqs.weight", np.array(factors, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_metadata(
    writer: GGUFWriter, config: Mapping[str, Any], metadata: Mapping[str, object]
) -> None:
    tokens = tiny_vocabulary(config["vocab_size"])
    kinds = [TokenType.CONTROL if t.startswith("<|") else TokenType.NORMAL for t in tokens]
    writer.add_name("Tiny")
    writer.add_license("apache-2.0")
    writer.add_languages(["en"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(list(_MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for key, value in metadata.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)


def _write_tensor(
    writer: GGUFWriter,
    config: Mapping[str, Any],
    name: str,
    values: NDArray[np.float32],
    kind: str,
) -> None:
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    part = name.split(".")[-2]
    if part in heads:  # llama.cpp keeps the two halves of a head's rotation side by side
        count = config[heads[part]]
        halves = values.reshape(count, 2, -1, *values.shape[1:])
        values = np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
    gguf_name = _gguf_name(name)
    if values.ndim == 1 or kind == "F32":
        writer.add_tensor(gguf_name, values)
        return
    quant = GGMLQuantizationType[kind]
    writer.add_tensor(gguf_name, quantize(values, quant), raw_dtype=quant)


def _gguf_name(name: str) -> str:
    outer = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    stem, _, kind = name.rpartition(".")
    if stem in outer:
        return f"{outer[stem]}.{kind}"
    _, _, layer, inside = stem.split(".", 3)
    return f"blk.{layer}.{_GGUF_STEMS[inside]}.{kind}"
