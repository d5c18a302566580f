"""Says how long the coming build takes, when it is the first of its kind: `build_note.py debug|release`."""

import json
import subprocess
import sys
from pathlib import Path

import host

# Measured on 2 cores of a 2025 server CPU with nothing else running.
FIRST_BUILD_MINUTES = {"debug": "about 8 minutes", "release": "about 12 minutes"}


def target_folder() -> Path:
    """Where cargo puts what it builds, as its settings and environment say."""
    outcome = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"],
        cwd=host.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        host.stop(f"cargo metadata failed: {outcome.stderr.strip()}")
    return Path(json.loads(outcome.stdout)["target_directory"])


def announce(profile: str) -> None:
    """Prints the number of crates and the expected time before a first build."""
    if (target_folder() / profile / "deps").exists():
        return
    crates = (host.ROOT / "Cargo.lock").read_text(encoding="utf-8").count("[[package]]")
    host.say(f"First {profile} build: up to {crates} crates are fetched (about 150 MB) and compiled,")
    host.say(f"{FIRST_BUILD_MINUTES[profile]} on 2 cores; later builds take seconds …")


if __name__ == "__main__":
    announce(sys.argv[1])
