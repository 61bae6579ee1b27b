"""Whatever comes from a port, a probe names it."""

from hypothesis import example, given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from drivers.transport.probe import told
from gateway.ports.probe import Heard


@given(st.binary(min_size=1, max_size=300), st.integers(0, 255))
@example(b"\x01\x03", 1)
@example(b"\x01\x03\xff\x00\x00", 1)
@example(b"SG\0\0\0\2\1\3", 1)
@example(b"SG\0\0\0\0\1\x83\2", 1)
def test_any_bytes_are_named(came, unit):
    assert told(came, unit).heard in set(Heard) - {Heard.SILENT, Heard.NOTHING, Heard.REFUSED}


@given(st.integers(0, 255), st.binary(min_size=4, max_size=4), st.binary(max_size=8))
def test_a_serial_answer_is_recognised_by_its_checksum(unit, data, after):
    frame = bytes([unit, 3, 4]) + data
    frame += FramerRTU.compute_CRC(frame).to_bytes(2, "big")
    assert told(frame + after, unit).heard in {Heard.RTU, Heard.WORDS, Heard.EXCEPTION}
    broken = frame[:-1] + bytes([frame[-1] ^ 1])
    assert told(broken, unit).heard is not Heard.RTU
