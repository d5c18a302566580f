"""Builds the release binary and opens a photo in its window; without a usable display it restores the photo instead."""

import ctypes
import os
import platform
import socket
import subprocess
import sys
import time
from pathlib import Path

import build_note
import host
import setup

# A window that ends with an error sooner than this never served anyone: restore without it instead.
FAILED_START_SECS = 20


def main() -> None:
    """Builds, then takes the way that this machine's display allows."""
    photo = Path(sys.argv[1]) if len(sys.argv) > 1 else host.ROOT / "assets" / "samples" / "portrait.jpg"
    program = build_release()
    if display_is_usable():
        setup.window()
        host.say(f"Opening {photo} …")
        started = time.monotonic()
        code = subprocess.call([program, photo])
        if code == 0 or time.monotonic() - started > FAILED_START_SECS:
            sys.exit(code)
        host.say(f"The window did not open (exit code {code}); restoring the photo without it.")
    else:
        host.say("There is no usable display; restoring the photo without a window.")
    restore(program, photo)


def build_release() -> Path:
    """Builds the release binary and returns its path."""
    build_note.announce("release")
    host.run(["cargo", "build", "--release"], cwd=host.ROOT)
    name = "unscratch.exe" if os.name == "nt" else "unscratch"
    return build_note.target_folder() / "release" / name


def restore(program: Path, photo: Path) -> None:
    """Restores the photo into out/ and says where everything lies."""
    folder = host.ROOT / "out"
    folder.mkdir(exist_ok=True)
    result = folder / f"{photo.stem}_restored.png"
    mask = folder / f"{photo.stem}_mask.png"
    report = folder / f"{photo.stem}_report.json"
    host.run([program, "restore", photo, "-o", result, "--mask-out", mask, "--report", report, "--overwrite"])
    print(f"photo   {photo.resolve()}\nmask    {mask}\nresult  {result}\nreport  {report}")


def display_is_usable() -> bool:
    """Whether a window could open here: a Wayland or X server answers."""
    if platform.system() != "Linux":
        return True
    return wayland_answers() or x_answers()


def wayland_answers() -> bool:
    """Whether the Wayland socket that the environment names takes connections."""
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def x_answers() -> bool:
    """Whether the X server that DISPLAY names lets this user in."""
    if not os.environ.get("DISPLAY"):
        return False
    if not host.has_library("libX11.so.6"):
        setup.window()
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True


if __name__ == "__main__":
    main()
