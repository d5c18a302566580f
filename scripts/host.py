"""What the set-up scripts need to know about this machine: messages, Debian packages, pip, dynamic libraries."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent

if sys.version_info < (3, 9):
    sys.exit("Unscratch's set-up needs Python 3.9 or newer; this is %s" % platform.python_version())


def say(message: str) -> None:
    """Prints one line at once, so that it stands before the output of the command that follows."""
    print(f"[unscratch] {message}", flush=True)


def stop(message: str) -> NoReturn:
    """Ends the script with exit code 1 and a message that says what to do."""
    sys.exit(f"[unscratch] {message}")


def run(command: list, **options) -> None:
    """Runs a command, its output going straight to the terminal; ends the script when it fails."""
    try:
        subprocess.run([str(word) for word in command], check=True, **options)
    except FileNotFoundError:
        stop(f"The command {command[0]!r} was not found.")
    except subprocess.CalledProcessError as error:
        stop(f"This command failed with exit code {error.returncode}: {' '.join(map(str, command))}")


def install_debian_packages(packages: list, purpose: str, required: bool = True) -> bool:
    """Installs Debian packages as root; otherwise prints the exact line, and stops there when they are required."""
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    has_apt = shutil.which("apt-get") is not None
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if has_apt and is_root:
        say(f"Installing {' '.join(packages)}, needed for {purpose} …")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(["apt-get", "update", "-qq"], env=environment)
            run(["apt-get", "-qq", *line.split()[1:]], env=environment, stdout=subprocess.DEVNULL)
        except SystemExit as failure:
            if required:
                raise
            say(f"{failure.code}\nThese packages could not be installed, and this goes on without them. Later, try again:")
            say(f"    apt-get update && {line}")
            return False
        return True
    if has_apt:
        message = (
            f"{purpose[0].upper()}{purpose[1:]} needs packages that are missing. Install them with:\n    sudo {line}"
        )
    else:
        message = f"{purpose[0].upper()}{purpose[1:]} needs what Debian calls {' '.join(packages)}. Install them first."
    if required:
        stop(message)
    say(message)
    return False


def pip_command() -> list:
    """The command line of a working pip, made available when this Python has none (bare Debian has none)."""
    pythons = [sys.executable, *filter(None, [shutil.which("python3", path="/usr/bin")])]
    for python in pythons:
        if succeeds([python, "-m", "pip", "--version"]):
            return [python, "-m", "pip"]
    if succeeds([sys.executable, "-c", "import ensurepip"]):
        environment = ROOT / "target" / "setup-python"
        run([sys.executable, "-m", "venv", environment])
        return [venv_python(environment), "-m", "pip"]
    install_debian_packages(["python3-pip"], "fetching ONNX Runtime with pip")
    for python in pythons:
        if succeeds([python, "-m", "pip", "--version"]):
            return [python, "-m", "pip"]
    stop(f"{sys.executable} has no pip. Try: make PYTHON=/usr/bin/python3 setup")


def make_venv(folder: Path) -> Path:
    """Creates a virtual environment with pip in `folder` and returns its Python."""
    if not succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        install_debian_packages(["python3-venv"], "the Python environment of the training tests")
    run([sys.executable, "-m", "venv", "--clear", folder])
    return venv_python(folder)


def venv_python(folder: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def has_library(soname: str) -> bool:
    """Whether the dynamic loader finds a shared library of this name."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def megabytes(size_bytes: int) -> str:
    """A size as people read it, in MB of a million bytes."""
    return f"{size_bytes / 1e6:.0f} MB"


def succeeds(command: list) -> bool:
    """Whether a command can be run and ends with exit code 0."""
    try:
        outcome = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    except OSError:
        return False
    return outcome.returncode == 0


def require_space(folder: Path, needed_bytes: int, what: str) -> None:
    """Stops with a message when the disk that holds `folder` has too little room left."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        stop(f"{what} need {gigabytes(needed_bytes)} of disk, but only {gigabytes(free)} are free in {folder}. Free some and try again.")


def gigabytes(size_bytes: int) -> str:
    """A size as people read it, in GB of a thousand million bytes."""
    return f"{size_bytes / 1e9:.1f} GB"
