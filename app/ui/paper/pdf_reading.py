"""Makes a PDF of Qt's writer readable where nobody looks: copied, searched, read aloud.

Qt notes the first code point that has a glyph. Fonts use one glyph for a character and its twins,
so that a space is copied as a tab, and many Chinese characters as radicals, which look the same and
are found by no search. And Qt says neither the language nor that the title is to be shown.
"""

from __future__ import annotations

import re
import unicodedata

_MAP = re.compile(rb"/CIDInit /ProcSet findresource begin.*?endcmap", re.DOTALL)
_CODES = re.compile(rb"\[[^\]]*\]")
_TWIN = re.compile(rb"<(0009|2[EF][0-9A-F]{2})>")
_TRAILER = re.compile(rb"trailer\s*<<(?P<entries>.*?)>>\s*startxref\s+(?P<place>\d+)", re.DOTALL)
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_END_BYTES = 4_096
# Radicals that Unicode calls no equivalents, and what they share their glyphs with.
_TWINS = (
    "⺂⺃⺅⺉⺋⺏⺐⺒⺓⺔⺕⺖⺘⺙⺛⺞⺠⺡⺣⺤⺦⺨⺭⺯⺰⺱⺳⺹⺺⺾⻂⻅⻆⻈"
    "⻉⻋⻌⻐⻑⻒⻓⻔⻖⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻮⻯⻰⻱⻲⼾\t"
)
_MEANT = (
    "乛乚亻刂㔾尣尢巳幺彑彐忄扌攵旡歺民氵灬爫丬犭礻糹纟罓㓁耂肀艹衤见角讠"
    "贝车辶钅長镸长门阝青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐齿竜龙龜亀户 "
)
_CHARACTERS = dict(zip(_TWINS, _MEANT, strict=True))


def readable(content: bytes, language: str) -> bytes:
    """The same pages; their text can be copied as it was written.

    Args:
        content: The file as Qt wrote it.
        language: Of most of the text, such as "fr".
    """
    return _with_language(_MAP.sub(_mended, content), language)


def _mended(found: re.Match[bytes]) -> bytes:
    """A map of glyphs to characters; as long as before, so that everything stays in place."""
    return _CODES.sub(lambda codes: _TWIN.sub(_character, codes[0]), found[0])


def _character(found: re.Match[bytes]) -> bytes:
    twin = chr(int(found[1], 16))
    character = _CHARACTERS.get(twin) or unicodedata.normalize("NFKC", twin)
    return b"<%04X>" % ord(character) if len(character) == 1 else found[0]


def _with_language(content: bytes, language: str) -> bytes:
    """With a second catalogue at the end, as the format provides for (ISO 32000-1, 7.5.6)."""
    trailer = _TRAILER.search(content, max(0, len(content) - _END_BYTES))
    root = _ROOT.search(trailer["entries"]) if trailer is not None else None
    if trailer is None or root is None:
        return content
    number = root[1]
    catalogue = re.search(rb"\n%s 0 obj\s*<<(.*?)>>\s*endobj" % number, content, re.DOTALL)
    if catalogue is None:
        return content
    added = (
        b"%s 0 obj\n<<%s/Lang (%s)\n/ViewerPreferences << /DisplayDocTitle true >>\n>>\nendobj\n"
    )
    body = added % (number, catalogue[1], language.encode("ascii", "replace"))
    table = len(content) + len(body)
    end = b"xref\n%s 1\n%010d 00000 n \ntrailer\n<<%s/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        len(content),
        trailer["entries"],
        trailer["place"],
        table,
    )
    return b"".join((content, body, end))
