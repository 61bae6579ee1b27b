"""``parties.json`` and the passwords beside it."""

from dataclasses import replace

import pytest

from gateway.adapters.credentials import keep, passwords
from gateway.adapters.party_file import PartyFile
from gateway.adapters.state import StateUnusable
from gateway.model.errors import WrongInput
from gateway.model.membership import Allowance, Enrolled, Member, Newcomer, PartyBook
from gateway.model.time import Instant

NOW = Instant(1_800_000_000_000_000_000)
BOX = Newcomer(name="box", since=NOW, client="c", request="r", password="a-long-password")


def test_no_file_is_an_empty_book(tmp_path):
    assert PartyFile(tmp_path).load() == PartyBook()
    assert PartyFile(tmp_path).stamp is None


def test_what_is_changed_is_read_back_by_another(tmp_path):
    file = PartyFile(tmp_path)
    allowance = Allowance(money_per_day=2.5, energy_per_day=0.0, enrolled=())
    member = Member(name="carol", since=NOW, by="command", allowance=allowance)
    written = file.change(
        lambda book: book.add(member).ask(BOX).decide("carol", "heat", Enrolled.WAITING, NOW)
    )
    assert PartyFile(tmp_path).load() == written
    before = file.stamp
    file.change(lambda book: book.remove("carol", NOW))
    assert file.stamp != before


def test_the_password_of_a_newcomer_becomes_a_login_with_the_consent_and_ends_with_it(tmp_path):
    file, folder = PartyFile(tmp_path), tmp_path / "credentials"
    file.change(lambda book: book.ask(BOX))
    assert not (folder / "box").exists()
    file.change(lambda book: book.accept("box", NOW))
    assert passwords(folder, ["box"]) == {"box": "a-long-password"}
    assert "a-long-password" not in (tmp_path / "parties.json").read_text()
    file.change(lambda book: book.remove("box", NOW))
    assert not (folder / "box").exists()


def test_a_change_that_is_refused_changes_nothing(tmp_path):
    file = PartyFile(tmp_path)
    with pytest.raises(WrongInput):
        file.change(lambda book: book.remove("nobody", NOW))
    assert not (tmp_path / "parties.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"v": 2}', '{"v": 1, "book": 3}'])
def test_a_broken_file_is_named_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "parties.json"
    path.write_text(content)
    for use in (PartyFile(tmp_path).load, lambda: PartyFile(tmp_path).change(lambda book: book)):
        with pytest.raises(StateUnusable, match=r"parties\.json.*mend it"):
            use()
    assert path.read_text() == content


def test_whom_the_owner_adds_has_the_password_that_the_owner_was_told(tmp_path):
    file, folder = PartyFile(tmp_path), tmp_path / "credentials"
    file.change(lambda book: book.ask(BOX))
    told = passwords(folder, ["box"])
    file.change(lambda book: book.add(Member(name="box", since=NOW, by="command")))
    assert passwords(folder, ["box"]) == told != {"box": BOX.password}


def test_a_stranger_does_not_come_to_the_login_of_somebody_who_was_here(tmp_path):
    file, folder = PartyFile(tmp_path), tmp_path / "credentials"
    file.change(lambda book: book.ask(BOX))
    before = passwords(folder, ["box", "anna"])  # parties of the configuration, once
    for change in (
        lambda book: book.ask(replace(BOX, name="anna")),
        lambda book: book.accept("box", NOW),
    ):
        with pytest.raises(WrongInput, match="taken"):
            file.change(change)
    assert passwords(folder, ["box", "anna"]) == before


def test_a_consent_that_a_crash_cut_short_is_given_again(tmp_path):
    file, folder = PartyFile(tmp_path), tmp_path / "credentials"
    file.change(lambda book: book.ask(BOX))
    keep(folder, "box", BOX.password)
    file.change(lambda book: book.accept("box", NOW))
    assert passwords(folder, ["box"]) == {"box": BOX.password}
