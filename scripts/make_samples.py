"""Makes assets/samples/: freely licensed photographs, aged and damaged by scripts/print_damage.py.

Run it with the packages of scripts/requirements-samples.txt; the raccoon comes out of an old scipy wheel:
    pip download --no-deps --python-version 3.10 --platform manylinux2014_x86_64 --only-binary=:all: scipy==1.9.3
    python scripts/make_samples.py scipy-1.9.3-*.whl
The same input gives the same pixels. Sources and licences stand in assets/samples/README.md.
"""

import bz2
import hashlib
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import skimage.data
import tifffile
from PIL import Image, ImageCms

import print_damage as damage

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "samples"
RACCOON_SHA256 = "9d8b0b4d081313e2b485748c770472e5a95ed1738146883d84c7030493e82886"


def main() -> None:
    """Writes every sample."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    portrait()
    photographer()
    raccoon(Path(sys.argv[1]))


def portrait() -> None:
    """A sepia cabinet portrait with a fold, emulsion cracks and worn corners: JPEG, colour, ICC, EXIF, 300 dpi."""
    rng = np.random.default_rng(1912)
    source = skimage.data.astronaut()[0:500, 62:450]
    gray = orthochromatic(source)
    gray = enlarge(gray, 2.3)
    picture = toned(printed(rng, gray, grain=0.021), dark=(0.135, 0.090, 0.062), light=(0.905, 0.845, 0.735))
    picture = mounted(rng, picture, border_px=46, paper=(0.875, 0.835, 0.745))
    height, width = picture.shape[:2]

    picture = damage.stain(rng, picture, (0.84 * width, 0.86 * height), 95, 0.16)
    picture = damage.fold(rng, picture, (-5, 0.655 * height), (width + 5, 0.605 * height), width_px=3.2, gaps=0.28)
    picture = damage.crack(
        rng, picture, (0.83 * width, -4), (0.60 * width, 0.43 * height), width_px=2.8, branches=6, gaps=0.12
    )
    picture = damage.crack(
        rng, picture, (-4, 0.198 * height), (0.47 * width, 0.302 * height), width_px=2.0, branches=5, gaps=0.15
    )
    picture = damage.crack(
        rng, picture, (0.30 * width, 0.640 * height), (0.43 * width, 0.36 * height), width_px=1.7, branches=3
    )
    picture = damage.crack(
        rng, picture, (0.68 * width, 0.62 * height), (0.80 * width, 0.90 * height), width_px=2.4, branches=4
    )
    picture = damage.crack(
        rng, picture, (0.14 * width, height + 4), (0.26 * width, 0.80 * height), width_px=2.6, branches=2
    )
    for _ in range(7):
        start = rng.uniform((0.05 * width, 0.05 * height), (0.9 * width, 0.9 * height))
        end = start + rng.normal(0, 70, 2)
        picture = damage.scratch(rng, picture, tuple(start), tuple(end), width_px=1.1, strength=0.55)
    picture = damage.dust(rng, picture, specks=130, hairs=5)
    picture = damage.dust(rng, picture, specks=25, hairs=1, dark=True)
    picture = damage.worn_edges(rng, picture, 7)
    save_jpeg(picture, FOLDER / "portrait.jpg", "Unscratch sample: portrait with a fold and cracks", quality=88)


def raccoon(scipy_wheel: Path) -> None:
    """A grey amateur print, scratched and dusty: JPEG, one channel, at the size of its source."""
    rng = np.random.default_rng(1934)
    packed = zipfile.ZipFile(scipy_wheel).read("scipy/misc/face.dat")
    if hashlib.sha256(packed).hexdigest() != RACCOON_SHA256:
        sys.exit(f"The picture in {scipy_wheel} is not the expected one")
    source = np.frombuffer(bz2.decompress(packed), np.uint8).reshape(768, 1024, 3)
    gray = cv2.GaussianBlur(orthochromatic(source), (0, 0), 0.6)
    picture = toned(printed(rng, gray, grain=0.022), dark=(0.10, 0.10, 0.10), light=(0.88, 0.88, 0.88))
    picture = mounted(rng, picture, border_px=34, paper=(0.90, 0.90, 0.90))
    height, width = picture.shape[:2]

    for x in (0.17, 0.185, 0.46, 0.73, 0.735, 0.91):
        top = (x * width + rng.normal(0, 4), rng.uniform(-0.1, 0.2) * height)
        bottom = ((x + rng.normal(0, 0.012)) * width, rng.uniform(0.75, 1.1) * height)
        picture = damage.scratch(rng, picture, top, bottom, width_px=1.3, strength=rng.uniform(0.5, 0.9), bend=0.006)
    picture = damage.scratch(
        rng, picture, (0.02 * width, 0.60 * height), (0.55 * width, 0.16 * height), width_px=2.0, strength=0.9
    )
    picture = damage.scratch(
        rng, picture, (0.60 * width, 0.98 * height), (0.98 * width, 0.70 * height), width_px=1.8, strength=0.85
    )
    picture = damage.crack(
        rng, picture, (width + 4, 0.16 * height), (0.80 * width, 0.33 * height), width_px=2.4, branches=4
    )
    picture = damage.crack(rng, picture, (-4, 0.82 * height), (0.17 * width, 0.76 * height), width_px=2.2, branches=3)
    picture = damage.dust(rng, picture, specks=170, hairs=9)
    picture = damage.worn_edges(rng, picture, 5)
    save_jpeg(picture.mean(2), FOLDER / "raccoon.jpg", "Unscratch sample: scratched and dusty grey print", quality=85)


def photographer() -> None:
    """A contact print scanned at 16 bits: TIFF, one channel, deflate, 600 dpi, at the size of its source."""
    rng = np.random.default_rng(1958)
    gray = skimage.data.camera().astype(np.float32) / 255
    picture = toned(printed(rng, gray, grain=0.008), dark=(0.07, 0.07, 0.07), light=(0.90, 0.90, 0.90))
    picture = mounted(rng, picture, border_px=30, paper=(0.91, 0.91, 0.91))
    height, width = picture.shape[:2]

    picture = damage.fold(rng, picture, (0.60 * width, -4), (0.66 * width, height + 4), width_px=2.0, gaps=0.35)
    picture = damage.crack(rng, picture, (-4, 0.16 * height), (0.40 * width, 0.10 * height), width_px=1.8, branches=3)
    picture = damage.crack(
        rng, picture, (width + 4, 0.80 * height), (0.74 * width, 0.60 * height), width_px=1.8, branches=3
    )
    for _ in range(6):
        start = rng.uniform((0, 0), (width, height))
        picture = damage.scratch(
            rng, picture, tuple(start), tuple(start + rng.normal(0, 90, 2)), width_px=0.9, strength=0.7
        )
    picture = damage.dust(rng, picture, specks=45, hairs=4)
    picture = damage.worn_edges(rng, picture, 4)
    # The lowest four bits are zero, as a 12-bit scanner leaves them.
    samples = np.round(picture.mean(2) * 4095).astype(np.uint16) << 4
    tifffile.imwrite(
        FOLDER / "photographer.tif",
        samples,
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        compressionargs={"level": 9},
        resolution=(600, 600),
        resolutionunit="INCH",
        software="Unscratch samples",
        description="Unscratch sample: 16-bit contact print with a fold",
        metadata=None,
    )


def orthochromatic(colour: np.ndarray) -> np.ndarray:
    """Grey `(H, W)` in [0, 1] as an early emulsion sees it: blind to deep red, fond of blue."""
    return (colour.astype(np.float32) / 255) @ np.array([0.14, 0.53, 0.33], np.float32)


def enlarge(gray: np.ndarray, factor: float) -> np.ndarray:
    """A larger print of the same negative: smooth, without ringing or halos."""
    large = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 1)


def printed(rng: np.random.Generator, gray: np.ndarray, *, grain: float) -> np.ndarray:
    """Contrast curve, uneven exposure and film grain of a print, grey `(H, W)` in [0, 1]."""
    shape = gray.shape
    curve = np.clip(gray, 0, 1) ** 0.85
    curve = curve + 0.10 * np.sin(2 * np.pi * (curve - 0.5)) / 2
    grains = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 0.8)
    grains = grain * grains / grains.std() * (0.4 + 1.2 * np.sqrt(np.clip(curve * (1 - curve), 0, 1)))
    exposure = 1 + 0.035 * damage.smooth_noise(rng, shape, max(shape) / 2)
    rows, columns = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    fading = 0.10 * np.clip(np.maximum(np.abs(rows), np.abs(columns)) - 0.55, 0, 1).astype(np.float32)
    return np.clip(curve * exposure + grains + fading, 0, 1).astype(np.float32)


def toned(gray: np.ndarray, *, dark: tuple, light: tuple) -> np.ndarray:
    """RGB `(H, W, 3)`: the print's blackest black and the paper's white, RGB reflectance, and all between."""
    low, high = np.array(dark, np.float32), np.array(light, np.float32)
    return low + (high - low) * gray[..., None] ** np.array([0.95, 1.0, 1.08], np.float32)


def mounted(rng: np.random.Generator, picture: np.ndarray, *, border_px: int, paper: tuple) -> np.ndarray:
    """The print with its unexposed border, whose inner edge is as soft as a printing frame leaves it."""
    height, width = picture.shape[0] + 2 * border_px, picture.shape[1] + 2 * border_px
    sheet = np.ones((height, width, 3), np.float32) * np.array(paper, np.float32)
    sheet *= (
        1 + 0.012 * damage.smooth_noise(rng, (height, width), 2) + 0.02 * damage.smooth_noise(rng, (height, width), 220)
    )[..., None]
    inside = np.zeros((height, width), np.float32)
    inside[border_px:-border_px, border_px:-border_px] = 1
    inside = cv2.GaussianBlur(inside, (0, 0), 1.2)[..., None]
    print_area = cv2.copyMakeBorder(picture, *[border_px] * 4, cv2.BORDER_REPLICATE)
    return np.clip(sheet * (1 - inside) + print_area * inside, 0, 1)


def save_jpeg(picture: np.ndarray, path: Path, description: str, *, quality: int) -> None:
    """Writes reflectance in [0, 1] as a JPEG with description, resolution and, for colour, an sRGB profile."""
    image = Image.fromarray(np.round(picture * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010E], exif[0x0131], exif[0x8298] = description, "Unscratch samples", "CC0 1.0"
    profile = srgb_profile() if image.mode == "RGB" else None
    image.save(path, quality=quality, subsampling=0, optimize=True, dpi=(300, 300), exif=exif, icc_profile=profile)


def srgb_profile() -> bytes:
    """An sRGB profile without its date of making (header bytes 24 to 35), so that every run writes the same file."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes([0x07, 0xEA, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return bytes(profile)


if __name__ == "__main__":
    main()
