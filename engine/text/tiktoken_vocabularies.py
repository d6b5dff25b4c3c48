"""Published tiktoken vocabularies: what their files do not say.

A file holds bytes and ranks. How text becomes words and which control tokens follow is code in the
repositories that publish them; that code is never run, so what it says stands here as data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.text.pretokenizers import PRE_TOKENIZERS, PreTokenizer


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One published vocabulary.

    Attributes:
        pre: How text becomes words.
        size: Tokens in the file.
        controls: Names of the control tokens behind them, in order.
        roles: "bos" and "eos" as text.
        add_bos: Whether a text begins with BOS.
    """

    pre: PreTokenizer
    size: int
    controls: tuple[str, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    add_bos: bool = False


def find_vocabulary(file_name: str, size: int) -> Vocabulary | None:
    """The vocabulary that a file of this name and number of tokens holds, if it is known.

    A name that belongs to a publisher decides how text is cut also when the size is another.
    """
    return _BY_NAME.get(file_name) or _BY_SIZE.get(size)


def _expand(names: str) -> tuple[str, ...]:
    """Names from words, where {3..5} stands for three words with 3, 4 and 5 in its place."""
    expanded: list[str] = []
    for word in names.split():
        found = re.search(r"\{(\d+)\.\.(\d+)\}", word)
        if found is None:
            expanded.append(word)
        else:
            numbers = range(int(found[1]), int(found[2]) + 1)
            expanded += [word.replace(found[0], str(number)) for number in numbers]
    return tuple(expanded)


_QWEN: Final = Vocabulary(
    PRE_TOKENIZERS["qwen2"],
    151_643,
    _expand("<|endoftext|> <|im_start|> <|im_end|> <|extra_{0..204}|>"),
    {"eos": "<|endoftext|>"},
)
_HUNYUAN: Final = Vocabulary(
    PRE_TOKENIZERS["qwen2"],
    127_957,
    _expand("<|endoftext|> <|startoftext|> <|bos|> <|eos|> <|pad|> <|extra_{0..204}|>"),
    {"bos": "<|startoftext|>", "eos": "<|eos|>"},
)
_LLAMA3: Final = Vocabulary(
    PRE_TOKENIZERS["llama3"],
    128_000,
    _expand(
        "<|begin_of_text|> <|end_of_text|> <|reserved_special_token_{0..1}|>"
        " <|finetune_right_pad_id|> <|reserved_special_token_2|> <|start_header_id|>"
        " <|end_header_id|> <|eom_id|> <|eot_id|> <|python_tag|>"
        " <|reserved_special_token_{3..247}|>"
    ),
    {"bos": "<|begin_of_text|>", "eos": "<|end_of_text|>"},
    add_bos=True,
)
_HARMONY: Final = Vocabulary(
    PRE_TOKENIZERS["gpt-4o"],
    199_998,
    _expand(
        "<|startoftext|> <|endoftext|> <|reserved_{200000..200001}|> <|return|> <|constrain|>"
        " <|reserved_200004|> <|channel|> <|start|> <|end|> <|message|>"
        " <|reserved_{200009..200011}|> <|call|> <|reserved_{200013..200017}|> <|endofprompt|>"
        " <|reserved_{200019..201087}|>"
    ),
    {"bos": "<|startoftext|>", "eos": "<|return|>"},
)
_KIMI: Final = Vocabulary(
    PRE_TOKENIZERS["kimi-k2"], 163_584, _expand("<|reserved_token_{163584..163839}|>")
)

_BY_NAME: Final = {"qwen.tiktoken": _QWEN, "hy.tiktoken": _HUNYUAN, "tiktoken.model": _KIMI}
_BY_SIZE: Final = {known.size: known for known in (_QWEN, _HUNYUAN, _LLAMA3, _HARMONY, _KIMI)}
