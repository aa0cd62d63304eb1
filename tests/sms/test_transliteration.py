"""Texts written in the GSM alphabet, table by table."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heliograph.sms import gsm7, letters
from heliograph.sms.transliteration import TRANSLITERATIONS, transliterate

FOLDING = {"NON_UNICODE", "ALL"}
NAMES = st.sampled_from(sorted(TRANSLITERATIONS))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("NONE", "Łódź ğ", "Łódź ğ"),
        ("TURKISH", "Ağrı'da İş: çok ŞEKERLİ, kâğıt", "Agri'da Is: cok SEKERLI, kagit"),
        ("GREEK", "Καλημέρα κόσμε, ΐδιος ᾳ", "KAΛHMEPA KOΣME, IΔIOΣ A"),
        ("CYRILLIC", "Съешь ещё этих мягких булок, щука: № 5", "Sesh eshchyo etikh myagkikh bulok, shchuka: No 5"),
        ("CYRILLIC", "Їжак і ґанок, п’ять; у Мінску ў", "Yizhak i ganok, p'yat; u Minsku w"),
        ("CYRILLIC", "Қазақ әні, ңө ғ", "Qazaq äni, ngö gh"),
        ("SERBIAN_CYRILLIC", "Ђорђе Љубичић, џак, ЊЕГОШ", "Djordje Ljubicic, dzak, NJEGOS"),
        ("BULGARIAN_CYRILLIC", "Златоград, Щъркелово, Цар Ѝван", "Zlatograd, Shtarkelovo, Tsar Ivan"),
        ("CENTRAL_EUROPEAN", "Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("CENTRAL_EUROPEAN", "Příliš žluťoučký kůň, ďábelské ódy", "Prilis zlutoucky kun, dabelské ody"),
        ("CENTRAL_EUROPEAN", "Árvíztűrő tükörfúrógép", "Arviztürö tükörfurogép"),
        ("CENTRAL_EUROPEAN", "Đorđević, čaša; înțeleș țară", "Dordevic, casa; inteles tara"),
        ("BALTIC", "Glāžšķūņa rūķīši, įlinkdama fechtuotojo špaga", "Glazskuna rukisi, ilinkdama fechtuotojo spaga"),
        ("PORTUGUESE", "À noite, vovô Kowalsky vê o ímã cair no pé", "A noite, vovo Kowalsky ve o ima cair no pé"),
        ("PORTUGUESE", "AÇÃO: ação nº 1ª", "AÇAO: acao no 1a"),
        ("COLOMBIAN", "Señor Gómez, ¿qué día está aquí? ÚLTIMO", "Señor Gomez, ¿qué dia esta aqui? ULTIMO"),
        ("NON_UNICODE", "“Crème brûlée”…\u00a0– l’œuvre ½ ﬁn™ «ça»", '"Crème brulée"... - l\'oeuvre 1/2 finTM "ca"'),
        ("NON_UNICODE", "tab\tzero\u200bwidth soft\u00adhyphen x\u030c \uff21", "tab zerowidth softhyphen x A"),
        ("ALL", "Жук, Νίκη, Łódź – «ok» ş", 'Zhuk, NIKH, Lodz - "ok" s'),
    ],
)
def test_a_text_is_written_by_the_table_that_was_asked_for(name, text, said):
    assert transliterate(text, name) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Щ", "Shch"),
        ("Щи", "Shchi"),
        ("ЩИ", "SHCHI"),
        ("БОРЩ", "BORSHCH"),
        ("БОРЩ!", "BORSHCH!"),
        ("МЯу", "MYau"),
        ("Я И Ю", "Ya I Yu"),
    ],
)
def test_a_letter_that_becomes_several_is_in_capitals_where_its_neighbours_are(text, said):
    assert transliterate(text, "CYRILLIC") == said


@pytest.mark.parametrize("name", sorted(TRANSLITERATIONS - {"NONE"}))
def test_an_accent_is_the_same_however_it_was_typed(name):
    text = "Ş ğ Ά й ё č ā ã á"

    assert transliterate(unicodedata.normalize("NFD", text), name) == transliterate(text, name)


@pytest.mark.parametrize("name", sorted(TRANSLITERATIONS))
def test_what_no_table_names_stays_as_it_is(name):
    text = "你好 😀👨‍👩‍👧 नमस्ते שלום"

    assert transliterate(text, name) == text


@pytest.mark.parametrize("name", sorted(TRANSLITERATIONS - FOLDING))
def test_only_tables_that_say_so_change_typography(name):
    text = "“é” – …\t«»"

    assert transliterate(text, name) == text


def test_marks_of_other_scripts_are_not_taken_for_accents():
    assert transliterate("e\u0323\u0301 \u0301 क\u0301", "NON_UNICODE") == "e  क\u0301"


def test_every_letter_and_sign_of_a_table_can_be_sent_as_gsm():
    for rows in (letters.RUSSIAN, letters.SERBIAN, letters.BULGARIAN, letters.CYRILLIC, letters.GREEK, letters.SIGNS):
        assert not [row for row in rows.items() if gsm7.is_encodable(row[0]) or not gsm7.is_encodable(row[1])]
    for name, alphabet in letters.LATIN.items():
        for letter in alphabet + alphabet.upper():
            assert gsm7.is_encodable(transliterate(letter, name)), f"{name}: {letter}"


@given(st.text(), st.sampled_from(sorted(FOLDING)))
@example("\u0130\u0307", "ALL")
@example("\u2126\u212b\u0301", "NON_UNICODE")
@settings(derandomize=True, database=None, deadline=None)
def test_what_has_been_folded_once_stays(text, name):
    once = transliterate(text, name)

    assert transliterate(once, name) == once


@given(st.text(st.sampled_from(sorted(gsm7.PLAIN.characters))), st.text(max_size=3), NAMES)
@settings(derandomize=True, database=None, deadline=None)
def test_characters_of_the_gsm_alphabet_are_never_changed(inside, outside, name):
    assert transliterate(inside, name) == inside
    assert transliterate(f"{inside} {outside}", name).startswith(f"{inside} "[: len(inside)])


@pytest.mark.parametrize("name", sorted(TRANSLITERATIONS))
def test_no_character_becomes_a_question_mark(name):
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x11000)):
        if chr(code) not in "\u203d\u2047\u2048\u2049\ufe16\ufe56\uff1f\u037e":
            assert "?" not in transliterate(chr(code), name)
