"""Measures how time and memory of `unscratch restore` grow with the photo and with the damage; writes benches/cost_growth.*.

    python3 scripts/cost_growth.py target/release/unscratch            # everything, on a machine with nothing else running
    python3 scripts/cost_growth.py target/release/unscratch --no-times # memory alone, which other work does not change

Photos and masks are made (`made_scans.py`) in a temporary folder; the largest needs 2 GB of disk. Standard library alone.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import made_scans

BENCHES = Path(__file__).resolve().parent.parent / "benches"
SIDES_PX = (1_000, 2_000, 4_000, 8_000, 16_000)
SAME_SHARE = 0.001
SHARES = (0.0, 0.001, 0.01, 0.1)
SHARES_SIDE_PX = 4_000
MEBI = 1 << 20


def main() -> None:
    """Runs both series and writes the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--no-times", action="store_true", help="leave the times out: something else is running")
    parser.add_argument("--machine", default="", help="what the table says of the machine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(options.program.resolve(), Path(folder))
        by_size = [runner.run(side, SAME_SHARE) for side in SIDES_PX]
        by_damage = [runner.run(SHARES_SIDE_PX, share) for share in SHARES]
    with_times = not options.no_times
    text = table(by_size, by_damage, with_times, options.machine) + findings(by_size, by_damage, with_times)
    (BENCHES / "cost_growth.md").write_text(text, encoding="utf-8")
    (BENCHES / "cost_growth.svg").write_text(plot(by_size, by_damage, with_times), encoding="utf-8")
    print(text)


class Runner:
    """Restores made photos, one at a time, in `folder`."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def run(self, side: int, share: float) -> dict:
        """Restores a square 8-bit RGB TIFF of `side` px with `share` of it damaged; returns the figures."""
        photo, mask, result, report = (self.folder / name for name in ("in.tif", "mask.png", "out.tif", "report.json"))
        made_scans.write_scan(photo, side, side)
        made_scans.write_mask(mask, side, side, share)
        command = [self.program, "restore", photo, "--mask-in", mask, "-o", result, "--report", report, "--overwrite", "-q"]
        seconds, peak = measured([str(word) for word in command])
        found = json.loads(report.read_text(encoding="utf-8"))
        found = found[0] if isinstance(found, list) else found
        for path in (photo, mask, result, report):
            path.unlink()
        figures = {
            "megapixels": side * side / 1e6,
            "share": found["masked_pixels"] / (side * side),
            "seconds": seconds,
            "fill_seconds": found["seconds"]["fill"],
            "peak": peak,
            "decoded": side * side * 3,
        }
        print({key: round(value, 4) for key, value in figures.items()}, flush=True)
        return figures


def measured(command: list[str]) -> tuple[float, int]:
    """Wall time (s) and peak resident memory (bytes) of a command that must succeed."""
    started = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024


def table(by_size: list[dict], by_damage: list[dict], with_times: bool, machine: str) -> str:
    """Both series as Markdown."""
    lines = ["# How cost grows", ""]
    if machine:
        lines += [f"Measured on {machine}.", ""]
    lines += [
        "`unscratch restore IN.tif --mask-in M.png -o OUT.tif`, made 8-bit RGB photos with strokes 10 px wide,",
        "default memory limit (1 GiB). Written by `scripts/cost_growth.py`.",
        "",
    ]
    for title, series in (("The same share of damage", by_size), ("16 megapixels", by_damage)):
        heads = ["megapixels", "damage", "peak memory, MiB", "decoded photo, MiB", "beyond it, MiB"]
        heads += ["s", "of it stage 2, s"] if with_times else []
        lines += [f"## {title}", "", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
        for row in series:
            beyond = row["peak"] - row["decoded"]
            cells = [f"{row['megapixels']:g}", f"{row['share']:.2%}"]
            cells += [f"{value / MEBI:.0f}" for value in (row["peak"], row["decoded"], beyond)]
            cells += [f"{row['seconds']:.1f}", f"{row['fill_seconds']:.1f}"] if with_times else []
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def findings(by_size: list[dict], by_damage: list[dict], with_times: bool) -> str:
    """What both series show, in words."""
    beyond = [(row["peak"] - row["decoded"]) / MEBI for row in by_size]
    first, last = by_size[0], by_size[-1]
    growth = "less than in proportion" if beyond[-1] / beyond[0] < last["megapixels"] / first["megapixels"] else "in proportion or more"
    lines = [
        "## What they show",
        "",
        f"Memory beyond the decoded photo goes from {beyond[0]:.0f} to {beyond[-1]:.0f} MiB while the photo grows"
        f" from {first['megapixels']:g} to {last['megapixels']:g} megapixels: {growth}, but not flat.",
    ]
    if with_times:
        shares = [row for row in by_damage if row["share"] > 0]
        times = ", ".join(f"{row['fill_seconds'] / (100 * row['share']):.1f}" for row in shares)
        parts = ", ".join(f"{row['share']:.1%}" for row in shares)
        lines.append(
            f"With {parts} damaged stage 2 takes {times} s for each percent of it: less than in proportion,"
            " since much damage shares windows."
        )
    lines += ["The masks are given: a search, whose time and memory grow with the photo, is in none of these figures.", ""]
    return "\n".join(lines)


def plot(by_size: list[dict], by_damage: list[dict], with_times: bool) -> str:
    """The curves as SVG: memory beyond the decoded photo by size, and with times the wall time by size and by damage."""
    charts = [
        ("Memory beyond the decoded photo, MiB, by megapixels", [(r["megapixels"], (r["peak"] - r["decoded"]) / MEBI) for r in by_size])
    ]
    if with_times:
        charts.append(("Wall time, s, by megapixels", [(r["megapixels"], r["seconds"]) for r in by_size]))
        charts.append(("Stage 2, s, by share of damage, %", [(100 * r["share"], r["fill_seconds"]) for r in by_damage]))
    parts = [chart(title, points, 320 * index) for index, (title, points) in enumerate(charts)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{320 * len(charts)}" height="240" font-family="sans-serif" font-size="11">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])


def chart(title: str, points: list[tuple[float, float]], left: int) -> str:
    """One chart with both axes from 0."""
    most_x = max(x for x, _ in points) or 1
    most_y = max(y for _, y in points) or 1
    at = [(left + 50 + 240 * x / most_x, 200 - 150 * max(y, 0) / most_y) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2060a0"/>' for x, y in at)
    return (
        f'<text x="{left + 12}" y="24">{title}</text>'
        f'<path d="M{left + 50} 40V200H{left + 300}" fill="none" stroke="black"/>'
        f'<text x="{left + 46}" y="54" text-anchor="end">{most_y:.0f}</text>'
        f'<text x="{left + 46}" y="204" text-anchor="end">0</text>'
        f'<text x="{left + 290}" y="218" text-anchor="middle">{most_x:g}</text>'
        f'<polyline points="{line}" fill="none" stroke="#2060a0" stroke-width="2"/>{dots}'
    )


if __name__ == "__main__":
    main()
