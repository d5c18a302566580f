"""What other programs write, besides the layouts of TIFF: GIMP's exports, and PNG, JPEG, WebP and BMP with metadata.

Used by tiff_matrix.py; knows nothing of Unscratch but its command line.
"""

import pathlib
import re
import shutil
import struct
import subprocess

#: Metadata that every kind of file here can hold.
COMMON = [
    "-Artist=A. Photographer", "-Copyright=nobody", "-Make=Scanner", "-Orientation#=6", "-ExposureTime=1/8",
    "-GPSLatitude=48.1", "-GPSLatitudeRef=N", "-XMP-dc:Title=Title", "-XMP-xmpMM:DocumentID=x",
]
#: Groups of exiftool that mean the same in every kind of file.
CARRIED_GROUPS = ("ExifIFD", "GPS", "ICC", "IPTC", "XMP")


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done


def made_profile():
    """A small RGB profile for displays, version 2.1: three primaries and a gamma of 2.2. Source: ICC.1:2001-04."""

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    text = b"a gamma of 2.2\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {
        b"desc": description, b"cprt": b"text\0\0\0\0" + b"nobody's\0", b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139), b"gXYZ": xyz(0.3851, 0.7169, 0.0971), b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }
    at = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, at + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s6H4s", at + len(data), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ", 2026, 1, 2, 3, 4, 5, b"acsp",
    )
    header += bytes(28) + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + table + data


GIMP_SCRIPT = """
(define (page in) (car (gimp-file-load RUN-NONINTERACTIVE in in)))
(define (drawable image) (car (gimp-image-get-active-drawable image)))
(define (tiff in out packing) (let ((image (page in)))
  (file-tiff-save RUN-NONINTERACTIVE image (drawable image) out out packing)))
(define (png in out) (let ((image (page in)))
  (file-png-save-defaults RUN-NONINTERACTIVE image (drawable image) out out)))
(define (jpeg in out) (let ((image (page in)))
  (file-jpeg-save RUN-NONINTERACTIVE image (drawable image) out out 0.9 0 1 0 "" 2 1 0 0)))
"""


def gimp_exports(folder, base8, base16):
    """Files that GIMP exports from pictures with EXIF, XMP and a profile; `None` where there is no GIMP."""
    if not shutil.which("gimp"):
        return None
    wanted, script = [], GIMP_SCRIPT
    for depth, base in ((8, base8), (16, base16)):
        for packing, number in (("lzw", 1), ("deflate", 3)):
            wanted.append(folder / f"gimp-{packing}-{depth}.tif")
            script += f'(tiff "{base}" "{wanted[-1]}" {number})\n'
        wanted.append(folder / f"gimp-{depth}.png")
        script += f'(png "{base}" "{wanted[-1]}")\n'
    wanted.append(folder / "gimp-8.jpg")
    script += f'(jpeg "{base8}" "{wanted[-1]}")\n(gimp-quit 0)\n'
    done = subprocess.run(["gimp", "-i", "-d", "-f", "-b", "-"], input=script, capture_output=True, text=True, timeout=600)
    missing = [path.name for path in wanted if not path.is_file()]
    if missing:
        raise RuntimeError(f"GIMP did not write {', '.join(missing)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return wanted


def other_masters(folder, profile):
    """PNG, JPEG, WebP and BMP by ImageMagick, with exiftool's metadata and a profile where they can hold them."""
    base = folder / "others.png"
    run("convert", "-size", "230x170", "-seed", "9", "plasma:red-blue", "-depth", "16", base)
    made = []
    for name, options in (
        ("others-16.png", ["-depth", "16"]), ("others-grey.png", ["-colorspace", "Gray", "-depth", "8"]),
        ("others-interlaced.png", ["-depth", "8", "-interlace", "PNG"]), ("others-420.jpg", ["-quality", "90"]),
        ("others-444.jpg", ["-quality", "95", "-sampling-factor", "4:4:4"]),
        ("others-grey.jpg", ["-colorspace", "Gray", "-quality", "90"]), ("others.webp", ["-quality", "90"]),
        ("others.bmp", ["-type", "TrueColor"]),
    ):
        path = folder / name
        run("convert", base, "-density", "600", "-units", "PixelsPerInch", *options, path)
        if path.suffix != ".bmp":
            icc = [] if "grey" in name else [f"-icc_profile<={profile}"]
            iptc = ["-IPTC:Keywords=one"] if path.suffix == ".jpg" else []
            run("exiftool", "-q", "-overwrite_original", *COMMON, *icc, *iptc, path)
        made.append(path)
    return made


def carried(lines):
    """Of exiftool's lines those that say something of the photo and not of the file, without their groups."""
    kept = set()
    for line in lines:
        match = re.match(r"\[(.+?)\]\s+(\S+)\s*: (.*)", line)
        if not match:
            continue
        group, tag, value = match.groups()
        is_text = group == "IFD0" and tag in ("Artist", "Copyright", "Make", "Orientation", "XResolution", "YResolution")
        if is_text or group.split("-")[0] in CARRIED_GROUPS:
            kept.add((group, tag, value))
    return kept


def pixels_outside(path, alpha, width, height):
    """Every pixel of `path` where the mask written beside it is 0, by ImageMagick at 16 bits."""
    raw = subprocess.run(["convert", str(path), "-depth", "16", "rgba:-"], capture_output=True, check=True).stdout
    if len(raw) != 8 * width * height:
        raise RuntimeError(f"{path.name}: {len(raw)} bytes of pixels")
    return [raw[8 * at:8 * at + 8] for at in range(width * height) if alpha[at] == 0]


def folder_profile(folder):
    """Writes the profile and says where."""
    path = pathlib.Path(folder) / "made.icc"
    path.write_bytes(made_profile())
    return path
