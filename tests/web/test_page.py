"""The description of the API for people."""

from html.parser import HTMLParser
from typing import Any

from heliograph import sites
from heliograph.web import page


class Reader(HTMLParser):
    """What a page shows, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(document: dict[str, Any]) -> Reader:
    reader = Reader()
    reader.feed(page.render(document).decode())
    assert not reader.open
    return reader


def test_the_page_shows_every_path_and_every_shape() -> None:
    document = sites.document()
    shown = read(document).text
    assert not [path for path in document["paths"] if path not in shown]
    assert not [name for name in document["components"]["schemas"] if name not in shown]


def test_the_page_leads_only_to_places_of_its_own() -> None:
    document = sites.document()
    tags = read(document).tags
    ids = {f"#{values['id']}" for _, values in tags if "id" in values}
    links = {str(values["href"]) for _, values in tags if "href" in values}
    assert links - ids == {"/openapi.json"}
    assert not [values for tag, values in tags if "src" in values or tag in ("script", "link", "iframe", "img")]


def test_words_of_the_document_are_no_markup_in_the_page() -> None:
    document = sites.document()
    document["paths"]["/health"]["get"]["summary"] = "<script>alert(1)</script> & more"
    reader = read(document)
    assert "<script>alert(1)</script> & more" in reader.text
    assert "script" not in [tag for tag, _ in reader.tags]
