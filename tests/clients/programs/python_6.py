"""A customer's program on infobip-api-python-client 6.0.0: its own calls, its own models."""

import visit
from infobip_api_client.api.sms_api import SmsApi
from infobip_api_client.api_client import ApiClient
from infobip_api_client.configuration import Configuration
from infobip_api_client.exceptions import ApiException
from infobip_api_client.models import (
    DeliveryDay,
    DeliveryTime,
    DeliveryTimeWindow,
    SmsBinaryContent,
    SmsBulkRequest,
    SmsBulkStatus,
    SmsDestination,
    SmsLanguage,
    SmsLanguageCode,
    SmsMessage,
    SmsMessageContent,
    SmsMessageDeliveryReporting,
    SmsMessageOptions,
    SmsMessageRequestOptions,
    SmsPreviewRequest,
    SmsRequest,
    SmsRequestSchedulingSettings,
    SmsTextContent,
    SmsUpdateStatusRequest,
    SmsWebhooks,
    ValidityPeriod,
    ValidityPeriodTimeUnit,
)

ASKED = visit.read()


def connect(**credentials):
    return SmsApi(ApiClient(Configuration(host=ASKED["url"], **credentials)))


def with_key(key):
    return connect(api_key={"APIKeyHeader": key}, api_key_prefix={"APIKeyHeader": "App"})


API = with_key(ASKED["key"])


def shown(model):
    return API.api_client.sanitize_for_serialization(model)


def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        return {"kind": type(error).__name__, "status": error.status, "told": shown(error.data)}
    raise AssertionError("it was not refused")


def to(number, message_id=None):
    return SmsDestination(to=number, message_id=message_id)


def text(text, *destinations, language=None, **more):
    content = SmsMessageContent(SmsTextContent(text=text, language=language))
    return SmsMessage(content=content, destinations=list(destinations), **more)


def binary(hexadecimal, *destinations, data_coding=0, esm_class=0, **more):
    content = SmsMessageContent(SmsBinaryContent(hex=hexadecimal, data_coding=data_coding, esm_class=esm_class))
    return SmsMessage(content=content, destinations=list(destinations), **more)


def send(bulk_id, messages, send_at=None):
    schedule = SmsRequestSchedulingSettings(bulk_id=bulk_id, send_at=send_at)
    options = SmsMessageRequestOptions(schedule=schedule, include_sms_count_in_response=True)
    return shown(API.send_sms_messages(SmsRequest(messages=messages, options=options)))


def send_texts():
    window = DeliveryTimeWindow(
        days=[DeliveryDay(ASKED["day"])],
        var_from=DeliveryTime(hour=6, minute=0),
        to=DeliveryTime(hour=15, minute=30),
    )
    validity = ValidityPeriod(amount=12, time_unit=ValidityPeriodTimeUnit.HOURS)
    report = SmsMessageDeliveryReporting(url=ASKED["notify_url"])
    order_7 = SmsWebhooks(callback_data="order 7")
    order_8 = SmsWebhooks(delivery=report, content_type="application/json", callback_data="order 8")
    messages = [
        text("Hello", to("41793000001", "text-1"), to("41793000002"), sender="Heliograph", webhooks=order_7),
        text(
            "Žluťoučký kůň 🛰",
            to("41793000003", "text-2"),
            options=SmsMessageOptions(flash=True, validity_period=validity),
        ),
        text("Şimdi", to("41793000004", "text-3"), language=SmsLanguage(language_code=SmsLanguageCode.TR)),
        text("pushed", to("41793000005", "text-4"), webhooks=order_8),
        text("tomorrow", to("41793000006", "text-5"), options=SmsMessageOptions(delivery_time_window=window)),
    ]
    return send("texts", messages)


