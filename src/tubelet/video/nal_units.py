"""Holes in H.264 and H.265 packets of MP4, Matroska and FLV, in which each NAL unit follows its length.

No unit holds three zero bytes in a row: where its data would, the standards put a 3 between them ("emulation
prevention"). Zeros that a lost sector or an unfinished download leaves are therefore plain to see, while a decoder may
take them for a picture.
"""

from __future__ import annotations

# Some encoders pad a unit with zeros; a lost sector is longer.
_PADDING = 64
# Where the configuration record (avcC, hvcC) keeps the size of the lengths.
_LENGTH_SIZE_BYTE = {"h264": 4, "hevc": 21}


def length_size(codec: str, configuration: bytes | None) -> int | None:
    """Bytes of the length before each NAL unit, or None for other codecs and for units between start codes.

    Args:
        codec: FFmpeg's name of the codec.
        configuration: the stream's extradata.
    """
    byte = _LENGTH_SIZE_BYTE.get(codec)
    if byte is None or configuration is None or len(configuration) <= byte or configuration[0] != 1:
        return None
    return (configuration[byte] & 3) + 1


def has_hole(packet: bytes, length_size: int) -> bool:
    """Whether a NAL unit of the packet holds zeros that no encoder writes."""
    start = 0
    while start + length_size <= len(packet):
        first = start + length_size
        end = first + int.from_bytes(packet[start:first], "big")
        unit = packet[first:end]
        content = unit.rstrip(b"\0")
        if b"\0\0\0" in content or len(unit) - len(content) > _PADDING:
            return True
        start = end
    return False
