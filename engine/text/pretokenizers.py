"""How each byte-level BPE tokenizer cuts text into words before it merges bytes.

A GGUF names the cut in `tokenizer.ggml.pre`. The patterns are data of the published tokenizers
(the `pre_tokenizer` of their `tokenizer.json`, and llama.cpp's `llama-vocab.cpp` where a file has
none): a different pattern gives different ids, and a model that reads unfamiliar ids answers badly
without any error. Names that are not in the table are therefore refused.

Several patterns of one name are applied one after the other, each to the pieces of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokenizers import Regex, normalizers, pre_tokenizers

from engine.errors import UnsupportedFamily

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CAMEL_1 = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+"
_CAMEL_2 = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"
_SYMBOLS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
_SYMBOLS_SLASH = r" ?[^\s\p{L}\p{N}]+[\r\n/]*"

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_GPT4 = rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{_SYMBOLS}|{_TAIL}"
_QWEN2 = rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{_SYMBOLS}|{_TAIL}"
_QWEN35 = (
    rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{_TAIL}"
)
_O200K = (
    rf"{_CAMEL_1}{_CONTRACTIONS}?|{_CAMEL_2}{_CONTRACTIONS}?|\p{{N}}{{1,3}}"
    rf"|{_SYMBOLS_SLASH}|{_TAIL}"
)
_TEKKEN = rf"{_CAMEL_1}|{_CAMEL_2}|\p{{N}}|{_SYMBOLS_SLASH}|{_TAIL}"
# Moonshot's Kimi (its published tokenization code): Chinese characters in runs of their own.
_NOT_HAN = r"&&[^\p{Han}]]"
_KIMI_UPPER, _KIMI_LOWER = _UPPER[:-1] + _NOT_HAN, _LOWER[:-1] + _NOT_HAN
_KIMI = (
    rf"[\p{{Han}}]+|[^\r\n\p{{L}}\p{{N}}]?{_KIMI_UPPER}*{_KIMI_LOWER}+{_CONTRACTIONS}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_KIMI_UPPER}+{_KIMI_LOWER}*{_CONTRACTIONS}?"
    rf"|\p{{N}}{{1,3}}|{_SYMBOLS}|{_TAIL}"
)
_DEEPSEEK3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + _TAIL
)


def _characters(ranges: str) -> str:
    """The inside of a character class from "FIRST-LAST" code points in hexadecimal."""
    bounds = [[chr(int(end, 16)) for end in item.split("-")] for item in ranges.split()]
    return "".join("-".join(ends) for ends in bounds)


# Cased letters as the first DeepSeek tokenizers list them; no Unicode class is the same set.
_DEEPSEEK_LETTERS = _characters(
    "41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386"
    " 388-38A 38C 38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA"
    " 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57"
    " 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB"
    " 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D"
    " 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3"
    " A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A"
    " FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF"
    " 1E900-1E943"
)
_DEEPSEEK_PUNCTUATION = _characters("21-2F 3A-7E FF01-FF0F FF1A-FF5E 2018-201F 3000-3002")
_DEEPSEEK_CJK = f"[{_characters('4E00-9FA5 800-4E00 AC00-D7FF')}]+"
_DEEPSEEK3_CJK = f"[{_characters('4E00-9FA5 3040-309F 30A0-30FF')}]+"


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """How text becomes words.

    Attributes:
        patterns: Regular expressions (Oniguruma); every match becomes a piece, and so does what
            lies between matches.
        ignore_merges: A whole word that is in the vocabulary is taken without merging.
        normalization: "NFC" where the published tokenizer normalizes, else "".
    """

    patterns: tuple[str, ...]
    ignore_merges: bool = False
    normalization: str = ""

    def build(self) -> pre_tokenizers.PreTokenizer:
        """The pre-tokenizer object, byte-level alphabet included."""
        steps: list[pre_tokenizers.PreTokenizer] = [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in self.patterns
        ]
        steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
        return pre_tokenizers.Sequence(steps)

    def build_normalizer(self) -> normalizers.Normalizer | None:
        """The normalizer object, None where text is taken as it is."""
        return normalizers.NFC() if self.normalization == "NFC" else None


_DEFAULT = PreTokenizer((r"[\p{P}\$\+<=>\^~\|]+", _GPT2, r"\p{N}+", "[0-9][0-9][0-9]"))
_DIGITS_GPT2 = PreTokenizer((r"\p{N}", _GPT2))
_QWEN = PreTokenizer((_QWEN2,), normalization="NFC")
_LLAMA3 = PreTokenizer((_GPT4,), ignore_merges=True)
_DEEPSEEK_V3 = PreTokenizer((r"\p{N}{1,3}", _DEEPSEEK3_CJK, _DEEPSEEK3))

_GROUPS: tuple[tuple[PreTokenizer, str], ...] = (
    (_DEFAULT, "default"),
    (_LLAMA3, "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2"),
    (PreTokenizer((_GPT4,)), "dbrx smaug-bpe glm4 chatglm-bpe"),
    (PreTokenizer((_GPT2,)), "gpt-2 phi-2 mpt olmo jais exaone4 granite-docling gigachat mellum"),
    (_DIGITS_GPT2, "smollm starcoder refact command-r codeshell exaone minerva-7b"),
    (_QWEN, "qwen2"),
    (PreTokenizer((_QWEN2,)), "deepseek-r1-qwen stablelm2 megrez hunyuan grok-2"),
    (PreTokenizer((_QWEN35,), normalization="NFC"), "qwen35"),
    (_DEEPSEEK_V3, "deepseek-v3 hunyuan-dense"),
    (PreTokenizer((_O200K,)), "gpt-4o llama4"),
    (PreTokenizer((_KIMI,)), "kimi-k2"),
    (PreTokenizer((_TEKKEN,), ignore_merges=True), "tekken"),
    (PreTokenizer((r"[\p{P}\$\+<=>\^~\|`]+", _GPT2, "[0-9][0-9][0-9]")), "falcon"),
    (
        PreTokenizer((r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _DEEPSEEK_CJK, r"\p{N}")),
        "deepseek-coder",
    ),
    (
        PreTokenizer(
            (
                r"[\r\n]",
                rf"\s?[{_DEEPSEEK_LETTERS}]+",
                rf"\s?[{_DEEPSEEK_PUNCTUATION}]+",
                r"\s+$",
                _DEEPSEEK_CJK,
                r"\p{N}+",
            )
        ),
        "deepseek-llm",
    ),
)

PRE_TOKENIZERS: dict[str, PreTokenizer] = {
    name: pre for pre, names in _GROUPS for name in names.split()
}


def find_pre_tokenizer(name: str) -> PreTokenizer:
    """The cut of this name. Raises UnsupportedFamily (option: "tokenizer.ggml.pre=NAME")."""
    try:
        return PRE_TOKENIZERS[name]
    except KeyError as exc:
        raise UnsupportedFamily(family="", option=f"tokenizer.ggml.pre={name[:64]}") from exc
