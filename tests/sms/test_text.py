"""Texts as bodies, bodies as a phone shows them, and what a text would take."""

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heliograph.sms import gsm7, national, segments
from heliograph.sms.text import LANGUAGES, Encoded, Language, Unsayable, decode, encode, preview
from heliograph.sms.transliteration import TRANSLITERATIONS

TURKISH = "Mesaj gönderimi yapmadan önce önizleme seçeneğini kullanmanız doğru karar vermenize yardımcı olur."
GREEK = "Ας δούμε πόσοι χαρακτήρες θα μείνουν αχρησιμοποίητοι σε αυτό το μήνυμα όταν σταλεί. " * 2

NATIONAL = sorted(
    {character for pair in product(range(4), (0, 1, 3)) for character in national.tables(*pair).characters}
)
CHARACTERS = st.one_of(
    st.sampled_from(NATIONAL),
    st.sampled_from("ğşçãáЖΩ\r\n"),
    st.sampled_from(["e\u0301", "👨‍👩‍👧", "🇩🇪", "\r\n", "€"]),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
GSM = st.lists(st.sampled_from(sorted(gsm7.PLAIN.characters)), max_size=700).map("".join)
TEXTS = st.one_of(GSM, st.lists(st.sampled_from(NATIONAL), max_size=700).map("".join), st.text("ğa€", max_size=400))
ANY = st.one_of(TEXTS, st.lists(CHARACTERS, max_size=250).map("".join))
LANGUAGE = st.one_of(st.none(), st.builds(Language, st.sampled_from(sorted(LANGUAGES)), st.booleans(), st.booleans()))
SCRIPT = st.one_of(st.none(), st.sampled_from(sorted(TRANSLITERATIONS)))
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=400)


def shown(encoded, *, wide=False):
    """The text of all segments, each as a phone shows it."""
    parts = segments.cut(encoded.body, encoded.data_coding, encoded.esm_class, reference=9, wide=wide)
    return "".join(decode(part.user_data, encoded.data_coding, part.esm_class) for part in parts)


def calculated(text):
    """The segments of a text by the rules that message-segment-calculator documents: a character is never parted.

    It also keeps clusters of UCS2 together where that takes one more segment; here the fewest segments go first.
    """
    unit = 7 if gsm7.is_encodable(text) else 16
    sizes = [unit * len(gsm7.encode(one)) if unit == 7 else len(one.encode("utf-16-be")) * 8 for one in text]
    if sum(sizes) <= 1120:
        return 1
    count, free = 1, 1120 - 48
    for size in sizes:
        if size > free:
            count, free = count + 1, 1120 - 48
        free -= size
    return count


@given(ANY, LANGUAGE, SCRIPT, st.booleans())
@example("🇩🇪" * 70, None, None, True)
@example("a" * 152 + "€" * 10, None, None, False)
@example("ğ" * 200, Language("TR"), None, True)
@FIXED
def test_a_phone_shows_the_text_of_every_language_and_script(text, language, script, wide):
    encoded = encode(text, language, script)

    assert shown(encoded, wide=wide) == encoded.text
    assert decode(encoded.body, encoded.data_coding, encoded.esm_class) == encoded.text
    if script in (None, "NONE") or gsm7.is_encodable(text):
        assert encoded.text == text


@given(ANY)
@example("{" + "2" * 158)
@example("{" + "2" * 159)
@example("😜" + "2" * 68)
@example("😜" + "2" * 69)
@FIXED
def test_a_text_takes_as_many_segments_as_others_count(text):
    assert preview(text).segments == calculated(text)


@given(ANY)
@FIXED
def test_what_remains_fits_and_not_a_character_more(text):
    told = preview(text)

    assert preview(text + "a" * told.remaining).segments == told.segments
    assert preview(text + "a" * (told.remaining + 1)).segments == told.segments + 1


@given(ANY, LANGUAGE, SCRIPT)
@FIXED
def test_what_is_previewed_is_what_is_sent(text, language, script):
    told, encoded = preview(text, language, script), encode(text, language, script)

    assert told.text == encoded.text
    assert told.segments == len(segments.cut(encoded.body, encoded.data_coding, encoded.esm_class))
    assert 0 <= told.remaining <= 160


