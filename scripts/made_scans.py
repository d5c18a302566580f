"""Makes scans and masks of any size with the standard library alone, for measurements; they are never committed.

The pixels are noise on a ramp: the networks' cost does not depend on what they see.
"""

import random
import struct
import zlib
from pathlib import Path

NOISE_ROWS = 61
STROKE_WIDTH_PX = 10


def write_scan(path: Path, width: int, height: int, bits: int = 8) -> None:
    """Writes an uncompressed RGB TIFF of 8 or 16 bits a sample, row by row."""
    chance = random.Random(width * height + bits)
    row_bytes = width * 3 * bits // 8
    rows = [chance.randbytes(row_bytes) for _ in range(NOISE_ROWS)]
    if bits == 8:
        rows = [bytes(96 + value // 4 for value in row) for row in rows]
    with path.open("wb") as file:
        file.write(_tiff_header(width, height, bits, row_bytes))
        for y in range(height):
            row = rows[y % NOISE_ROWS]
            turn = (y // NOISE_ROWS * 6) % row_bytes
            file.write(row[turn:] + row[:turn])


def _tiff_header(width: int, height: int, bits: int, row_bytes: int) -> bytes:
    """Header, one directory, and the two values that do not fit into it; the pixels follow."""
    short, long = 3, 4
    entries = 10
    extra_at = 8 + 2 + entries * 12 + 4
    pixels_at = extra_at + 6
    fields = [
        (256, long, 1, width),
        (257, long, 1, height),
        (258, short, 3, extra_at),
        (259, short, 1, 1),
        (262, short, 1, 2),
        (273, long, 1, pixels_at),
        (277, short, 1, 3),
        (278, long, 1, height),
        (279, long, 1, height * row_bytes),
        (284, short, 1, 1),
    ]
    directory = b"".join(struct.pack("<HHII", *field) for field in fields)
    return (
        struct.pack("<2sHIH", b"II", 42, 8, entries)
        + directory
        + struct.pack("<I", 0)
        + struct.pack("<3H", bits, bits, bits)
    )


def write_mask(path: Path, width: int, height: int, share: float) -> None:
    """Writes a grey PNG in which slanted strokes of 10 px cover `share` (0 to 1) of all pixels."""
    strokes = _strokes(width, height, share)
    packer = zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(_chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)))
        for y in range(height):
            row = bytearray(width)
            for left, slope, first, last in strokes:
                if first <= y < last:
                    x = int(left + slope * y) % width
                    end = min(x + STROKE_WIDTH_PX, width)
                    row[x:end] = b"\xff" * (end - x)
                    row[: x + STROKE_WIDTH_PX - end] = b"\xff" * (x + STROKE_WIDTH_PX - end)
            packed = packer.compress(b"\0" + bytes(row))
            if packed:
                file.write(_chunk(b"IDAT", packed))
        file.write(_chunk(b"IDAT", packer.flush()))
        file.write(_chunk(b"IEND", b""))


def _strokes(width: int, height: int, share: float) -> list[tuple[float, float, int, int]]:
    """(x at row 0, slope, first row, row after the last) of evenly spread strokes."""
    length = share * width * height / STROKE_WIDTH_PX
    count = max(1, -(-int(length) // height)) if length > 0 else 0
    chance = random.Random(count)
    each = length / count if count else 0
    return [
        (
            width * (i + 0.5) / count,
            chance.uniform(-0.2, 0.2),
            first := int(chance.uniform(0, height - each)),
            first + int(each),
        )
        for i in range(count)
    ]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
