"""A customer's program on infobip-api-python-client 4.0.0: its own calls, its own models."""

import visit
from infobip_api_client.api.sms_api import SmsApi
from infobip_api_client.api_client import ApiClient
from infobip_api_client.configuration import Configuration
from infobip_api_client.exceptions import ApiException
from infobip_api_client.models import (
    SmsAdvancedBinaryRequest,
    SmsAdvancedTextualRequest,
    SmsBinaryContent,
    SmsBinaryMessage,
    SmsBulkRequest,
    SmsBulkStatus,
    SmsDeliveryDay,
    SmsDeliveryTimeFrom,
    SmsDeliveryTimeTo,
    SmsDeliveryTimeWindow,
    SmsDestination,
    SmsLanguage,
    SmsPreviewRequest,
    SmsTextualMessage,
    SmsUpdateStatusRequest,
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


def send_texts():
    window = SmsDeliveryTimeWindow(
        days=[SmsDeliveryDay(ASKED["day"])],
        var_from=SmsDeliveryTimeFrom(hour=6, minute=0),
        to=SmsDeliveryTimeTo(hour=15, minute=30),
    )
    messages = [
        SmsTextualMessage(
            var_from="Heliograph",
            text="Hello",
            destinations=[to("41793000001", "text-1"), to("41793000002")],
            callback_data="order 7",
        ),
        SmsTextualMessage(
            text="Žluťoučký kůň 🛰", destinations=[to("41793000003", "text-2")], flash=True, validity_period=720
        ),
        SmsTextualMessage(
            text="Şimdi", language=SmsLanguage(language_code="TR"), destinations=[to("41793000004", "text-3")]
        ),
        SmsTextualMessage(
            text="pushed",
            destinations=[to("41793000005", "text-4")],
            notify_url=ASKED["notify_url"],
            notify_content_type="application/json",
            callback_data="order 8",
        ),
        SmsTextualMessage(text="tomorrow", destinations=[to("41793000006", "text-5")], delivery_time_window=window),
    ]
    request = SmsAdvancedTextualRequest(bulk_id="texts", messages=messages, include_sms_count_in_response=True)
    return shown(API.send_sms_message(request))


def send_binaries():
    messages = [
        SmsBinaryMessage(
            var_from="Heliograph",
            binary=SmsBinaryContent(hex="00 48 00 65", data_coding=8),
            destinations=[to("41793000011", "binary-1"), to("41793000012")],
        ),
        SmsBinaryMessage(
            binary=SmsBinaryContent(hex="06 05 04 15 8a 00 00 FF", data_coding=245, esm_class=64),
            destinations=[to("41793000013", "binary-2")],
        ),
        SmsBinaryMessage(
            binary=SmsBinaryContent(hex=ASKED["long"], data_coding=4, esm_class=0),
            destinations=[to("41793000014", "binary-3")],
            flash=True,
        ),
    ]
    return shown(API.send_binary_sms_message(SmsAdvancedBinaryRequest(bulk_id="binaries", messages=messages)))


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

    return {
        "pushed": visit.collect(lambda: logs(message_id=["text-4"], general_status="DELIVERED"), 1),
        "bulks": logs(bulk_id=["texts", "binaries"], limit=100),
        "messages": logs(message_id=["text-1", "binary-1"]),
        "filtered": logs(
            var_from="Heliograph",
            to="41793000001",
            general_status="DELIVERED",
            sent_since=ASKED["since"],
            sent_until=ASKED["until"],
        ),
        "pending": logs(general_status="PENDING"),
        "before": logs(sent_until=ASKED["since"]),
    }


def preview():
    asked = SmsPreviewRequest(text="Şimdi", language_code="TR", transliteration="TURKISH")
    return [shown(API.preview_sms_message(one)) for one in (SmsPreviewRequest(text="Hello"), asked)]


def reschedule():
    one = SmsTextualMessage(text="later", destinations=[to("41793000031"), to("41793000032")], send_at=ASKED["send_at"])

    def set_status(status):
        request = SmsUpdateStatusRequest(status=SmsBulkStatus(status))
        return shown(API.update_scheduled_sms_messages_status("later", request))

    def status():
        return shown(API.get_scheduled_sms_messages_status("later"))

    later = SmsBulkRequest(send_at=ASKED["later"])
    return {
        "sent": shown(API.send_sms_message(SmsAdvancedTextualRequest(bulk_id="later", messages=[one]))),
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
    message = SmsBinaryMessage(binary=SmsBinaryContent(hex="4"), destinations=[to("41793000041")])
    destinations = [to("123"), to("")]
    nobody = SmsBinaryMessage(binary=SmsBinaryContent(hex="41"), destinations=destinations)
    return {
        "destinations": shown(API.send_binary_sms_message(SmsAdvancedBinaryRequest(messages=[nobody]))),
        "hex": refused(API.send_binary_sms_message, SmsAdvancedBinaryRequest(messages=[message])),
        "key": refused(with_key("wrong").get_inbound_sms_messages),
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
