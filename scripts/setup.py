"""Fetches what the build and the program need: `python3 scripts/setup.py base|tests|training|window|cuda`.

Needs only Python's standard library. Every step looks first and does nothing when its work is already done.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import host
import runtime_library

MINIMUM_RUST = (1, 95)

# Libraries that the window loads while it runs, and the Debian package of each.
WINDOW_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXcursor.so.1": "libxcursor1",
    "libXi.so.6": "libxi6",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libwayland-client.so.0": "libwayland-client0",
}
VULKAN_DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]

PIP_OPTIONS = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps"]
# Measured: 4.8 GB installed, and the largest wheel beside it while it is unpacked.
TRAINING_DISK_BYTES = 6_000_000_000


def base() -> None:
    """The toolchain is there, and so is ONNX Runtime."""
    check_rust()
    # On Windows rustc finds the linker of Visual Studio by itself, which is not in PATH.
    if os.name != "nt" and not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        host.stop("No C linker was found. On Debian: sudo apt-get install -y gcc libc6-dev")
    runtime_library.ensure_cpu()


def check_rust() -> None:
    """Stops with advice unless a new enough cargo is in PATH."""
    advice = "Install Rust 1.95 or newer with rustup, or run: rustup update stable"
    if shutil.which("cargo") is None:
        host.stop(f"cargo was not found. {advice}")
    outcome = subprocess.run(["cargo", "--version"], cwd=host.ROOT, capture_output=True, text=True, check=False)
    found = re.match(r"cargo (\d+)\.(\d+)", outcome.stdout)
    if found is None:
        host.stop(f"cargo does not answer: {outcome.stderr.strip()}\n{advice}")
    if (int(found[1]), int(found[2])) < MINIMUM_RUST:
        host.stop(f"{outcome.stdout.strip()} is too old. {advice}")


def missing_vulkan_packages() -> list:
    """Debian packages that give wgpu a Vulkan loader and at least one driver, a software one where there is no GPU."""
    packages = []
    if not host.has_library("libvulkan.so.1"):
        packages.append("libvulkan1")
    drivers = [path for folder in VULKAN_DRIVER_FOLDERS for path in Path(folder).glob("*.json")]
    if not drivers:
        packages.append("mesa-vulkan-drivers")
    return packages


def window() -> None:
    """The libraries that a window needs on Linux; only a message where they cannot be installed."""
    if platform.system() != "Linux":
        return
    packages = [package for soname, package in WINDOW_LIBRARIES.items() if not host.has_library(soname)]
    packages += missing_vulkan_packages()
    if packages:
        host.install_debian_packages(packages, "the window (about 60 MB of packages)", required=False)


def tests() -> None:
    """The tests draw the window's contents without a display, for which they need a Vulkan driver."""
    base()
    packages = missing_vulkan_packages() if platform.system() == "Linux" else []
    if packages:
        host.install_debian_packages(packages, "the tests of the window (about 60 MB of packages)")


def packages_of(requirements: str) -> list:
    """The packages that a requirements file names, one a line, without its comments."""
    lines = (line.split("#")[0].strip() for line in requirements.splitlines())
    return [line for line in lines if line]


def training() -> None:
    """The Python environment of the training package, in training/.venv."""
    requirements = host.ROOT / "training" / "requirements.txt"
    folder = host.ROOT / "training" / ".venv"
    stamp = folder / "installed-requirements.txt"
    if stamp.exists() and stamp.read_bytes() == requirements.read_bytes():
        return
    python = host.venv_python(folder)
    if not host.succeeds([python, "-m", "pip", "--version"]):
        host.require_space(folder.parent, TRAINING_DISK_BYTES, "The training package's libraries")
        python = host.make_venv(folder)
    host.say("Fetching PyTorch and the training package's other libraries into training/.venv, once:")
    host.say("about 3 GB to download, 5 GB on disk, 3 to 10 minutes …")
    # One at a time and without a cache: each wheel's download is gone before the next begins. What an interrupted run
    # has installed is not fetched again.
    for package in packages_of(requirements.read_text()):
        host.run([python, "-m", "pip", "install", *PIP_OPTIONS, package])
    stamp.write_bytes(requirements.read_bytes())


def cuda() -> None:
    """ONNX Runtime with the CUDA execution provider, in place of the CPU build."""
    runtime_library.ensure_cuda()


def main() -> None:
    """Runs the steps named on the command line, in order."""
    steps = {"base": base, "window": window, "tests": tests, "training": training, "cuda": cuda}
    parser = argparse.ArgumentParser(description="Fetch what Unscratch needs to build, test and run.")
    parser.add_argument("step", nargs="+", choices=steps, help="what to set up")
    for step in parser.parse_args().step:
        steps[step]()


if __name__ == "__main__":
    main()
