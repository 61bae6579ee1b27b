"""What a market above may say on its topics: nothing that is no message ends or moves the wire."""

import pytest

from gateway.app.parent import MqttParent
from gateway.model.intertie import Bounds, Contract, IntertieSettings

INTERVAL = '{"dtStart":"2026-06-21T12:00:10.000Z","duration":"PT10S"}'
HOSTILE = [
    b"NaN",
    b"[]",
    b"null",
    b'"online"',
    b"{}",
    b"[" * 5000,
    b"\xff\xfe",
    *(
        f'{{"instrument":{INTERVAL},"price":{price}}}'.encode()
        for price in ("NaN", "Infinity", '"dear"', "[]")
    ),
    *(
        (
            '{"marketTransactionId":"t","transaction":{"tender":{"tenderId":"a","side":"BUY",'
            f'"tenderDetail":{{"interval":{INTERVAL},"quantity":{quantity},"price":1}}}}}}}}'
        ).encode()
        for quantity in ("NaN", "-Infinity", "1e999", "null")
    ),
    (
        b'{"product":{"duration":"PT10S","resourceUnit":"W","quantityScale":0},"currency":"EUR",'
        b'"priceScale":-4,"tickSize":0,"roundLot":1,"priceFloor":0,"priceCap":9,"gateClosure":"PT2S"}'
    ),
]


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_message_is_passed_over(payload):
    contract = Contract(
        tie="up",
        area="app",
        parent="home",
        product="power",
        parent_product="power",
        bounds=Bounds(imports=1000, exports=1000),
        standing_import=4000,
        standing_export=300,
    )
    settings = IntertieSettings(contract=contract, url="mqtt://127.0.0.1:1", username="app")
    parent, heard = MqttParent(settings), []
    parent.on_award = parent.on_cleared = heard.append
    for topic in parent._readers:
        parent._receive(topic, payload)
    assert (heard, parent.terms, parent.session) == ([], None, None)