@given(ANY, LANGUAGE)
@FIXED
def test_a_language_never_takes_more_segments(text, language):
    assert preview(text, language).segments <= preview(text).segments


@pytest.mark.parametrize(
    ("text", "language", "script", "count", "remaining"),
    [
        ("Let's see how many characters will remain unused after this", None, None, 1, 101),
        (TURKISH, None, None, 2, 36),
        (TURKISH, Language("TR"), None, 1, 57),
        (TURKISH, Language("TR", locking=True), None, 1, 57),
        (GREEK[:155], None, None, 3, 46),
        (GREEK[:155], None, "GREEK", 1, 5),
        ("", None, None, 1, 160),
        ("€", None, None, 1, 158),
        ("^ğ", Language("TR"), None, 1, 155 - 3),
        ("a" * 152 + "€" * 5, None, None, 2, 153 - 10),
        ("😀" * 36, None, None, 2, 67 - 6),
        ("ğ" * 100, Language("TR"), None, 2, 149 - 26),
    ],
)
def test_a_preview_tells_what_the_public_api_tells(text, language, script, count, remaining):
    told = preview(text, language, script)

    assert (told.segments, told.remaining) == (count, remaining)


def test_greek_is_shown_in_the_capitals_of_the_gsm_alphabet():
    assert preview("Ας δούμε", None, "GREEK").text == "AΣ ΔOYME"


@pytest.mark.parametrize(
    ("text", "language", "header", "data_coding"),
    [
        ("Hello €", None, "", 0),
        ("ğ", None, "", 8),
        ("ğ", Language("NONE"), "", 8),
        ("ğ", Language("TR"), "03 240101", 0),
        ("ğ", Language("TR", single=True), "03 240101", 0),
        ("ğ", Language("TR", locking=True), "03 250101", 0),
        ("ğ", Language("TR", single=True, locking=True), "03 240101", 0),
        ("ğ" * 150, Language("TR", single=True, locking=True), "03 250101", 0),
        ("ã" * 150 + "Ω", Language("PT", single=True, locking=True), "06 240103 250103", 0),
        ("ã" * 10 + "Ω", Language("PT", locking=True), "", 8),
        ("ú", Language("ES", locking=True), "03 240102", 0),
        ("ú", Language("ES", single=True, locking=True), "03 240102", 0),
        ("Hello", Language("TR", single=True, locking=True), "", 0),
        ("€" * 100, Language("TR"), "", 0),
        ("€" * 100, Language("TR", locking=True), "03 250101", 0),
        ("€" * 100, Language("AUTODETECT"), "", 0),
        ("ş", Language("AUTODETECT"), "03 240101", 0),
        ("ú", Language("AUTODETECT"), "03 240102", 0),
        ("ã", Language("AUTODETECT"), "03 240103", 0),
        ("ã" * 150, Language("AUTODETECT"), "03 250103", 0),
        ("ã" * 150, Language("AUTODETECT", single=True), "03 240103", 0),
        ("ú", Language("AUTODETECT", locking=True), "03 250103", 0),
        ("ã" * 150 + "Ω", Language("AUTODETECT"), "06 240103 250103", 0),
        ("ãş", Language("AUTODETECT"), "", 8),
        ("ğ😀", Language("TR"), "", 8),
    ],
)
def test_a_text_takes_the_fewest_segments_and_then_the_plainest_tables(text, language, header, data_coding):
    encoded = encode(text, language)

    udh = bytes.fromhex(header)
    assert encoded.body.startswith(udh)
    assert (encoded.data_coding, encoded.esm_class) == (data_coding, 0x40 if udh else 0)
    if not udh:
        assert encoded.body == (gsm7.encode(text) if data_coding == 0 else text.encode("utf-16-be"))


def test_a_national_table_leaves_155_septets_and_149_in_each_of_several():
    assert [preview("ğ" * 77 + "a" * more, Language("TR")).segments for more in (0, 1, 2)] == [1, 1, 2]
    encoded = encode("ğ" + "a" * 400, Language("TR"))
    parts = segments.cut(encoded.body, 0, encoded.esm_class)
    assert [len(part.user_data) - 9 for part in parts] == [149, 149, 402 - 2 * 149]


