"""Masters that libraries get wrong: TIFFs whose pages have bytes in common, and JPEGs in several scans.

Used by tiff_matrix.py; knows nothing of Unscratch.
"""

import json
import shutil
import struct
import subprocess

OFFSETS, COUNTS = 273, 279
#: Values of 255 by which djpeg, the program of libjpeg, and another decoder may differ in rounding and smoothing.
DECODER_LEVELS = 4
SAMPLINGS = ("2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4")
SCANS = {"apart": "0;1;2;", "chroma": "0;1 2;", "red": "0 1;2;"}


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, check=True, **options)


class Directories:
    """A classic TIFF with the low byte first, in memory."""

    def __init__(self, data):
        self.data = bytearray(data)
        assert self.data[:4] == b"II*\0"

    def long(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def short(self, at):
        return struct.unpack_from("<H", self.data, at)[0]

    def entry(self, page, tag):
        at = self.long(4)
        for _ in range(page):
            at = self.long(at + 2 + 12 * self.short(at))
        places = [at + 2 + 12 * index for index in range(self.short(at))]
        return next(place for place in places if self.short(place) == tag)

    def values(self, page, tag):
        """Positions and numbers of the values of `tag`, 32 bits each."""
        entry = self.entry(page, tag)
        count = self.long(entry + 4)
        assert self.short(entry + 2) == 4 and count > 1, "an array of 32-bit numbers"
        first = self.long(entry + 8)
        return [(first + 4 * index, self.long(first + 4 * index)) for index in range(count)]

    def set(self, at, value):
        struct.pack_into("<I", self.data, at, value)


def shared_tiffs(folder, base):
    """TIFFs of two pages: with the same strips, with strips that overlap, with the same arrays; unpacked and LZW."""
    made = []
    for packing in ("none", "lzw"):
        two = folder / f"two-{packing}.tif"
        run("tiffcp", "-c", packing, "-s", "-r", "16", "-L", base, base, two)
        for kind in ("strips", "overlap", "arrays"):
            if kind == "overlap" and packing == "lzw":
                continue
            file = Directories(two.read_bytes())
            if kind == "arrays":
                for tag in (OFFSETS, COUNTS):
                    file.set(file.entry(1, tag) + 8, file.long(file.entry(0, tag) + 8))
            else:
                # Equal pages have strips of equal lengths. Behind the last one lies the directory.
                offsets = [value for _, value in file.values(0, OFFSETS)]
                shift = 64 if kind == "overlap" else 0
                for (at, _), value in zip(file.values(1, OFFSETS), [value + shift for value in offsets[:-1]] + offsets[-1:]):
                    file.set(at, value)
            path = folder / f"shared-{kind}-{packing}.tif"
            path.write_bytes(file.data)
            made.append(path)
    return made


def scan_jpegs(folder, base):
    """JPEGs of `base` at several samplings, each cut into scans in three ways; `None` without cjpeg and djpeg."""
    if not shutil.which("cjpeg") or not shutil.which("djpeg"):
        return None
    pnm = folder / "scans.ppm"
    run("convert", base, "-depth", "8", pnm)
    made = []
    for sampling in SAMPLINGS:
        for name, scans in SCANS.items():
            script, path = folder / f"scans-{name}.txt", folder / f"scans-{sampling}-{name}.jpg"
            script.write_text(scans)
            restarts = ("-restart", "7B") if name == "red" else ()
            path.write_bytes(run("cjpeg", "-quality", "90", "-sample", sampling, *restarts, "-scans", script, pnm).stdout)
            made.append(path)
    return made


def samples_by_djpeg(path):
    """Interleaved samples of a JPEG as libjpeg's program decodes it."""
    return pnm_samples(run("djpeg", "-pnm", path).stdout)


def samples_by_imagemagick(path):
    return run("convert", path, "-depth", "8", "rgb:-").stdout


def pnm_samples(data):
    """What stands behind the three lines of a binary PNM header."""
    return data.split(b"\n", 3)[3]


def largest_outside(one, other, alpha):
    """Largest difference of two pictures of three channels where the mask is 0."""
    if len(one) != len(other) or len(one) != 3 * len(alpha):
        raise RuntimeError(f"{len(one)} and {len(other)} samples of {len(alpha)} pixels")
    pairs = (range(3 * at, 3 * at + 3) for at, value in enumerate(alpha) if value == 0)
    return max(abs(one[at] - other[at]) for three in pairs for at in three)


def check_scans(program, mask, folder, master):
    """A JPEG in several scans becomes a PNG with the pixels that libjpeg's program reads, and a JPEG that it can read."""
    faults = []
    wanted = samples_by_djpeg(master)
    for kind, most in (("png", DECODER_LEVELS), ("jpg", None)):
        derivative = folder / f"{master.stem}.out.{kind}"
        alpha, report = (folder / f"{derivative.name}{end}" for end in (".alpha.png", ".json"))
        run(program, "inpaint", master, "--mask", mask, "-o", derivative, "--mask-out", alpha, "--report", report,
            "--provider", "cpu", "--threads", "1", "--quiet")
        raw = run("convert", alpha, "-depth", "8", "gray:-").stdout
        found = samples_by_imagemagick(derivative) if kind == "png" else samples_by_djpeg(derivative)
        largest = largest_outside(wanted, found, raw)
        if most is None:
            # Coded again, it differs by what the program says itself, and by what two decoders do.
            stated = json.loads(report.read_text())["largest_difference"]
            most = stated + 2 * DECODER_LEVELS
        if largest > most:
            faults.append(f"{kind}: differs from djpeg's reading of the master by {largest} outside the mask")
    return faults
