"""Titles become names that every system takes."""

from __future__ import annotations

import pytest

from app.ui.paper.names import file_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Letter to the town hall", "Letter to the town hall.pdf"),
        ('What is "AC/DC": a band?', "What is AC DC a band.pdf"),
        ("路灯的事", "路灯的事.pdf"),
        ("C:\\Windows\\system32", "C Windows system32.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("one\ntwo\0three", "one two three.pdf"),
        ("Dots at the end...", "Dots at the end.pdf"),
        ("\u202egnp.exe", "gnp.exe.pdf"),
        ("con", "Conversation con.pdf"),
        ("NUL.txt", "Conversation NUL.txt.pdf"),
        ("COM¹", "Conversation COM¹.pdf"),
        ("", "Conversation.pdf"),
        ("???", "Conversation.pdf"),
    ],
)
def test_name(title: str, name: str) -> None:
    assert file_name(title, "Conversation", ".pdf") == name


@pytest.mark.parametrize("title", ["x" * 500, "路" * 500, "é" * 500, "👩‍👩‍👧‍👦" * 60])
def test_long_titles_are_cut_between_characters(title: str) -> None:
    name = file_name(title, "Conversation", ".docx")
    assert name.endswith(".docx")
    assert len(name.encode()) <= 190
    assert len(name) <= 85
    assert "\ufffd" not in name
