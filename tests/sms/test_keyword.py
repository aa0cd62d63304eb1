"""The word that a text begins with."""

from __future__ import annotations

import pytest

from heliograph.sms.keyword import keyword_of, without_keyword


@pytest.mark.parametrize(
    ("text", "keyword", "rest"),
    [
        ("JOIN now", "JOIN", "now"),
        ("join  now please ", "JOIN", "now please "),
        (" \nJoin\tnow", "JOIN", "now"),
        ("JOIN", "JOIN", ""),
        ("JOIN, now", "JOIN,", "now"),
        ("straße 1", "STRASSE", "1"),
        ("стоп", "СТОП", ""),
        ("", "", ""),
        ("   ", "", ""),
    ],
)
def test_a_text_is_a_keyword_and_the_rest(text: str, keyword: str, rest: str) -> None:
    assert (keyword_of(text), without_keyword(text)) == (keyword, rest)
