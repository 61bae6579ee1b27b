"""A device that offers other control models than when it was armed."""

from gateway.model.setpoint import Outcome


def both(rig, **points):
    """A solar inverter by 103, 123 and 704, in which 704 is not implemented yet."""
    made = rig.Map(1, 103, 120, 121, 122, 123, 702, 704)
    made.put(Mn_1="Maker", SN_1="S-1", W_103=3000, W_SF_103=0, Hz_103=5000, Hz_SF_103=-2)
    made.put(St_103=4, WRtg_120=8200, WRtg_SF_120=0, WMax_121=8000, WMax_SF_121=0)
    made.put(WMaxLimPct_123=10000, WMaxLimPct_WinTms_123=0, WMaxLimPct_RvrtTms_123=0)
    made.put(WMaxLimPct_RmpTms_123=0, WMaxLim_Ena_123=0, WMaxLimPct_SF_123=-2)
    return made.put(WMaxRtg_702=8200, WMax_702=8000, W_SF_702=0, **points)


def offer_704(made):
    made.put(WMaxLimPctEna_704=0, WMaxLimPct_704=1000, WMaxLimPctRvrt_704=1000)
    made.put(WMaxLimPctEnaRvrt_704=0, WMaxLimPctRvrtTms_704=0, WMaxLimPctRvrtRem_704=0)
    made.put(WMaxLimPct_SF_704=-1)


async def test_what_was_armed_by_123_is_steered_by_123_also_when_it_offers_704(rig):
    made = both(rig)
    async with rig.tcp(made.memory) as line:
        first = rig.driver(line, "solar")
        await first.connect()
        arming = await first.arm()
        await first.write(rig.setpoint(-3000, 0))
        offer_704(made)
        second = rig.driver(line, "solar")
        second.recall(arming)
        description = await second.connect()
        again = await second.arm()
        second.recall(arming)
        written = await second.write(rig.setpoint(-2000, 0))
        await second.write(rig.setpoint(None))
    assert again.identity == arming.identity
    assert not description.capabilities.timer.reaches_level
    assert written.outcome is Outcome.ACCEPTED
    assert made.get("123.WMaxLimPct") == 10000
    assert made.get("123.WMaxLim_Ena") == 0
    assert made.get("704.WMaxLimPctEna") == 0


async def test_once_its_record_is_gone_it_is_steered_by_704(rig):
    made = both(rig)
    async with rig.tcp(made.memory) as line:
        first = rig.driver(line, "solar")
        await first.connect()
        arming = await first.arm()
        offer_704(made)
        second = rig.driver(line, "solar")
        second.recall(arming)
        await second.connect()
        second.recall(None)
        description = await second.connect()
        await second.arm()
        await second.write(rig.setpoint(-2000))
    assert description.capabilities.timer.reaches_level
    assert made.get("704.WMaxLimPctEna") == 1
    assert made.get("123.WMaxLim_Ena") == 0
