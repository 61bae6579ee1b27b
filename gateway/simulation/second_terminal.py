"""Lines to paste into a second terminal: looking at the market, and taking part in it."""

_TENDER = (
    '{"requestId":"r-\'$(date +%s%N)\'","partyId":"guest","counterPartyId":"AREA",'
    '"marketId":"AREA","segmentId":"power","tender":{"tenderId":"t-\'$(date +%s%N)\'",'
    '"side":"BUY","tenderDetail":{"interval":{"dtStart":"\\1","duration":"\\2"},'
    '"price":PRICE,"quantity":QUANTITY}}}'
)
_INTERVAL = r'.*"dtStart":"([^"]*)","duration":"([^"]*)".*'


def watching(port: int, area: str) -> list[str]:
    """Prices and readings, and what the market says to the guest."""
    return [
        f"mosquitto_sub -p {port} -v -t 'rmf/1/{area}/p/power/clearing'",
        f"mosquitto_sub -p {port} -v -t 'rmf/1/{area}/d/+/reading'",
        f"mosquitto_sub -p {port} -u guest -P guest -v -t 'rmf/1/{area}/u/guest/in/#'",
    ]


def tendering(port: int, area: str, *, price: int, quantity: int) -> list[str]:
    """The guest buys in the interval that is traded next, which the retained session names.

    A shell command over several lines; each call makes new ids.
    """
    tender = _TENDER.replace("AREA", area)
    tender = tender.replace("PRICE", str(price)).replace("QUANTITY", str(quantity))
    topic = f"rmf/1/{area}/u/guest/req/power/create-tender"
    return [
        f"mosquitto_sub -p {port} -C 1 -t rmf/1/{area}/p/power/session |",
        f"  sed -E 's/{_INTERVAL}/{tender}/' |",
        f"  mosquitto_pub -p {port} -u guest -P guest -s -t {topic}",
    ]
