"""What letters and signs outside the GSM alphabet become: the data of `sms.transliteration`.

Letters stand in lower case; their capitals follow from them. Latin letters lose their marks, so only the letters
are listed. The Cyrillic rows are published romanisations without what the GSM alphabet cannot write:

* Russian: BGN/PCGN 1947. е is e and ё is yo everywhere; the hard and the soft sign are left out.
* Other letters of Cyrillic: BGN/PCGN for Ukrainian (1965), Belarusian (1979), Macedonian (2013) and Kazakh (1979);
  those of Serbian as below. Letters that languages share are read as Russian.
* Serbian: Gaj's Latin alphabet, the official one, without its marks: ђ is dj, џ is dz.
* Bulgarian: the Streamlined System of the Transliteration Act of 2009, without its rule for ия at the end of a word.
* Greek: the capital that looks the same, without accents: GSM has ten Greek capitals (TS 23.038 §6.2.1), and the
  others look as Latin ones do.
"""

from typing import Final

_CYRILLIC: Final = "абвгдезийклмнопрстуф"
_COMMON: Final = dict(zip(_CYRILLIC, "abvgdeziyklmnoprstuf", strict=True))

RUSSIAN: Final = _COMMON | {
    "ё": "yo",
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ы": "y",
    "ь": "",
    "э": "e",
    "ю": "yu",
    "я": "ya",
}

_SERBIAN_ONLY: Final = {"ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz"}

SERBIAN: Final = _COMMON | _SERBIAN_ONLY | {"ж": "z", "х": "h", "ц": "c", "ч": "c", "ш": "s"}

BULGARIAN: Final = RUSSIAN | {"х": "h", "щ": "sht", "ъ": "a", "ь": "y", "ѝ": "i"}

CYRILLIC: Final = (
    RUSSIAN
    | _SERBIAN_ONLY
    | {
        "ґ": "g",
        "є": "ye",
        "і": "i",
        "ї": "yi",
        "ў": "w",
        "ѓ": "g",
        "ѕ": "dz",
        "ќ": "k",
        "ѐ": "e",
        "ѝ": "i",
        "ә": "ä",
        "ғ": "gh",
        "қ": "q",
        "ң": "ng",
        "ө": "ö",
        "ұ": "u",
        "ү": "ü",
        "һ": "h",
        "№": "No",
        "’": "'",  # an apostrophe is a letter of Ukrainian and Belarusian
        "ʼ": "'",
    }
)

GREEK: Final = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", "ABΓΔEZHΘIKΛMNΞOΠPΣTYΦXΨΩ", strict=True)) | {"ς": "Σ"}

LATIN: Final = {
    "TURKISH": "âçğıîİşû",
    "CENTRAL_EUROPEAN": "áâăąäćčçďđéęěëíîĺľłńňóôőöŕřśšşșťţțúůűüýźżž",
    "BALTIC": "āąčēęėģīįķļņōõŗšūųž",
    "PORTUGUESE": "áâãàçéêíóôõúªº",
    "COLOMBIAN": "áéíóúüñªº",
}

# What Unicode does not take apart into a plain letter and marks, or what has a nearer letter in the GSM alphabet.
MARKED: Final = {
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ı": "i",
    "ĸ": "k",
    "ł": "l",
    "ŋ": "n",
    "ő": "ö",
    "œ": "oe",
    "ŧ": "t",
    "þ": "th",
    "ű": "ü",
    "ə": "e",
}

# By what they become.
_SIGNS: Final = {
    "'": "‘’‚‛′‵´`ʹʻʼʽˈ‹›",
    '"': "“”„‟″‶«»〝〞",
    "-": "‐‑‒–—―−⁃",
    "...": "…",
    ".": "·",
    "*": "•‣●▪",
    " ": "\t\v\u2028\u2029",
    "": "\u00ad\u200b\u200e\u200f\u2060\ufeff",
    "/": "⁄∕",
    "x": "×",
    "+/-": "±",
    "<=": "≤",
    ">=": "≥",
    "->": "→",
    "<-": "←",
    "|": "¦",
    "(c)": "©",
    "(R)": "®",
    "o": "°",
    "u": "µ",
    "c": "¢",
    "TL": "₺",
    "RUB": "₽",
    "UAH": "₴",
    "Rs": "₹",
}

SIGNS: Final = {sign: said for said, signs in _SIGNS.items() for sign in signs}
