"""Decrypts SQLCipher files page by page, free pages included: all that the key's holder could find.

Layout (SQLCipher 4, raw key): 4096-byte pages, the first 16 bytes of the file are the salt, the
last 80 bytes of each page are the 16-byte AES-CBC vector and a 64-byte HMAC. Frames of the
write-ahead log have 24 bytes of header each, after 32 bytes for the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_PAGE = 4096
_RESERVED = 80


def decrypted(database: Path, key: bytes) -> bytes:
    """All pages of a database and of its write-ahead log, decrypted and joined."""
    pages = list(_pages(database.read_bytes()))
    log = database.with_name(database.name + "-wal")
    if log.exists():
        data = log.read_bytes()[32:]
        step = _PAGE + 24
        pages += [data[i + 24 : i + step] for i in range(0, len(data) - step + 1, step)]
    return b"".join(_decrypt(page, key) for page in pages)


def _pages(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _PAGE):
        yield data[start : start + _PAGE]


def _decrypt(page: bytes, key: bytes) -> bytes:
    body = page[:-_RESERVED]
    vector = page[-_RESERVED : -_RESERVED + 16]
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    # The first page starts with the salt; its ciphertext begins at 16, a block boundary.
    return cipher.update(body[len(body) % 16 :]) + cipher.finalize()
