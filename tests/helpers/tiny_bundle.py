"""Small bundles for tests of the runtime, the worker and the commands.

The tiny one has random weights (the reference llama's), 128 tokens of vocabulary and a context of
1,024 tokens; it answers nonsense in a millisecond a token, the same nonsense every time.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from itertools import product
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from engine import build_model
from engine.bundle import MANIFEST_NAME
from engine.types import BuildConfig

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "resources" / "starter" / "SmolLM2-135M-Instruct"
_FAMILIES = ROOT / "tests" / "fixtures" / "parity"
_SPECIALS = ("<pad>", "<s>", "</s>")
TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>{% endfor %}"
    "<s>assistant\n"
)
CONTEXT_LENGTH = 1024
ENDLESS_CONTEXT = 1 << 16
VOCAB = 128


@cache
def tiny_bundle() -> Path:
    """A bundle shared by all tests of a process; copy it before changing anything."""
    folder = _folder()
    source = tiny_checkpoint(folder / "source")
    return build_model(source, folder / "bundle", BuildConfig(bits=4))


@cache
def rambling_bundle() -> Path:
    """As small, of a family whose random weights find no circle for hundreds of tokens."""
    folder = _folder()
    source = tiny_checkpoint(folder / "source", family="phi3__long")
    return build_model(source, folder / "bundle", BuildConfig(bits=4))


@cache
def endless_bundle() -> Path:
    """The same without a token that ends a reply and with room for 65,536: it talks for seconds."""
    folder = _folder()
    source = tiny_checkpoint(folder / "source", context_length=ENDLESS_CONTEXT)
    bundle = build_model(source, folder / "bundle", BuildConfig(bits=4))
    manifest = json.loads((bundle / MANIFEST_NAME).read_text())
    (bundle / MANIFEST_NAME).write_text(json.dumps({**manifest, "stop_ids": []}))
    return bundle


@cache
def talking_bundle(family: str) -> Path:
    """A reference checkpoint in float32 that speaks ASCII, often in other tokens than it reads.

    Its vocabulary has pairs of letters that no text is ever cut into.
    """
    folder = _folder()
    source = tiny_checkpoint(folder / "source", 8 * CONTEXT_LENGTH, family)
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, "Ġ", "Ċ", *map("".join, product("aeiou", "nrst"))]
    _tokenizer(tokens).save(str(source / "tokenizer.json"))
    config = json.loads((source / "tokenizer_config.json").read_text())
    config["chat_template"] = TEMPLATE.rstrip() + "{{ '\n' }}"  # Jinja drops the last line break
    (source / "tokenizer_config.json").write_text(json.dumps(config))
    return build_model(source, folder / "bundle", BuildConfig(bits=32))


def tiny_checkpoint(
    folder: Path, context_length: int = CONTEXT_LENGTH, family: str = "llama"
) -> Path:
    """A Hugging Face folder from which the tiny bundle is built."""
    folder.mkdir(parents=True)
    shutil.copyfile(_FAMILIES / family / "model.safetensors", folder / "model.safetensors")
    config = json.loads((_FAMILIES / family / "config.json").read_text())
    config["max_position_embeddings"] = context_length
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer_config = {"bos_token": "<s>", "eos_token": "</s>", "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
    # One token a byte, for the commonest 125 bytes.
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())[: VOCAB - len(_SPECIALS) - 1]
    _tokenizer([*letters, "Ġ"]).save(str(folder / "tokenizer.json"))
    return folder


def _folder() -> Path:
    """A folder that goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="alcove-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _tokenizer(tokens: list[str]) -> Tokenizer:
    """Byte-level, without merges: only tokens of one byte are ever read."""
    vocab = {token: index for index, token in enumerate((*_SPECIALS, *dict.fromkeys(tokens)))}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in _SPECIALS])
    return tokenizer
