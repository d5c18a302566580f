#!/usr/bin/env python3
"""TIFF to TIFF against other programs: makes masters with ImageMagick, libtiff's tools and exiftool in many layouts, repairs a small
mask in each with `unscratch inpaint`, and compares master and derivative:

- exiftool -a -G1 -s -u: no line differs but name, dates and size of the file and where its strips or tiles are;
- the byte sequence: unpacked masters keep their length, packed ones are the start of the derivative but for the positions;
- libtiff: both are unpacked by tiffcp and compared by tiffcmp (in one layout by ImageMagick); no page but the repaired one differs, and that only where the
  written mask is above 0; the levels of a pyramid differ, and only beneath the mask and one of their pixels around it;
- the report: a patched copy, nothing changed outside the mask, and some pixels changed inside.

Every third TIFF is exported once more with a history in XMP (`--metadata record`): only those properties may be added.
Then PNG, JPEG, WebP and BMP with metadata, and what GIMP exports: what a PNG or JPEG of the same kind says to exiftool stays the same
line by line, other kinds keep EXIF, GPS, IPTC, XMP and the profile; pixels outside the mask stay, by ImageMagick.
TIFFs whose two pages have strips or arrays in common are repaired on either page, and the other page must not differ. JPEGs whose
colours lie in scans of their own must be read as djpeg reads them, and what is written like them must be readable by djpeg.

Usage: scripts/tiff_matrix.py path/to/unscratch [--keep FOLDER] [--only NAME] [--jobs N]
Needs ImageMagick 6, libtiff-tools and exiftool; cjpeg and djpeg for the scans; GIMP 2.10 for its exports, and the Python packages
tifffile and imagecodecs for all channels of 16-bit tiles of planes apart. What is missing is said and counted. Exits with 1 on any
difference.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from other_masters import COMMON, carried, folder_profile, gimp_exports, other_masters, pixels_outside
from shared_masters import check_scans, scan_jpegs, shared_tiffs

try:
    import numpy
    import tifffile
except ImportError:
    tifffile = None

WIDTH, HEIGHT = 230, 170
#: Lines of exiftool that may differ: the file itself, and where strips or tiles are.
ALLOWED = {
    "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate", "FileInodeChangeDate",
    "StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts",
}
#: Lines that a history in XMP adds or replaces; of a BigTIFF exiftool shows the packet's length too.
HISTORY = re.compile(r"\[XMP-(xmpMM\]\s+(History|DerivedFrom)|iptcExt\]\s+DigitalSourceType)|\[IFD0\]\s+ApplicationNotes")
#: One TIFF in so many is exported with a history too.
HISTORY_EVERY = 3
#: What could not be checked here, as sentences.
SKIPPED = []
#: Each changed strip or tile may change this many bytes of the copied part: a position and a length.
POINTER_BYTES = 16


def run(*command, check=True):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done


class Masters:
    """Masters by name, made on demand in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.cases = []
        base = ["convert", "-size", f"{WIDTH}x{HEIGHT}", "-seed", "7", "plasma:red-blue"]
        # tiffcp does not pull 16-bit channels apart, so each kind is made both ways.
        for depth, (planar, interlace) in itertools.product((8, 16), ((1, "none"), (2, "plane"))):
            deep = ["-interlace", interlace, "-depth", str(depth)]

            def name(kind):
                return self.at(f"{kind}{depth}-{'separate' if planar == 2 else 'contig'}.tif")

            run(*base, *deep, name("rgb"))
            run(*base, "-colorspace", "Gray", *deep, name("grey"))
            run(*base, "-alpha", "set", "-channel", "A", "-fx", "0.3+0.5*i/w", *deep, name("rgba"))
            if planar == 1:
                run(*base, "-colorspace", "Gray", "-alpha", "set", "-channel", "A", "-fx", "0.3+0.5*j/h", *deep,
                    name("greya"))
            else:
                self.write_channels(name("greya"), 2, depth, planar, [2], photometric=1)
            run(*base, "-colorspace", "Gray", "-define", "quantum:polarity=min-is-white", *deep, name("white"))
            # The fourth channel means nothing to TIFF: an infra-red plane.
            run("cp", name("rgba"), name("infrared"))
            run("tiffset", "-s", "338", "1", "0", name("infrared"))
            self.write_channels(name("five"), 5, depth, planar, [2, 0], photometric=2)
            self.write_channels(name("greyfurther"), 3, depth, planar, [0, 0], photometric=1)
            self.write_channels(name("whitealpha"), 2, depth, planar, [2], photometric=0)

    def at(self, name):
        return self.folder / name

    @staticmethod
    def write_channels(path, channels, depth, planar, extra, photometric):
        """An unpacked master with one strip a plane and channels that ImageMagick does not write."""
        top = (1 << depth) - 1

        def value(x, y, c):
            return (x * 97 + y * 331 * (c + 1) + (x * y) // (c + 3)) % top if c < 3 else (x + y * c * 13) * 7 % top

        def packed(kind, values):
            return struct.pack(f"<{len(values)}{kind}", *values)

        places = list(itertools.product(range(HEIGHT), range(WIDTH)))
        if planar == 1:
            planes = [[value(x, y, c) for y, x in places for c in range(channels)]]
        else:
            planes = [[value(x, y, c) for y, x in places] for c in range(channels)]
        content = bytearray(8)
        starts, lengths = [], []
        for plane in planes:
            starts.append(len(content))
            content += packed("B" if depth == 8 else "H", plane)
            lengths.append(len(content) - starts[-1])
        entries = []
        for tag, kind, values in [
            (256, "H", [WIDTH]), (257, "H", [HEIGHT]), (258, "H", [depth] * channels), (259, "H", [1]),
            (262, "H", [photometric]), (273, "I", starts), (277, "H", [channels]), (278, "H", [HEIGHT]),
            (279, "I", lengths), (284, "H", [planar]), (338, "H", extra),
        ]:
            data = packed(kind, values)
            if len(data) > 4:
                content += b"\0" * (len(content) % 2)
                at, data = len(content), data
                content += data
                data = packed("I", [at])
            entries.append(struct.pack("<HHI", tag, {"H": 3, "I": 4}[kind], len(values)) + data.ljust(4, b"\0"))
        content += b"\0" * (len(content) % 2)
        content[:8] = struct.pack("<2sHI", b"II", 42, len(content))
        path.write_bytes(bytes(content) + packed("H", [len(entries)]) + b"".join(entries) + b"\0\0\0\0")

    def case(self, name, base, *tiffcp, exif=(), page=None):
        """A master: `base` rewritten by tiffcp, then given metadata by exiftool."""
        path = self.at(f"{name}.tif")
        run("tiffcp", *tiffcp, *[self.at(f"{one}.tif") for one in ([base] if isinstance(base, str) else base)], path)
        described = run("tiffinfo", path).stdout
        if tiffcp[tiffcp.index("-c") + 1] == "none" and "Compression Scheme: None" not in described:
            raise RuntimeError(f"{name}: tiffcp chose another packing")
        if exif:
            run("exiftool", "-q", "-overwrite_original", *exif, path)
        self.cases.append((name, path, page))

    def make(self):
        kinds = ["rgb", "grey", "rgba", "greya", "white", "infrared", "five", "greyfurther", "whitealpha"]
        packings = ["none", "lzw", "lzw:2", "zip", "zip:2", "packbits"]
        layouts = {
            "strips": ["-s", "-r", "16"], "tiles": ["-t", "-w", "64", "-l", "48"],
        }
        orders = itertools.cycle([["-L"], ["-B"], ["-L", "-8"], ["-B", "-8"]])
        # Every kind of pixel at both depths with every second packing and layout, byte orders and file kinds in turn.
        for index, (kind, depth) in enumerate(itertools.product(kinds, (8, 16))):
            for offset in range(3):
                packing = packings[(index + 2 * offset) % 6]
                layout = list(layouts)[(index + offset) % 2]
                planar = "separate" if (index + offset) % 3 == 0 and kind not in ("grey", "white") else "contig"
                order = next(orders)
                name = "-".join([f"{kind}{depth}", packing.replace(":", ""), layout, planar, *order]).replace("--", "-")
                self.case(name, f"{kind}{depth}-{planar}", "-c", packing, "-p", planar, *layouts[layout], *order)
        # Every packing and layout at 16 bits RGB.
        for packing, layout, planar in itertools.product(packings, layouts, ("contig", "separate")):
            name = f"all-{packing}-{layout}-{planar}".replace(":", "")
            self.case(name, f"rgb16-{planar}", "-c", packing, "-p", planar, *layouts[layout], *next(orders))
        metadata = [
            "-Artist=A. Photographer", "-Copyright=nobody", "-ImageDescription=Straße, 1931", "-Make=Scanner",
            "-Software=Other program 1.0", "-XResolution=1200", "-YResolution=1200", "-Orientation#=6",
            "-ExposureTime=1/8", "-UserComment=a comment", "-GPSLatitude=48.1", "-GPSLatitudeRef=N",
            "-XMP-dc:Title=Title", "-XMP-xmpMM:DocumentID=x", "-IPTC:Caption-Abstract=caption",
            "-IPTC:Keywords=one", "-IPTC:Keywords=two", "-Photoshop:URL=none",
        ]
        for packing in ("none", "lzw:2", "zip", "packbits"):
            self.case(f"metadata-{packing}".replace(":", ""), "rgb16-contig", "-c", packing, exif=metadata)
        # Single strips, rows as strips, pages, reduced copies.
        self.case("one-strip-lzw", "rgb16-contig", "-c", "lzw:2", "-r", "1000")
        self.case("one-row-strips", "grey8-contig", "-c", "zip", "-r", "1")
        pages = ["grey8-contig", "rgb16-contig", "white8-contig"]
        self.case("pages-first", pages, "-c", "lzw")
        self.case("pages-second", pages, "-c", "zip:2", "-t", "-w", "32", "-l", "32", page=2)
        self.case("pages-third-big", pages, "-c", "none", "-8", "-B", page=3)
        path = self.at("pyramid.tif")
        run("convert", self.at("rgb8-contig.tif"), "-define", "tiff:tile-geometry=64x64", "-compress", "LZW", f"ptif:{path}")
        # ImageMagick calls the levels pages of a document.
        self.cases.append(("unnamed-pyramid", path, None))
        for packing in ("none", "zip:2", "packbits"):
            other = self.at(f"pyramid-{packing.replace(':', '')}.tif")
            run("tiffcp", "-c", packing, "-s", "-r", "16", path, other)
            for level in (1, 2):
                run("tiffset", "-d", level, "-s", "254", "1", other)
            self.cases.append((other.stem, other, None))
        icc = self.at("icc.tif")
        run("convert", self.at("rgb16-contig.tif"), "-profile", folder_profile(self.folder), "-compress", "Zip", icc)
        self.cases.append(("icc", icc, None))
        for path in shared_tiffs(self.folder, self.at("grey8-contig.tif")):
            self.cases.append((f"{path.stem}-first", path, 1))
            self.cases.append((f"{path.stem}-second", path, 2))
        # Stored order is what counts, whichever way up it is shown. exiftool writes no BigTIFF.
        for orientation in range(2, 9):
            planar = ("contig", "separate")[orientation % 2]
            self.case(f"orientation-{orientation}", f"rgb16-{planar}", "-c", packings[orientation % 6], "-p", planar,
                      *layouts[list(layouts)[orientation % 2]], ("-L", "-B")[orientation // 2 % 2],
                      exif=[f"-Orientation#={orientation}"])

    def make_others(self):
        """Masters that are no TIFF, and all that GIMP exports; its TIFFs join the others."""
        profile = folder_profile(self.folder)
        found = other_masters(self.folder, profile)
        bases = []
        for depth in (8, 16):
            base = self.at(f"for-gimp-{depth}.tif")
            run("convert", self.at(f"rgb{depth}-contig.tif"), "-profile", profile, base)
            # GIMP turns what it opens.
            run("exiftool", "-q", "-overwrite_original", *COMMON, "-Orientation#=1", base)
            bases.append(base)
        exports = gimp_exports(self.folder, *bases)
        if exports is None:
            SKIPPED.append("7 files exported by GIMP: it is not installed")
            return found
        self.cases.extend((path.stem, path, None) for path in exports if path.suffix == ".tif")
        return found + [path for path in exports if path.suffix != ".tif"]


def pages_of(path):
    """Every page of a TIFF as libtiff unpacks it, in order."""
    return len(re.findall(r"^=== TIFF directory", run("tiffinfo", path).stdout, re.M)) or 1


def changed_pixels(master, derivative, folder, page):
    """The samples (y, x, channel) that tiffcmp finds to differ on page `page` (from 0)."""
    info = run("tiffinfo", f"-{page}", master).stdout
    if "Tile Width" in info and "separate image planes" in info and "Bits/Sample: 16" in info:
        if tifffile:
            return changed_in_tifffile(master, derivative, page)
        SKIPPED.append(f"channels beside colour and alpha of {derivative.name}: tifffile is not installed")
        return changed_in_imagemagick(master, derivative, page)
    plain = []
    for name, path in (("a", master), ("b", derivative)):
        target = folder / f"{derivative.stem}-{page}-{name}.plain.tif"
        # Tiles become strips, which tiffcmp can read.
        run("tiffcp", "-c", "none", "-s", "-r", "16", f"{path},{page}", target)
        plain.append(target)
    found = set()
    done = run("tiffcmp", "-t", "-z", "100000000", *plain, check=False)
    for line in done.stdout.splitlines():
        match = re.match(r"Scanline (\d+), pixel (\d+), sample (\d+):", line)
        if not match:
            raise RuntimeError(f"tiffcmp: {line}")
        found.add(tuple(map(int, match.groups())))
    for target in plain:
        target.unlink()
    return found


def changed_in_tifffile(master, derivative, page):
    """As changed_pixels, for 16-bit tiles of planes apart, which tiffcp 4.5.0 mixes up: every channel, by tifffile."""
    old, new = (tifffile.TiffFile(path).pages[page].asarray() for path in (master, derivative))
    assert old.shape == new.shape and old.shape[-2:] == (HEIGHT, WIDTH), (old.shape, new.shape)
    old, new = (pixels.reshape(-1, HEIGHT, WIDTH) for pixels in (old, new))
    return {(int(y), int(x), int(c)) for c, y, x in numpy.argwhere(old != new)}


def changed_in_imagemagick(master, derivative, page):
    """As changed_in_tifffile, of colours and alpha alone, by ImageMagick."""
    old, new = (
        subprocess.run(["convert", f"{path}[{page}]", "-depth", "16", "rgba:-"], capture_output=True, check=True).stdout
        for path in (master, derivative)
    )
    assert len(old) == len(new) == 8 * WIDTH * HEIGHT, (len(old), len(new))
    samples = (at // 2 for at in range(0, len(old), 2) if old[at:at + 2] != new[at:at + 2])
    return {(at // 4 // WIDTH, at // 4 % WIDTH, at % 4) for at in samples}


def far_from_mask(found, mask, master, page):
    """How many of the samples `found` on a smaller copy of the page lie over no pixel of the mask, and beside none that does."""
    info = run("tiffinfo", f"-{page}", master).stdout
    width, height = map(int, re.search(r"Image Width: (\d+) Image Length: (\d+)", info).groups())

    def is_near(x, y):
        columns = range(max(0, (x - 1) * WIDTH // width), min(WIDTH, -(-(x + 2) * WIDTH // width)))
        rows = range(max(0, (y - 1) * HEIGHT // height), min(HEIGHT, -(-(y + 2) * HEIGHT // height)))
        return any(mask[y * WIDTH + x] for y in rows for x in columns)

    return sum(not is_near(x, y) for y, x, _ in found)


def exif_lines(path):
    lines = run("exiftool", "-a", "-G1", "-s", "-u", path).stdout.splitlines()
    kept = []
    for line in lines:
        match = re.match(r"\[(.+?)\]\s+(\S+)\s*:", line)
        if not match or match.group(2) not in ALLOWED:
            kept.append(line)
    return kept


def check_bytes(master, derivative, chunks, is_packed):
    old, new = master.read_bytes(), derivative.read_bytes()
    differing = sum(a != b for a, b in zip(old, new))
    if is_packed:
        if len(new) <= len(old) or differing > POINTER_BYTES * chunks:
            return f"{differing} bytes of the copied part differ, {len(new) - len(old)} were added"
    elif len(new) != len(old):
        return f"the length changed by {len(new) - len(old)} bytes"
    return None


def check_case(program, mask, folder, name, master, page):
    derivative, alpha, report = (folder / f"{name}.out{end}" for end in (".tif", ".alpha.pgm.png", ".json"))
    chosen = [] if page is None else ["--page", str(page)]
    before = master.read_bytes()
    run(program, "inpaint", master, "--mask", mask, "-o", derivative, "--mask-out", alpha, "--report", report,
        "--provider", "cpu", "--threads", "1", "--quiet", *chosen)
    faults = []
    if master.read_bytes() != before:
        faults.append("the master was changed")
    facts = json.loads(report.read_text())
    said = [line for line in facts["not_carried"] if not (name == "unnamed-pyramid" and "may be a smaller copy" in line)]
    if not facts["patched_copy"] or said or facts["changed_pixels_outside_mask"]:
        faults.append(f"no clean patched copy: {facts['not_carried']}")
    old, new = exif_lines(master), exif_lines(derivative)
    if old != new:
        faults.append("exiftool: " + "; ".join(sorted(set(old) ^ set(new))[:4]))
    raw = subprocess.run(["convert", str(alpha), "-depth", "8", "gray:-"], capture_output=True, check=True).stdout
    renewed = 0
    for number in range(pages_of(master)):
        found = changed_pixels(master, derivative, folder, number)
        if number != (page or 1) - 1 and name.startswith("pyramid"):
            renewed += bool(found)
            far = far_from_mask(found, raw, master, number)
            if far:
                faults.append(f"page {number + 1}: {far} samples differ that are not beneath the mask")
            continue
        if number != (page or 1) - 1:
            if found:
                faults.append(f"page {number + 1} changed")
            continue
        outside = sum(raw[y * WIDTH + x] == 0 for y, x, _ in found)
        pixels = {(y, x) for y, x, _ in found}
        if outside:
            faults.append(f"tiffcmp: {outside} samples differ outside the mask")
        if len(pixels) != facts["changed_pixels"] or not pixels:
            faults.append(f"tiffcmp: {len(pixels)} pixels differ, reported {facts['changed_pixels']}")
    if renewed != facts["renewed_reduced_copies"] or name.startswith("pyramid") and not renewed:
        faults.append(f"{renewed} smaller copies were repaired, reported {facts['renewed_reduced_copies']}")
    info = run("tiffinfo", master).stdout
    # What pages have in common cannot be renewed in place either.
    is_packed = "Compression Scheme: None" not in info or name.startswith("shared")
    chunks = 4 * WIDTH
    fault = check_bytes(master, derivative, chunks, is_packed)
    return faults + ([fault] if fault else [])


def without_history(lines):
    return [line for line in lines if not HISTORY.match(line)]


def check_history(program, mask, folder, name, master, page):
    """The same export with a history in XMP: nothing but that is added, and the pixels are those of the export without."""
    derivative, plain = folder / f"{name}.history.tif", folder / f"{name}.out.tif"
    chosen = [] if page is None else ["--page", str(page)]
    run(program, "inpaint", master, "--mask", mask, "-o", derivative, "--metadata", "record", "--provider", "cpu",
        "--threads", "1", "--quiet", *chosen)
    faults = []
    old, new = exif_lines(master), exif_lines(derivative)
    if without_history(old) != without_history(new):
        faults.append("with a history, exiftool: " + "; ".join(sorted(set(without_history(old)) ^ set(without_history(new)))[:4]))
    if page in (None, 1) and not any("HistoryAction" in line and "edited" in line for line in new):
        faults.append("with a history: it is not there")
    for number in range(pages_of(master)):
        if changed_pixels(plain, derivative, folder, number):
            faults.append(f"with a history: other pixels on page {number + 1}")
    return faults


def check_other(program, mask, folder, master, kind, with_history):
    """A master that is no TIFF, exported as `kind`."""
    derivative = folder / f"{master.name}{'.history' if with_history else ''}.out.{kind}"
    alpha, report = (folder / f"{derivative.name}{end}" for end in (".alpha.png", ".json"))
    before = master.read_bytes()
    run(program, "inpaint", master, "--mask", mask, "-o", derivative, "--mask-out", alpha, "--report", report, "--provider", "cpu",
        "--threads", "1", "--quiet", *(["--metadata", "record"] if with_history else []))
    faults = ["the master was changed"] if master.read_bytes() != before else []
    facts = json.loads(report.read_text())
    old, new = exif_lines(master), exif_lines(derivative)
    if with_history:
        if not any("HistoryAction" in line and "edited" in line for line in new):
            faults.append("there is no history")
        old, new = without_history(old), without_history(new)
    if any(line.startswith("Interlacing") for line in facts["not_carried"]):
        old, new = ([line for line in lines if "Interlace" not in line] for lines in (old, new))
    if any("thumbnail" in line for line in facts["not_carried"]):
        old = [line for line in old if not line.startswith("[IFD1]") and "Thumbnail" not in line]
    if master.suffix == f".{kind}":
        if old != new:
            faults.append("exiftool: " + "; ".join(sorted(set(old) ^ set(new))[:4]))
    elif carried(old) - carried(new):
        faults.append(f"not carried: {sorted(carried(old) - carried(new))[:4]}")
    if kind != "jpg" and master.suffix in (".png", ".bmp"):
        raw = subprocess.run(["convert", str(alpha), "-depth", "8", "gray:-"], capture_output=True, check=True).stdout
        outside = [pixels_outside(path, raw, WIDTH, HEIGHT) for path in (master, derivative)]
        if outside[0] != outside[1]:
            faults.append("pixels differ outside the mask")
    return faults


def all_checks(program, mask, folder, masters, others, scans, only):
    """Every combination as its name and what checks it; the faults are what that returns."""
    for index, (name, master, page) in enumerate(masters.cases):
        if only not in name:
            continue
        case = program, mask, folder, name, master, page
        if index % HISTORY_EVERY:
            yield name, lambda case=case: [(case[3], check_case(*case))]
        else:
            yield name, lambda case=case: [(case[3], check_case(*case)), (f"{case[3]}-history", check_history(*case))]
    for master in others:
        kinds = {".jpg": ["jpg", "png"]}.get(master.suffix, ["png"])
        for kind, with_history in itertools.product(kinds, (False, True)):
            name = f"{master.name}-to-{kind}{'-history' if with_history else ''}"
            case = program, mask, folder, master, kind, with_history
            if only in name:
                yield name, lambda name=name, case=case: [(name, check_other(*case))]
    for master in scans:
        if only in master.stem:
            yield master.stem, lambda master=master: [(master.stem, check_scans(program, mask, folder, master))]


def checked(check):
    name, faults_of = check
    try:
        return faults_of()
    except (RuntimeError, AssertionError, subprocess.CalledProcessError) as error:
        return [(name, [str(error)])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files, kept afterwards")
    parser.add_argument("--only", default="", help="only combinations with this in their name")
    parser.add_argument("--jobs", type=int, default=1, help="how many combinations are checked at a time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        mask = folder / "mask.png"
        run("convert", "-size", f"{WIDTH}x{HEIGHT}", "xc:black", "-fill", "white", "-draw",
            "rectangle 20,60 24,64 rectangle 150,100 180,101", "-threshold", "50%", "-depth", "8", mask)
        masters = Masters(folder)
        masters.make()
        others = masters.make_others()
        scans = scan_jpegs(folder, masters.at("rgb8-contig.tif"))
        if scans is None:
            SKIPPED.append("JPEGs in several scans: cjpeg and djpeg are not installed")
        failed = count = 0
        checks = all_checks(options.program, mask, folder, masters, others, scans or [], options.only)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for name, faults in itertools.chain.from_iterable(pool.map(checked, checks)):
                failed, count = failed + bool(faults), count + 1
                text = "".join(f"\n       {fault}" for fault in faults)
                print(f"{'FAILED' if faults else 'ok':6} {name}{text}", flush=True)
        for sentence in SKIPPED:
            print(f"SKIPPED: {sentence}")
        print(f"{count} combinations, {failed} failed, {len(SKIPPED)} SKIPPED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
