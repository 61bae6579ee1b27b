"""Statements in the state folder: open days in one file, closed ones by month."""

import asyncio

import pytest

from gateway.adapters.state import StateUnusable
from gateway.adapters.statements import StatementFiles
from gateway.model.statement import Account, OpenDays, Statement
from gateway.model.time import Instant


def statement(party, day, bought=1):
    accounts = (("power", Account(bought=bought)),)
    return Statement(party=party, day=day, accounts=accounts, closed=True, at=Instant(5))


@pytest.fixture
def files(tmp_path):
    return StatementFiles(tmp_path, threaded=False)


def test_open_days_come_back_as_they_were(files):
    days = OpenDays(seq=17, days={"20260621": {"anna": {"power": Account(sold=-3)}}})
    assert files.load() is None
    asyncio.run(files.store(days))
    assert files.load() == days


def test_closed_days_are_found_by_day_and_the_later_of_two_counts(files):
    asyncio.run(files.close([statement("anna", "20260630"), statement("anna", "20260701")]))
    asyncio.run(files.close([statement("anna", "20260701", bought=2)]))
    assert files.closed(["20260701"]) == [statement("anna", "20260701", bought=2)]
    assert files.days() == ["20260630", "20260701"]


def test_a_line_that_a_power_cut_cut_off_is_passed_over_and_the_next_begins_anew(files, tmp_path):
    asyncio.run(files.close([statement("anna", "20260630")]))
    path = tmp_path / "statements-202606.jsonl"
    path.write_text(path.read_text() + '{"party": "be')
    asyncio.run(files.close([statement("ben", "20260630")]))
    assert [one.party for one in files.closed(["20260630"])] == ["anna", "ben"]


def test_months_of_three_years_ago_are_forgotten(files, tmp_path):
    for year in (2022, 2023, 2024, 2025):
        for month in range(1, 13):
            asyncio.run(files.close([statement("anna", f"{year}{month:02}01")]))
    names = sorted(path.name for path in tmp_path.glob("statements-*"))
    assert len(names) == 36
    assert names[0] == "statements-202301.jsonl"


def test_a_broken_file_is_said_with_what_to_do(files, tmp_path):
    (tmp_path / "statements.json").write_text("{")
    with pytest.raises(StateUnusable, match="remove the file"):
        files.load()