def test_a_script_and_a_language_go_together():
    assert encode("ğ я", Language("TR"), "CYRILLIC") == Encoded(bytes.fromhex("03240101 1b67 20 7961"), 0, 0x40, "ğ ya")
    assert encode("ğ я", Language("TR"), "ALL") == Encoded(b"g ya", 0, 0, "g ya")


@pytest.mark.parametrize(("text", "data_coding"), [("a" * 4001, 0), ("ğ" * 4001, 8), ("ğ" * 3000, 0)])
def test_a_text_that_is_too_long_is_refused_by_those_who_count(text, data_coding):
    encoded = encode(text, Language("TR" if data_coding == 0 else "NONE"))

    assert encoded.data_coding == data_coding
    with pytest.raises(segments.Uncuttable) as refusal:
        preview(text)
    assert refusal.value.status_id == 25


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ab\0", "character 3 is U+0000, which ends a text for many phones"),
        ("\ud83d!", "character 1 is U+D83D, which is half a surrogate pair"),
        ("ğ\udfff", "character 2 is U+DFFF, which is half a surrogate pair"),
    ],
)
@pytest.mark.parametrize("script", [None, "NONE", "ALL"])
def test_what_cannot_be_said_is_refused_and_never_replaced(text, sentence, script):
    for refuse in (encode, preview):
        with pytest.raises(Unsayable) as refusal:
            refuse(text, Language("AUTODETECT"), script)
        assert refusal.value.sentence == str(refusal.value) == sentence


@pytest.mark.parametrize("script", ["KLINGON", ""])
def test_a_script_that_there_is_not_is_nobodys(script):
    with pytest.raises(KeyError):
        encode("ğ", None, script)


@pytest.mark.parametrize(
    ("body", "data_coding", "esm_class", "text"),
    [
        ("1b65 00 11", 0x00, 0, "€@_"),
        ("1b65 00 11", 0x10, 0, "€@_"),
        ("1b65 00 11", 0xF2, 0, "€@_"),
        ("1b65 00 11", 0xC8, 0, "€@_"),
        ("40 5f 24", 0x01, 0, "@_$"),
        ("40 80", 0x01, 0, "@\ufffd"),
        ("e9 40", 0x03, 0, "é@"),
        ("b0", 0x06, 0, "А"),
        ("e0", 0x07, 0, "א"),
        ("b0a1", 0x0E, 0, "가"),
        ("d83d de00 0061", 0x08, 0, "😀a"),
        ("0416", 0x18, 0, "Ж"),
        ("0416", 0xE0, 0, "Ж"),
        ("0061 de00 00", 0x08, 0, "a\ufffd\ufffd"),
        ("41", 0x02, 0, None),
        ("41", 0x04, 0, None),
        ("41", 0x05, 0, None),
        ("41", 0xF5, 0, None),
        ("41", 0x20, 0, None),
        ("0041", 0x68, 0, None),
        ("41", 0x40, 0, "A"),
        ("05 0003 07 02 01 41", 0x00, 0x40, "A"),
        ("05 0003 07 02 01 0416", 0x08, 0x40, "Ж"),
        ("08 0003 07 02 01 2401 01 1b67", 0x00, 0x43, "ğ"),
        ("03 2501 01 0c 1b65", 0x00, 0x40, "ğ€"),
        ("03 2401 06 1b67 41", 0x00, 0x40, "gA"),
        ("03 2501 0d 41", 0x00, 0x40, "A"),
        ("05 0003 07 02 01", 0x00, 0x40, ""),
        ("05 0003", 0x00, 0x40, None),
        ("", 0x00, 0x40, None),
        ("", 0x00, 0, ""),
    ],
)
def test_a_body_is_shown_as_a_phone_shows_it(body, data_coding, esm_class, text):
    assert decode(bytes.fromhex(body), data_coding, esm_class) == text


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
@FIXED
def test_any_body_can_be_shown_or_is_no_text(body, data_coding, esm_class):
    assert isinstance(decode(body, data_coding, esm_class), str | None)
