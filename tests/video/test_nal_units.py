import pytest

from tubelet.video.nal_units import has_hole


def packet(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("units", "hole"),
    [
        ([b"\x65\x01\x02", b"\x41\0\0\x03\0\x80"], False),  # emulation prevention: never three zeros in a row
        ([b"\x65\x01\0\0\0\x02"], True),
        ([b"\x65\x01", b"\x41" + bytes(16) + b"\x80"], True),
        ([b"\x65\x80" + bytes(30)], False),  # padding
        ([b"\x65\x80" + bytes(512)], True),  # a sector
        ([], False),
    ],
)
def test_zeros_within_a_unit_are_a_hole_and_padding_after_it_is_none(units, hole):
    assert has_hole(packet(*units), 4) == hole
