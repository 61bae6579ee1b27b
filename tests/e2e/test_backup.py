"""``backup`` of a running gateway, the loss of everything, ``restore``, and life goes on."""

import shutil

import pytest

from gateway.adapters.journal import read_journal
from gateway.runtime.rows import Start, read_body
from tests.e2e.processes import NO_HEAT, free_port, listening, until

pytestmark = pytest.mark.e2e


def epochs(place):
    rows = [row for row in read_journal(place.journal) if row.kind == "start"]
    return [read_body(Start, row).epoch for row in rows]


def bought(ear):
    """Steps of the app's position that are not nothing."""
    told = ear.newest.get("u/app/pos/power") or {"steps": []}
    return [step for step in told["steps"] if step["quantity"]]


async def test_a_lost_house_comes_back_as_it_was_and_no_number_is_used_twice(place):
    await place.build()
    config = place.write(broker={"kind": "embedded"}, devices=NO_HEAT, parties={"app": {}})
    daemon = await place.run(config)
    await until(lambda: len(place.clearings()) >= 2, "two clearings", 25)
    secret = (place.state / "credentials" / "app").read_text()
    archive = place.folder / "backup.tar.gz"
    said = await place.command("backup", str(archive), "--config", str(config))
    assert said.code == 0, said.err
    assert "holds passwords" in said.out
    again = await place.command("backup", str(archive), "--config", str(config))
    assert (again.code, "--force" in again.err) == (2, True)
    # Under a running gateway nothing is restored.
    refused = await place.command("restore", str(archive), "--force")
    assert refused.code == 1
    assert "in use by process" in refused.err
    await daemon.end()
    daemon = await place.run(config)  # a start that the backup knows nothing of
    await daemon.end()
    used, before = epochs(place), config.read_text()
    known = [row.hash for row in read_journal(place.journal)]
    shutil.rmtree(place.state)
    config.unlink()

    said = await place.command("restore", str(archive))
    assert said.code == 0, said.err
    assert config.read_text() == before
    assert (place.state / "credentials" / "app").read_text() == secret
    restored = [row.hash for row in read_journal(place.journal)]
    assert restored == known[: len(restored)]
    daemon = await place.run(config)
    await until(lambda: len(epochs(place)) > 1, "the new start is journalled", 10)
    assert max(epochs(place)) > max(used)
    await until(lambda: len(place.clearings()) >= 4, "it clears again", 25)
    await daemon.end()
    assert (await place.command("replay", str(place.journal))).code == 0
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == sorted(set(sequences))


async def test_a_position_outlives_the_loss_of_the_disk(place):
    await place.build()
    port = free_port()
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        devices=NO_HEAT,
        parties={"app": {}},
        products={"power": {"resource": "POWER", "unit": "W", "interval": "30s"}},
    )
    daemon = await place.run(config)
    secret = (place.state / "credentials" / "app").read_text().strip()
    async with listening(port, "app", secret) as ear:
        await until(lambda: "p/power/session" in ear.newest, "a session")
        await ear.tender("buy", price=4500, quantity=700)
        assert (await ear.answered("buy"))["responseCode"] == 200
        await until(lambda: bought(ear), "a transaction", 40)
        position = bought(ear)
    archive = place.folder / "backup.tar.gz"
    assert (await place.command("backup", str(archive), "--config", str(config))).code == 0
    await daemon.kill()
    shutil.rmtree(place.state)
    assert (await place.command("restore", str(archive))).code == 0
    await place.run(config)
    async with listening(port, "app", secret) as ear:
        await until(lambda: bought(ear), "its position", 20)
        assert bought(ear) == position
