"""Draws assets/icons/unscratch-*.png from unscratch.svg, with the packages of scripts/requirements-samples.txt."""

from pathlib import Path

import cairosvg

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "icons"
SIZES_PX = (48, 128, 256)


def main() -> None:
    """Writes one PNG a size."""
    for size in SIZES_PX:
        target = FOLDER / f"unscratch-{size}.png"
        cairosvg.svg2png(url=str(FOLDER / "unscratch.svg"), write_to=str(target), output_width=size, output_height=size)


if __name__ == "__main__":
    main()
