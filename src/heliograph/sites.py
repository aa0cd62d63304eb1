"""What the gateway answers over HTTP: the APIs of customers and operators, described together, and short links."""

from __future__ import annotations

from typing import Any, Final

from heliograph.admin import endpoints as admin
from heliograph.admin.parts import Parts as AdminParts
from heliograph.api import endpoints as api
from heliograph.api import short
from heliograph.api.parts import Parts
from heliograph.web import openapi
from heliograph.web.application import Site
from heliograph.web.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint[Any], ...]] = (*api.ENDPOINTS, *admin.ENDPOINTS)


def document() -> dict[str, Any]:
    """The description, in plain values: OpenAPI 3.1."""
    return openapi.document(ENDPOINTS)


def sites(parts: Parts, admin_parts: AdminParts) -> tuple[Site[Any], ...]:
    """Both APIs and the short links, with what they work with."""
    return (
        Site(api.ENDPOINTS, parts),
        Site(admin.ENDPOINTS, admin_parts),
        Site(short.endpoints(parts.short_base), parts),
    )
