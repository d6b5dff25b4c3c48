"""Byte-pair vocabularies as tiktoken and Mistral's tekken keep them: bytes and ranks, no merges.

    *.tiktoken, tiktoken.model    a line for each token: base64 of its bytes, a space, its rank
    tekken.json                   the same as JSON, ids shifted by the number of control tokens

tiktoken merges the two neighbours whose union has the lowest rank, whichever way the union came
about. So every way to cut a token into two tokens is a merge, in the order of the token's rank;
a word that is a token is taken whole. Which characters make a word is not in the file: it is known
for each published vocabulary, and guessing is out of the question.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.text.pretokenizers import PRE_TOKENIZERS, PreTokenizer
from engine.text.sentencepiece import MAX_TOKEN_CHARS, MAX_TOKENS

_TEKKEN: Final = PRE_TOKENIZERS["tekken"]


def parse_ranks(data: bytes) -> dict[bytes, int]:
    """Ranks by token, from the lines of a tiktoken file. Raises BadCheckpoint."""
    ranks: dict[bytes, int] = {}
    for line in data.splitlines():
        if not line:
            continue
        token, _, rank = line.partition(b" ")
        if not rank.isdigit() or len(rank) > 9:
            raise BadCheckpoint(reason="tokenizer_malformed")
        _add(ranks, _decoded(token), int(rank))
    return _checked(ranks)


def parse_tekken(data: bytes) -> tuple[dict[bytes, int], dict[int, AddedToken]]:
    """Ids by token and control tokens by id, from the body of a tekken.json.

    Raises:
        BadCheckpoint: The file is malformed.
        UnsupportedFamily: It cuts text in a way that is not known.
    """
    try:
        body = json.loads(data)
        config, vocabulary = body["config"], body["vocab"]
        controls = int(config["default_num_special_tokens"])
        size = int(config["default_vocab_size"]) - controls
        if not 0 <= controls <= MAX_TOKENS:
            raise BadCheckpoint(reason="tokenizer_added_tokens")
        if config["pattern"] != _TEKKEN.patterns[0]:
            raise UnsupportedFamily(family="tekken", option="pattern")
        ranks: dict[bytes, int] = {}
        for item in vocabulary[: max(0, size)]:
            _add(ranks, _decoded(item["token_bytes"].encode()), int(item["rank"]))
        listed = {int(item["rank"]): str(item["token_str"]) for item in _controls(body)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as exc:
        raise BadCheckpoint(reason="tokenizer_malformed") from exc
    if any(not 0 <= index < controls for index in listed):
        raise BadCheckpoint(reason="tokenizer_added_tokens")
    names = {index: listed.get(index, f"<SPECIAL_{index}>") for index in range(controls)}
    added = {i: AddedToken(text, normalized=False, special=True) for i, text in names.items()}
    return {token: rank + controls for token, rank in _checked(ranks).items()}, added


# The control tokens of a tekken.json that lists none, as its first versions do.
_FIRST_CONTROLS: Final = (
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)


def _controls(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] | None = body.get("special_tokens")
    if listed is None:
        listed = [{"rank": rank, "token_str": text} for rank, text in enumerate(_FIRST_CONTROLS)]
    return listed


def build_byte_pairs(
    ids: Mapping[bytes, int], pre: PreTokenizer, added: Mapping[int, AddedToken]
) -> Tokenizer:
    """The tokenizer of such a vocabulary.

    Args:
        ids: Ids by token; a lower id merges first.
        pre: How text becomes words.
        added: Further tokens by id.

    Raises:
        BadCheckpoint: Two tokens share an id, or an added token is empty.
    """
    written = {token: _printable(token) for token in ids}
    vocabulary = {written[token]: index for token, index in ids.items()}
    for index, token in added.items():
        vocabulary.setdefault(token.content, index)
    taken = set(vocabulary.values())
    if len(taken) != len(vocabulary) or not added.keys() <= taken:
        raise BadCheckpoint(reason="tokenizer_added_tokens")
    if any(not token.content for token in added.values()):
        raise BadCheckpoint(reason="tokenizer_empty_token")
    merges = [
        (written[token[:cut]], written[token[cut:]])
        for token in sorted(ids, key=ids.__getitem__)
        for cut in range(1, len(token))
        if token[:cut] in ids and token[cut:] in ids
    ]
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=True))
    normalizer = pre.build_normalizer()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre.build()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens([token for _, token in sorted(added.items())])
    return tokenizer


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise BadCheckpoint(reason="tokenizer_malformed") from exc


def _add(ranks: dict[bytes, int], token: bytes, rank: int) -> None:
    if not token or len(token) > MAX_TOKEN_CHARS:
        raise BadCheckpoint(reason="tokenizer_token_length")
    if token in ranks:
        raise BadCheckpoint(reason="tokenizer_duplicate_token")
    ranks[token] = rank


def _checked(ranks: dict[bytes, int]) -> dict[bytes, int]:
    """The ranks, when every byte and every rank occurs once and none is out of reach."""
    if any(bytes([value]) not in ranks for value in range(256)):
        raise BadCheckpoint(reason="tokenizer_malformed")
    values = set(ranks.values())
    if len(values) != len(ranks) or min(values) < 0 or max(values) >= MAX_TOKENS:
        raise BadCheckpoint(reason="tokenizer_scores")
    return ranks


def _alphabet() -> list[str]:
    """The printable character that stands for each byte (Radford et al. 2019)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(value) if value in plain else chr(next(others)) for value in range(256)]


_ALPHABET: Final = _alphabet()
assert sorted(_ALPHABET) == sorted(ByteLevel.alphabet())


def _printable(token: bytes) -> str:
    return "".join(map(_ALPHABET.__getitem__, token))
