"""Exports a checkpoint as ONNX through Optimum: `exporter.py FOLDER OUT decoder|encoder`.

A program of its own: it runs in the convert environment (requirement file linux-cp311-convert.txt),
where Optimum, transformers and PyTorch live, and nothing imports it. FOLDER holds a config without
any mention of code and safetensors files, nothing else; no code of a checkpoint is run, no pickle
is read, and nothing is fetched.

OUT/model.onnx gets the graph, OUT/exported.weights every tensor of a kilobyte or more. The last
line on stdout is a JSON object: {} or {"error": ..., "detail": ...}.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

OPSET = 18
TASKS = {"decoder": "text-generation-with-past", "encoder": "feature-extraction"}
WEIGHTS = "exported.weights"

# Stored by older versions of transformers, computed today.
UNUSED = ("rotary_emb.inv_freq", "attn.masked_bias", "attn.bias", "embeddings.position_ids")


def load(folder: Path, kind: str) -> Any:  # noqa: ANN401
    """The model in float32; refuses one whose weights do not fit its code."""
    import torch  # noqa: PLC0415
    from transformers import AutoModel, AutoModelForCausalLM  # noqa: PLC0415

    factory = AutoModelForCausalLM if kind == "decoder" else AutoModel
    model, info = factory.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.float32,
        output_loading_info=True,
    )
    missing = sorted(info["missing_keys"])
    wrong = [str(entry[0]) for entry in info["mismatched_keys"]]
    # A sentence encoder does without the pooler that some architectures carry.
    missing = [name for name in missing if kind == "decoder" or not name.startswith("pooler.")]
    if missing or wrong:
        raise Refused("missing_tensor", (missing + wrong)[0])
    unread = [name for name in sorted(info["unexpected_keys"]) if not name.endswith(UNUSED)]
    if unread:
        raise Refused("unread_tensor", unread[0])
    return model.eval()


class Refused(Exception):
    """What is wrong, for the JSON line."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail


def export(folder: Path, out: Path, kind: str) -> None:
    """Load, export, move the weights beside the graph."""
    import onnx  # noqa: PLC0415
    from optimum.exporters.onnx import onnx_export_from_model  # noqa: PLC0415
    from optimum.exporters.tasks import TasksManager  # noqa: PLC0415

    model_type = json.loads((folder / "config.json").read_text("utf-8"))["model_type"]
    try:
        known = TasksManager.get_supported_tasks_for_model_type(model_type, exporter="onnx")
    except KeyError as exc:
        raise Refused("unknown_architecture", model_type) from exc
    if TASKS[kind] not in known:
        raise Refused("unknown_architecture", model_type)
    model = load(folder, kind)
    onnx_export_from_model(model, out, task=TASKS[kind], opset=OPSET, do_validation=False)
    exported = onnx.load(out / "model.onnx")
    for path in out.iterdir():
        path.unlink()
    onnx.save(
        exported,
        out / "model.onnx",
        save_as_external_data=True,
        location=WEIGHTS,
        size_threshold=1024,
    )


def main() -> int:
    """0 when the graph is there."""
    folder, out, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1",
        ORT_DISABLE_TELEMETRY="1", TRANSFORMERS_VERBOSITY="error",
    )  # fmt: skip
    try:
        export(folder, out, kind)
    except Refused as exc:
        print(json.dumps({"error": exc.error, "detail": exc.detail}))
        return 1
    except OSError as exc:
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        print(json.dumps({"error": "disk_full" if full else "failed", "detail": str(exc)[:300]}))
        return 1
    except Exception as exc:  # noqa: BLE001 - whatever four libraries may raise
        print(json.dumps({"error": "failed", "detail": f"{type(exc).__name__}: {exc}"[:300]}))
        return 1
    print("{}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
