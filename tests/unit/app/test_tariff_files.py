"""A tariff in a calendar follows its file; one that is wrong changes nothing."""

import pytest
import structlog

from gateway.app.tariff_files import TariffFiles, calendars_of
from gateway.model.site import CalendarPrice, Tariff
from gateway.model.time import Instant
from gateway.runtime.prices import Prices

DAY = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:all
SUMMARY:0.21
DTSTART;VALUE=DATE:19700101
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
"""


def understood_before(*_):
    """A calendar that is understood where prices are asked for would hold up the loop."""
    pytest.fail("a calendar was read again")


async def test_a_written_file_is_in_force_and_a_wrong_one_is_said_and_left(tmp_path):
    file = tmp_path / "tariff.ics"
    file.write_text(DAY)
    source = CalendarPrice(file=str(file), text=DAY, zone="UTC", dearest=0.21)
    prices = Prices(Tariff(import_price=source), understood_before)
    prices.configure(prices.tariff, await calendars_of(prices.tariff, threaded=False))
    files = TariffFiles(prices, prices.configure, threaded=False)

    async def look():
        with structlog.testing.capture_logs() as said:
            await files.look()
        return [one["event"] for one in said], prices.now(Instant(0))[0]

    assert await look() == ([], 0.21)
    file.write_text(DAY.replace("0.21", "0.345"))
    assert await look() == (["tariff.changed"], 0.345)
    assert prices.tariff.import_price.dearest == 0.345
    file.write_text("BEGIN:VCALENDAR")
    assert await look() == (["tariff.refused"], 0.345)
    assert await look() == ([], 0.345)
    file.unlink()
    assert await look() == (["tariff.refused"], 0.345)
