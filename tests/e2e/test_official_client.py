"""The published Python client, unmodified, against a running gateway."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from infobip_api_client.api.sms_api import SmsApi
from infobip_api_client.api_client import ApiClient
from infobip_api_client.configuration import Configuration
from infobip_api_client.exceptions import ApiException, BadRequestException, UnauthorizedException
from infobip_api_client.models.sms_advanced_binary_request import SmsAdvancedBinaryRequest
from infobip_api_client.models.sms_advanced_textual_request import SmsAdvancedTextualRequest
from infobip_api_client.models.sms_preview_request import SmsPreviewRequest

import vectors
from e2e.conftest import Living
from e2e.gateway import House, until

LONG = vectors.BY_ID["C02"]["input"]["hex"]


def sms(h: House, key: str = "") -> SmsApi:
    configuration = Configuration(
        host=f"http://127.0.0.1:{h.gateway.port}",
        api_key={"APIKeyHeader": key or h.customer.key},
        api_key_prefix={"APIKeyHeader": "App"},
    )
    return SmsApi(ApiClient(configuration))


def request(*hexadecimal: str, **more: Any) -> SmsAdvancedBinaryRequest:
    messages = [
        {
            "from": "SMSC",
            "binary": {"hex": one, "dataCoding": 0, "esmClass": 0},
            "destinations": [{"to": "41793026727", "messageId": f"m-{n}"}, {"to": "41793026834"}],
            "callbackData": "order 7",
            **more,
        }
        for n, one in enumerate(hexadecimal)
    ]
    made = SmsAdvancedBinaryRequest.from_dict({"messages": messages})
    assert made is not None
    return made


async def called(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What the client gives; it blocks, so it works in a thread."""
    return await asyncio.to_thread(function, *arguments, **named)


def test_it_sends_and_reads_every_report(live: Living) -> None:
    async def body(h: House) -> None:
        answer = await called(sms(h).send_binary_sms_message, request("54 65 73 74", LONG))
        assert answer.bulk_id
        assert [m.to for m in answer.messages] == ["41793026727", "41793026834"] * 2
        assert [m.message_id for m in answer.messages][::2] == ["m-0", "m-1"]
        assert {(m.status.id, m.status.name, m.status.group_name) for m in answer.messages} == {
            (26, "PENDING_ACCEPTED", "PENDING")
        }
        await until(lambda: h.gateway.watch.receipts["applied"] == 6)

        found = await called(sms(h).get_outbound_sms_message_delivery_reports, bulk_id=answer.bulk_id, limit=3)
        more = await called(sms(h).get_outbound_sms_message_delivery_reports)
        reports = found.results + more.results
        assert (len(found.results), len(more.results)) == (3, 1)
        assert {r.message_id for r in reports} == {m.message_id for m in answer.messages}
        for report in reports:
            assert (report.status.name, report.error.name, report.error.permanent) == (
                "DELIVERED_TO_HANDSET",
                "NO_ERROR",
                False,
            )
            assert (report.price.price_per_message, report.price.currency) == (0.0, "EUR")
            assert (report.callback_data, report.bulk_id) == ("order 7", answer.bulk_id)
            assert timedelta(0) <= datetime.now(UTC) - report.sent_at < timedelta(minutes=1)
            assert report.done_at >= report.sent_at
        assert sorted(report.sms_count for report in reports) == [1, 1, 2, 2]
        assert (await called(sms(h).get_outbound_sms_message_delivery_reports)).results == []

    live(body)


def test_it_sends_texts_and_looks_at_them_before(live: Living) -> None:
    async def body(h: House) -> None:
        text = {"text": "\u015eimdi", "language": {"languageCode": "TR"}, "destinations": [{"to": "41793026727"}]}
        tracking = {"track": "SMS", "type": "sale"}
        asked = SmsAdvancedTextualRequest.from_dict(
            {"messages": [text], "tracking": tracking, "includeSmsCountInResponse": True}
        )
        shown = await called(sms(h).preview_sms_message, SmsPreviewRequest(text="\u015eimdi", language_code="TR"))
        assert [(one.message_count, one.characters_remaining) for one in shown.previews] == [(1, 65), (1, 150)]

        answer = await called(sms(h).send_sms_message, asked)
        assert [(m.status.name, m.sms_count) for m in answer.messages] == [("PENDING_ACCEPTED", 1)]
        await until(lambda: len(h.submits) == 1)
        [submit] = h.submits
        assert (submit.fields["esm_class"] & 0x40, submit.fields["data_coding"]) == (0x40, 0)
        assert submit.fields["short_message"] == b"\x03\x24\x01\x01\x1bSimdi"

    live(body)


def test_its_way_of_writing_dates_and_windows_is_understood(live: Living) -> None:
    async def body(h: House) -> None:
        at = datetime.now(UTC) + timedelta(days=1)
        window = {"days": ["MONDAY", "SUNDAY"], "from": {"hour": 6, "minute": 0}, "to": {"hour": 15, "minute": 30}}
        asked = request("41", sendAt=at.isoformat(), deliveryTimeWindow=window, validityPeriod=720, flash=True)
        answer = await called(sms(h).send_binary_sms_message, asked)
        assert [m.status.group_name for m in answer.messages] == ["PENDING", "PENDING"]

    live(body)


def test_a_refused_destination_is_a_status_that_it_reads(live: Living) -> None:
    async def body(h: House) -> None:
        answer = await called(sms(h).send_binary_sms_message, request("41", destinations=[{"to": "123"}, {"to": ""}]))
        assert [m.status.name for m in answer.messages] == ["REJECTED_PREFIX_MISSING", "MISSING_TO"]
        assert {m.status.group_name for m in answer.messages} == {"REJECTED"}

    live(body)


@pytest.mark.parametrize(
    ("key", "hexadecimal", "kind", "message_id", "text"),
    [
        ("", "4", BadRequestException, "BAD_REQUEST", "Bad request"),
        ("wrong", "41", UnauthorizedException, "UNAUTHORIZED", "Invalid login details"),
    ],
)
def test_it_reads_what_a_refused_request_is_told(
    live: Living, key: str, hexadecimal: str, kind: type[ApiException], message_id: str, text: str
) -> None:
    async def body(h: House) -> None:
        with pytest.raises(kind) as caught:
            await called(sms(h, key).send_binary_sms_message, request(hexadecimal))
        assert caught.value.data is not None
        told = caught.value.data.request_error.service_exception
        assert (told.message_id, told.text) == (message_id, text)

    live(body)
