"""Where nobody need consent: a stranger that asks is a party, by the password it was told."""

from dataclasses import replace

from gateway.adapters.credentials import passwords
from gateway.model.admittance import AskRegistration, Enrol, RegistrationTold
from gateway.model.membership import Enrolled
from gateway.model.time import SECOND, Duration


def test_a_stranger_is_a_party_at_once_and_its_password_is_in_force(at_home, tmp_path):
    async def script(home):
        gateway = home.gateway
        for name, password in (("box", ""), ("car", "a-long-password")):
            asked = AskRegistration(client="c" * 22, request_id="r", name=name, password=password)
            told = await gateway.register(asked)
            (folder,) = tmp_path.rglob("credentials")
            assert told.state == "REGISTERED"
            assert passwords(folder, [name]) == {name: password or told.password}
            again = await gateway.register(asked)
            # Who knows its password hears the same again; nobody is given another one.
            known = ("REGISTERED", "") if password else ("REFUSED", "registration")
            assert (again.state, again.term) == known
            assert not (password and again.password)
            other = await gateway.register(replace(asked, request_id="r-2"))
            assert (other.state, other.term) == ("REFUSED", "registration")
        assert not [fact for fact in home.facts if isinstance(fact, RegistrationTold)]

    at_home(script, {}, registration="open")


def test_who_was_removed_while_it_asked_to_enrol_leaves_nothing_behind(at_home):
    async def script(home):
        gateway = home.gateway
        asked = AskRegistration(client="c", request_id="r", name="box", password="a-long-password")
        await gateway.register(asked)
        store = gateway.reception._store
        store.change(lambda book: book.remove("box", home.clock.now()))
        reply = await gateway.handle(Enrol(party="box", request_id="e", product="power"))
        assert "any more" in reply.outcomes[0].description
        assert not [e for e in store.load().enrolments if e.state is Enrolled.YES]

    at_home(script, {}, registration="open", enrollment="open")


def test_the_ledger_is_kept_for_parties_that_the_configuration_does_not_name(at_home, tmp_path):
    async def nobody(home):
        assert home.gateway.ledger is None

    async def registering(home):
        assert home.gateway.ledger is not None
        asked = AskRegistration(client="c", request_id="r", name="box", password="a-long-password")
        await home.gateway.register(asked)

    async def somebody(home):
        assert home.gateway.ledger.statements._outside("box")

    at_home(nobody, {})
    at_home(registering, {}, registration="open")
    at_home(somebody, {})


def test_who_says_over_and_over_that_it_is_there_is_told_again_now_and_then(at_home):
    async def script(home):
        gateway = home.gateway
        asked = AskRegistration(client="c", request_id="r", name="box", password="a-long-password")
        await gateway.register(asked)
        told = []
        gateway.pushes.again = told.append
        for _ in range(1000):
            gateway.back("box")
            gateway.back("stranger")
        assert told == ["box"] * 3
        await home.clock.sleep(Duration(6 * SECOND))
        gateway.back("box")
        assert len(told) == 4

    at_home(script, {}, registration="open")
