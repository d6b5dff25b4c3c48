"""Makes a tiny checkpoint with reference logits, in the form of tests/fixtures/parity.

Runs under a Python that has torch and transformers, never under ours and never in a test:

    python -m tests.helpers.make_variant tests/fixtures/parity/gemma2/config.json OUT \
        --set num_hidden_layers=5 --set 'layer_types=null' --drop attn_logit_softcapping

The config is written as given and read by transformers from that very file, so that spellings are
checked, not only values. Weights of linear layers and experts lie on a symmetric int4 grid (blocks
of 32 along the input dimension, scales powers of two); everything else is rounded to bfloat16.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

GREEDY: Final = 24
_BLOCK: Final = 32
# Never quantized by the builder, so never put on the grid.
_PLAIN: Final = ("norm", "router", ".gate.weight", "expert_gate", "sinks", "bias")


def main() -> None:
    """Parse the command line and write the checkpoint."""
    options = _arguments().parse_args()
    config = json.loads(options.base.read_text("utf-8"))
    for assignment in options.set:
        key, _, value = assignment.partition("=")
        _assign(config, key, json.loads(value))
    for key in options.drop:
        config.pop(key, None)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    model = _model(config, options.spread)
    _write_reference(model, options.out, options.seed, options.prompt)
    tensors = _published(model)
    if options.joint:
        tensors = _joint(tensors)
    if options.wrap:
        outer, prefix = options.wrap.split(":")
        tensors = {_inside(name, prefix): tensor for name, tensor in tensors.items()}
        config = {"model_type": outer, "text_config": config}
    kind = getattr(torch, options.dtype)
    tensors = {name: tensor.to(kind).contiguous() for name, tensor in tensors.items()}
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    _save(tensors, options.out, options.shards)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make a tiny checkpoint with reference logits.")
    parser.add_argument("base", type=Path, help="config.json to start from")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--set", action="append", default=[], help="a.b=JSON, changes a key")
    parser.add_argument("--drop", action="append", default=[], help="removes a key")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spread", type=float, default=0.3, help="of norms, biases, routers")
    parser.add_argument("--dtype", default="bfloat16", help="bfloat16, float16 or float32")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=40, help="tokens")
    parser.add_argument("--joint", action="store_true", help="one tensor for all experts")
    parser.add_argument(
        "--wrap", default="", help="OUTER_TYPE:PREFIX, for example gemma3:language_model.model."
    )
    return parser


def _assign(config: dict[str, Any], path: str, value: object) -> None:
    *steps, last = path.split(".")
    for step in steps:
        config = config.setdefault(step, {})
    config[last] = value


def _model(config: dict[str, Any], spread: float) -> Any:
    """A model of random weights that survive int4 and bfloat16 unchanged."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config), "utf-8")
        read = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_config(
        read, attn_implementation="eager", dtype=torch.float32
    ).eval()
    named = [*model.named_parameters(), *model.named_buffers()]
    transposed = config["model_type"] == "gpt_oss"  # its experts are stored [in, out]
    with torch.no_grad():
        for name, tensor in named:
            axis = -2 if transposed and "experts" in name else -1
            if _is_linear(name, tensor, axis):
                drawn = 0.1 * torch.randn_like(tensor)
                tensor.copy_(_on_grid(drawn.transpose(axis, -1)).transpose(axis, -1))
            elif not name.endswith(("inv_freq", "embed_scale")):
                tensor.add_(spread * torch.randn_like(tensor))
                tensor.copy_(tensor.bfloat16().float())
    return model


def _is_linear(name: str, tensor: torch.Tensor, axis: int) -> bool:
    plain = any(part in name for part in _PLAIN)
    return not plain and tensor.dim() >= 2 and tensor.shape[axis] % _BLOCK == 0


def _on_grid(tensor: torch.Tensor) -> torch.Tensor:
    """Nearest values q * s, q in [-8, 7], one -8 in every block, s a power of two."""
    blocks = tensor.reshape(-1, _BLOCK)
    peak, where = blocks.abs().max(1)
    scale = torch.exp2(torch.round(torch.log2(peak / 8)))[:, None]
    levels = torch.clamp(torch.round(blocks / scale), -8, 7)
    levels[torch.arange(len(levels)), where] = -8
    return (levels * scale).reshape(tensor.shape)


def _write_reference(model: Any, folder: Path, seed: int, length: int) -> None:
    """Logits of a random prompt and of 24 greedy tokens, without a cache."""
    vocab = model.config.vocab_size
    prompt = np.random.default_rng(seed).integers(3, vocab, length)
    ids = [int(token) for token in prompt]
    rows, chosen = [], []
    logits = _logits(model, ids)
    for _ in range(GREEDY):
        rows.append(_logits(model, ids)[-1])
        chosen.append(int(rows[-1].argmax()))
        ids.append(chosen[-1])
    np.savez(
        folder / "reference.npz",
        input_ids=prompt.astype(np.int64),
        logits=logits,
        greedy_ids=np.array(chosen, np.int64),
        greedy_logits=np.stack(rows),
    )


def _logits(model: Any, ids: list[int]) -> np.ndarray[Any, Any]:
    with torch.no_grad():
        output = model(input_ids=torch.tensor([ids]), use_cache=False)
    return np.asarray(output.logits[0].float().numpy(), np.float32)


def _published(model: Any) -> dict[str, torch.Tensor]:
    """Tensors under the names that transformers publishes."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return dict(load_file(Path(folder) / "model.safetensors"))


def _joint(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Experts one behind the other, gate above up, as Qwen3.5's mixtures are published."""
    parts: dict[str, dict[int, dict[str, torch.Tensor]]] = {}
    rest = {}
    for name, tensor in tensors.items():
        stem, found, tail = name.partition(".experts.")
        if not found:
            rest[name] = tensor
            continue
        index, which, _ = tail.split(".")
        parts.setdefault(stem, {}).setdefault(int(index), {})[which] = tensor
    for stem, experts in parts.items():
        ordered = [experts[index] for index in sorted(experts)]
        both = [torch.cat((one["gate_proj"], one["up_proj"])) for one in ordered]
        rest[f"{stem}.experts.gate_up_proj"] = torch.stack(both)
        rest[f"{stem}.experts.down_proj"] = torch.stack([one["down_proj"] for one in ordered])
    return rest


def _inside(name: str, prefix: str) -> str:
    """`model.x` becomes `<prefix>x`; a head stands beside what the prefix names."""
    if name.startswith("model."):
        return prefix + name.removeprefix("model.")
    return prefix.removesuffix("model.") + name if prefix.startswith("language_model.") else name


def _save(tensors: dict[str, torch.Tensor], folder: Path, shards: int) -> None:
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        return
    places = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in sorted(tensors)[shard::shards]}
        save_file(part, folder / file, {"format": "pt"})
        places.update(dict.fromkeys(part, file))
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), "utf-8")


if __name__ == "__main__":
    main()