def send_binaries():
    messages = [
        binary("00 48 00 65", to("41793000011", "binary-1"), to("41793000012"), data_coding=8, sender="Heliograph"),
        binary("06 05 04 15 8a 00 00 FF", to("41793000013", "binary-2"), data_coding=245, esm_class=64),
        binary(ASKED["long"], to("41793000014", "binary-3"), data_coding=4, options=SmsMessageOptions(flash=True)),
    ]
    return send("binaries", messages)


def pull_reports(**query):
    return shown(API.get_outbound_sms_message_delivery_reports(**query))["results"]


def follow():
    return {
        "binaries": visit.collect(lambda: pull_reports(bulk_id="binaries", limit=3), 4),
        "one": visit.collect(lambda: pull_reports(message_id="text-1"), 1),
        "texts": visit.collect(pull_reports, 3),
        "none": pull_reports(),
    }


def read_logs():
    def logs(**query):
        return shown(API.get_outbound_sms_message_logs(**query))["results"]

    def pages(**query):
        found, more = [], None
        while not found or more:
            page = shown(API.get_outbound_sms_message_logs(use_cursor=True, cursor=more, **query))
            found.append(page["results"])
            more = page["cursor"].get("nextCursor")
        return found

    return {
        "pushed": visit.collect(lambda: logs(message_id=["text-4"], general_status="DELIVERED"), 1),
        "bulks": logs(bulk_id=["texts", "binaries"], limit=100),
        "messages": logs(message_id=["text-1", "binary-1"]),
        "filtered": logs(
            sender="Heliograph",
            destination="41793000001",
            general_status="DELIVERED",
            sent_since=ASKED["since"],
            sent_until=ASKED["until"],
        ),
        "pending": logs(general_status="PENDING"),
        "pages": pages(bulk_id=["texts"], limit=4),
        "before": logs(sent_until=ASKED["since"]),
    }


def preview():
    asked = SmsPreviewRequest(text="Şimdi", language_code="TR", transliteration="TURKISH")
    return [shown(API.preview_sms_message(one)) for one in (SmsPreviewRequest(text="Hello"), asked)]


def reschedule():
    one = text("later", to("41793000031"), to("41793000032"))

    def set_status(status):
        request = SmsUpdateStatusRequest(status=SmsBulkStatus(status))
        return shown(API.update_scheduled_sms_messages_status("later", request))

    def status():
        return shown(API.get_scheduled_sms_messages_status("later"))

    later = SmsBulkRequest(send_at=ASKED["later"])
    return {
        "sent": send("later", [one], ASKED["send_at"]),
        "scheduled": shown(API.get_scheduled_sms_messages("later")),
        "pending": status(),
        "rescheduled": shown(API.reschedule_sms_messages("later", later)),
        "scheduled_again": shown(API.get_scheduled_sms_messages("later")),
        "paused": [set_status("PAUSED"), status()],
        "resumed": [set_status("PENDING"), status()],
        "canceled": [set_status("CANCELED"), status()],
        "too_late": refused(API.reschedule_sms_messages, "later", later),
        "unknown": refused(API.get_scheduled_sms_messages, "unknown"),
        "reports": visit.collect(lambda: pull_reports(bulk_id="later"), 2),
    }


def be_refused():
    message = binary("4", to("41793000041"))
    return {
        "destinations": send("nobody", [binary("41", to("123"), to(""))]),
        "hex": refused(API.send_sms_messages, SmsRequest(messages=[message])),
        "key": refused(with_key("wrong").get_inbound_sms_messages),
        "key_for_reports": refused(with_key("wrong").get_outbound_sms_message_delivery_reports),
        # This version sends no Authorization for a name and a password.
        "password": refused(connect(username=ASKED["name"], password=ASKED["password"]).get_inbound_sms_messages),
    }


visit.tell(
    {
        "texts": send_texts(),
        "binaries": send_binaries(),
        "reports": follow(),
        "logs": read_logs(),
        "previews": preview(),
        "bulk": reschedule(),
        "inbox": [shown(API.get_inbound_sms_messages(limit=limit)) for limit in (1, 10)],
        "refused": be_refused(),
    }
)
