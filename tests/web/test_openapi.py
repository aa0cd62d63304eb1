"""The description of the API, made of the rows that the application answers by."""

import json

from heliograph import sites
from heliograph.api.endpoints import ENDPOINTS
from heliograph.web import openapi
from heliograph.web.errors import TABLE


def test_the_description_of_the_api_refers_to_nothing_that_it_lacks() -> None:
    text = json.dumps(sites.document())
    document = json.loads(text)
    schemas = document["components"]["schemas"]
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schemas)
    assert {"SendRequest", "SentResponse", "ReportsShape", "StatusShape"} <= names


def test_the_description_of_the_api_has_the_names_that_customers_write() -> None:
    schemas = openapi.document(ENDPOINTS)["components"]["schemas"]
    assert {"bulkId", "messages", "sendingSpeedLimit"} < set(schemas["SendRequest"]["properties"])
    assert {"from", "notifyUrl", "deliveryTimeWindow", "callbackData"} < set(schemas["MessageShape"]["properties"])
    assert {"hex", "dataCoding", "esmClass"} == set(schemas["BinaryShape"]["properties"])


def test_the_description_of_the_api_knows_every_refusal_of_a_send() -> None:
    told = set(openapi.document(ENDPOINTS)["paths"]["/sms/1/binary/advanced"]["post"]["responses"])
    assert {str(row.status) for row in TABLE.values()} - told == {"404", "405", "409", "431"}
