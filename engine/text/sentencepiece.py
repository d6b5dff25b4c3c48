"""SentencePiece models (Kudo and Richardson 2018) as `tokenizers`.

    text -- charsmap -- squeeze spaces -- space in front -- spaces as U+2581 -- BPE or unigram

BPE (here: the pair whose union has the best score merges first) becomes ordinary merges, unigram
stays unigram. Where the space goes in front differs: SentencePiece puts one before every text it
is given; published tokenizers that cut the text at control tokens first do so before every piece
("legacy") or only at the very beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE, Unigram

from engine.errors import BadCheckpoint
from engine.text.sentencepiece_file import (
    CONTROL,
    NORMAL,
    UNIGRAM,
    USER_DEFINED,
    SentencePieceModel,
)

SPACE: Final = "\N{LOWER ONE EIGHTH BLOCK}"
MAX_TOKENS: Final = 2_000_000
MAX_TOKEN_CHARS: Final = 1024
_MAX_KEPT: Final = 4096


def build_sentencepiece(
    model: SentencePieceModel,
    added: Mapping[int, AddedToken] | None = None,
    *,
    prefix_each: bool = True,
) -> Tokenizer:
    """The tokenizer of a SentencePiece model.

    Args:
        model: What the file says.
        added: Further tokens by id; a token that is in the model already keeps its id.
        prefix_each: Put the space in front of every piece between control tokens, not only at the
            beginning of the text.

    Raises:
        BadCheckpoint: The model contradicts itself.
    """
    added = added or {}
    tokens = {index: added[index].content for index in sorted(added)}
    ids = _ids(model, tokens)
    tokenizer = Tokenizer(_unigram(model, tokens) if model.kind == UNIGRAM else _bpe(model, ids))
    kept = [
        (index, text)
        for index, (text, kind) in enumerate(zip(model.tokens, model.types, strict=True))
        if kind == USER_DEFINED and " " not in text  # text has no plain space when it is cut
    ]
    prefix_each = prefix_each and len(kept) <= _MAX_KEPT
    _set_spaces(tokenizer, model, [text for _, text in kept], prefix_each=prefix_each)
    own = {
        index: AddedToken(text, normalized=False, special=True)
        for index, (text, kind) in enumerate(zip(model.tokens, model.types, strict=True))
        if kind == CONTROL
    }
    # Text that is kept whole matches marked text, so that no space is put behind it.
    marked = prefix_each and model.add_prefix
    own |= {
        index: AddedToken(text, normalized=marked or SPACE in text, special=False)
        for index, text in kept
    }
    everything = [token for _, token in sorted({**own, **added}.items())]
    if any(not token.content for token in everything):
        raise BadCheckpoint(reason="tokenizer_empty_token")
    tokenizer.add_tokens(everything)
    return tokenizer


def merges_from_scores(
    tokens: Sequence[str], scores: Sequence[float], types: Sequence[int], ids: Mapping[str, int]
) -> list[tuple[str, str]]:
    """Every pair of tokens whose union is a token, best union first.

    Among equals SentencePiece takes the pair that stands leftmost in the text. Merges have one
    order for all texts; the longest left part first comes to the same, as merging from the left
    makes the left parts long. (Runs of spaces are such equals in Mistral's vocabularies.)
    """
    mergeable = {text for text, kind in zip(tokens, types, strict=True) if kind == NORMAL}
    ranked: list[tuple[float, int, int, int, str, str]] = []
    for text in mergeable:
        for cut in range(1, len(text)):
            left, right = text[:cut], text[cut:]
            if left in mergeable and right in mergeable:
                rank = (-scores[ids[text]], -cut, ids[left], ids[right])
                ranked.append((*rank, left, right))
    ranked.sort()
    return [(left, right) for *_, left, right in ranked]


def has_byte_tokens(ids: Mapping[str, int]) -> bool:
    """Whether there is a token for each single byte."""
    return all(f"<0x{value:02X}>" in ids for value in range(256))


def _ids(model: SentencePieceModel, added: Mapping[int, str]) -> dict[str, int]:
    """Ids by text, checked. Raises BadCheckpoint."""
    size = len(model.tokens)
    if not size == len(model.scores) == len(model.types):
        raise BadCheckpoint(reason="tokenizer_array_lengths")
    if size > MAX_TOKENS or not 0 <= (model.unknown_id or 0) < size:
        raise BadCheckpoint(reason="tokenizer_unknown_token_id")
    if max(map(len, model.tokens)) > MAX_TOKEN_CHARS:
        raise BadCheckpoint(reason="tokenizer_token_length")
    if not all(abs(score) < float("inf") for score in model.scores):
        raise BadCheckpoint(reason="tokenizer_scores")
    ids = {text: index for index, text in enumerate(model.tokens)}
    if len(ids) != size:
        raise BadCheckpoint(reason="tokenizer_duplicate_token")
    for index, text in added.items():
        if ids.setdefault(text, index) != index or (index < size and model.tokens[index] != text):
            raise BadCheckpoint(reason="tokenizer_added_tokens")
    return ids


def _bpe(model: SentencePieceModel, ids: dict[str, int]) -> BPE:
    unknown = model.unknown_id
    return BPE(
        ids,
        merges_from_scores(model.tokens, model.scores, model.types, ids),
        unk_token=None if unknown is None else model.tokens[unknown],
        byte_fallback=model.byte_fallback and has_byte_tokens(ids),
        fuse_unk=True,
    )


def _unigram(model: SentencePieceModel, added: Mapping[int, str]) -> Unigram:
    vocabulary = list(zip(model.tokens, model.scores, strict=True))
    worst = min(model.scores)
    for index, text in added.items():
        if index > len(vocabulary):  # this kind of vocabulary is a list without holes
            raise BadCheckpoint(reason="tokenizer_added_tokens")
        if index == len(vocabulary):
            vocabulary.append((text, worst))
    try:
        return Unigram(vocabulary, model.unknown_id, model.byte_fallback)
    except Exception as exc:
        raise BadCheckpoint(reason="tokenizer_malformed") from exc


def _set_spaces(
    tokenizer: Tokenizer, model: SentencePieceModel, kept: Sequence[str], *, prefix_each: bool
) -> None:
    steps: list[normalizers.Normalizer] = []
    if model.charsmap:
        # The library looks at one character with its marks at a time, and at short ones only.
        steps += [normalizers.NFC()] if model.composes else []
        steps.append(_precompiled(model.charsmap))
    if model.squeeze_spaces:
        steps += [
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Replace(Regex("^ | $"), ""),
        ]
    if model.add_prefix and prefix_each:
        steps.append(_prefix(kept))
    steps.append(normalizers.Replace(" ", SPACE))
    tokenizer.normalizer = normalizers.Sequence(steps) if len(steps) > 1 else steps[0]
    if model.add_prefix and not prefix_each:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, "first", split=False)
    undo = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if model.add_prefix:
        undo.append(decoders.Strip(" ", 1, 0))
    tokenizer.decoder = decoders.Sequence(undo)


def _prefix(kept: Sequence[str]) -> normalizers.Normalizer:
    """A space in front, but not of tokens kept whole: they are normalized when declared."""
    if not kept:
        return normalizers.Prepend(SPACE)
    alone = "|".join(map(re.escape, kept))
    return normalizers.Replace(Regex(rf"\A(?!(?:{alone})\z)(?=[\s\S])"), SPACE)


def check_charsmap(charsmap: bytes) -> None:
    """Make sure that no jump in a compiled normalization leads outside.

    The library follows them without looking, and would crash when text comes. Layout: size of the
    trie in bytes, the trie (Darts double array of uint32), then replacements, each ended by a zero
    byte. A unit's children lie at (its position ^ its offset) ^ byte. Raises BadCheckpoint.
    """
    size = int.from_bytes(charsmap[:4], "little")
    trie_bytes, replacements = charsmap[4 : 4 + size], charsmap[4 + size :]
    if not size or size % 4 or len(trie_bytes) != size or not replacements.endswith(b"\0"):
        raise BadCheckpoint(reason="tokenizer_charsmap")
    trie = np.frombuffer(trie_bytes, "<u4").astype(np.int64)
    children = np.arange(trie.size) ^ ((trie >> 10) << ((trie & (1 << 9)) >> 6))
    inner = trie < 1 << 31  # the others are leaves: where a replacement begins
    if ((children | 0xFF) >= trie.size)[inner].any():
        raise BadCheckpoint(reason="tokenizer_charsmap")
    leaves = trie[children[inner & ((trie & (1 << 8)) != 0)]] & 0x7FFFFFFF
    if (leaves >= len(replacements)).any():
        raise BadCheckpoint(reason="tokenizer_charsmap")


def _precompiled(charsmap: bytes) -> normalizers.Normalizer:
    check_charsmap(charsmap)
    try:
        return normalizers.Precompiled(charsmap)
    except Exception as exc:
        raise BadCheckpoint(reason="tokenizer_charsmap") from exc
