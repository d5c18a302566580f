"""Collects the licence texts of every crate that is compiled into the release binary."""

import json
import re
import subprocess
from pathlib import Path

import host

LICENCE_FILE = re.compile(r"(licen[sc]e|copying|notice|unlicense|ofl|ufl)([-_.].*)?", re.IGNORECASE)


def collect() -> str:
    """One text: each crate with its version and licence, then each different licence text with the crates under it."""
    folders = {
        (package["name"], package["version"]): Path(package["manifest_path"]).parent
        for package in json.loads(cargo("metadata", "--format-version", "1", "--locked"))["packages"]
    }
    tree = cargo("tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}|{l}")
    lines = sorted({line.replace(" (*)", "") for line in tree.splitlines()})
    table, texts = [], {}
    for line in lines:
        package, licence = line.rsplit("|", 1)
        name, version = package.split()[:2]
        if name == "unscratch":
            continue
        table.append(f"{name} {version.lstrip('v')}: {licence}")
        for path in licence_files(folders[name, version.lstrip("v")]):
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            texts.setdefault(text, []).append(name)
    parts = ["Crates compiled into Unscratch, and their licences\n", *table, ""]
    for text, crates in texts.items():
        parts += ["=" * 100, ", ".join(sorted(set(crates))), "-" * 100, text, ""]
    return "\n".join(parts)


def licence_files(folder: Path) -> list:
    """Licence texts in a crate's folder and one level below, and those that lie beside fonts under the font's name."""
    named = (path for path in [*folder.iterdir(), *folder.glob("*/*")] if LICENCE_FILE.fullmatch(path.name))
    fonts = folder.glob("fonts/*.txt")
    return sorted({path for path in [*named, *fonts] if path.is_file() and path.suffix not in (".rs", ".toml")})


def cargo(*arguments: str) -> str:
    """What a cargo command prints."""
    outcome = subprocess.run(["cargo", *arguments], cwd=host.ROOT, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        host.stop(f"cargo {arguments[0]} failed: {outcome.stderr.strip()}")
    return outcome.stdout
