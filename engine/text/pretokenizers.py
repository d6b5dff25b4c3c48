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
_DEEPSEEK3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + _TAIL
)
_DEEPSEEK_CJK = "[一-龥ࠀ-一가-퟿]+"
# Letters as the first DeepSeek tokenizer lists them; no Unicode class is the same set.
_DEEPSEEK_LETTERS = (
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗ"
    "ὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿ"
    "ﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"
)
_DEEPSEEK_PUNCTUATION = "!-/:-~！-／：-～‘-‟\u3000-。"


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
_DEEPSEEK_V3 = PreTokenizer((r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", _DEEPSEEK3))

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
