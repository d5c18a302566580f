"""Fetches the pinned ONNX Runtime library into runtime/ with pip, and nothing else of its wheel but the licences."""

import hashlib
import json
import platform
import re
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import host

FOLDER = host.ROOT / "runtime"
STAMP = FOLDER / "installed.json"
CPU_REQUIREMENTS = host.ROOT / "requirements-runtime.txt"
CUDA_REQUIREMENTS = host.ROOT / "requirements-runtime-cuda.txt"

# (system, machine) -> (pip's platform tag, the library inside the wheel, its download size in bytes).
CPU_WHEELS = {
    ("Linux", "x86_64"): ("manylinux_2_28_x86_64", r"libonnxruntime\.so\.[\d.]+", 23_760_717),
    ("Linux", "aarch64"): ("manylinux_2_28_aarch64", r"libonnxruntime\.so\.[\d.]+", 21_420_628),
    ("Darwin", "arm64"): ("macosx_14_0_arm64", r"libonnxruntime\.[\d.]+\.dylib", 20_881_825),
    ("Windows", "AMD64"): ("win_amd64", r"onnxruntime\.dll", 14_888_304),
    ("Windows", "ARM64"): ("win_arm64", r"onnxruntime\.dll", 14_740_772),
}

# The CUDA libraries' wheels carry older tags than ONNX Runtime's own; pip wants each named.
CUDA_PLATFORMS = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2010_x86_64",
    "manylinux_2_12_x86_64",
    "manylinux1_x86_64",
    "manylinux_2_5_x86_64",
]

# The wheels hold the same library for every Python; one is named, so that any Python can fetch it.
WHEEL_PYTHON = "3.13"


def ensure_cpu() -> None:
    """Makes sure that runtime/ holds the pinned library; a CUDA build of the same version is left as it is."""
    requirements = CPU_REQUIREMENTS
    version = cpu_version()
    if is_complete(version, builds=("cpu", "cuda")):
        return
    system = (platform.system(), platform.machine())
    if system not in CPU_WHEELS:
        known = ", ".join(" ".join(pair) for pair in CPU_WHEELS)
        host.stop(
            f"There is no pinned ONNX Runtime for {' '.join(system)} (only for {known}).\n"
            "Install the Python package onnxruntime, 1.24 or newer, or set ORT_DYLIB_PATH to its library."
        )
    tag, library, size_bytes = CPU_WHEELS[system]
    pip = host.pip_command()
    host.say(f"Fetching ONNX Runtime {version}: {host.megabytes(size_bytes)}, a few seconds on a fast line …")
    fetch(pip, requirements, [tag], re.compile(rf"onnxruntime/capi/{library}"), build="cpu", version=version)


def ensure_cuda() -> None:
    """Puts the CUDA build of ONNX Runtime and NVIDIA's libraries in runtime/ (64-bit x86 Linux only)."""
    requirements = CUDA_REQUIREMENTS
    version = pinned_version(requirements, "onnxruntime-gpu")
    if is_complete(version, builds=("cuda",)):
        host.say(f"ONNX Runtime {version} with CUDA is already in runtime/")
        return
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        host.stop("The CUDA build is pinned for 64-bit x86 Linux only.")
    pip = host.pip_command()
    host.say(f"Fetching ONNX Runtime {version} with CUDA 13 and NVIDIA's libraries: 1.6 GB to download, 3 GB on disk.")
    host.say("NVIDIA's libraries come under NVIDIA's own licence, which is put beside them in runtime/licences/.")
    wanted = re.compile(
        r"onnxruntime/capi/libonnxruntime(\.so\.[\d.]+|_providers_(shared|cuda)\.so)"
        r"|nvidia/.*/lib/(x86_64/)?[^/]+\.so[\d.]*"
    )
    fetch(pip, requirements, CUDA_PLATFORMS, wanted, build="cuda", version=version)


def cpu_version() -> str:
    """The pinned version of the CPU build."""
    return pinned_version(CPU_REQUIREMENTS, "onnxruntime")


def pinned_version(requirements: Path, package: str) -> str:
    """The version that a requirements file pins for a package."""
    found = re.search(rf"^{re.escape(package)}==([\d.]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        host.stop(f"{package} is not pinned in {requirements}")
    return found[1]


def is_complete(version: str, *, builds: tuple) -> bool:
    """Whether runtime/ holds this version in one of these builds: every file of the size that was unpacked, ONNX Runtime's own unchanged."""
    try:
        installed = json.loads(STAMP.read_text(encoding="utf-8"))
        sizes = {name: (FOLDER / name).stat().st_size for name in installed["files"]}
    except (OSError, ValueError, KeyError):
        return False
    recorded = {name: entry["bytes"] for name, entry in installed["files"].items()}
    if installed["version"] != version or installed["build"] not in builds or sizes != recorded:
        return False
    # NVIDIA's libraries are 3 GB; reading them each time would take longer than what `make` is called for.
    own = {name: entry["sha256"] for name, entry in installed["files"].items() if "onnxruntime" in name}
    return all(sha256_of(FOLDER / name) == digest for name, digest in own.items())


def fetch(pip: list, requirements: Path, tags: list, wanted: re.Pattern, *, build: str, version: str) -> None:
    """Downloads the wheels, checks their hashes, and unpacks the wanted files and the licences."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".fetching-") as downloads:
        platforms = [word for tag in tags for word in ("--platform", tag)]
        host.run(
            [
                *pip,
                "download",
                "--require-hashes",
                "--no-deps",
                "--only-binary=:all:",
                *platforms,
                "--python-version",
                WHEEL_PYTHON,
                "--implementation",
                "cp",
                "--disable-pip-version-check",
                *(["--quiet"] if build == "cpu" else []),
                "--dest",
                downloads,
                "-r",
                requirements,
            ]
        )
        files = {}
        remove_previous()
        for wheel in sorted(Path(downloads).glob("*.whl")):
            files.update(unpack(wheel, wanted))
    if not any("onnxruntime" in name and not name.startswith("licences/") for name in files):
        host.stop(f"No ONNX Runtime library was found in the wheels of {requirements.name}")
    STAMP.write_text(
        json.dumps({"version": version, "build": build, "files": files}, indent=1) + "\n", encoding="utf-8"
    )
    host.say(f"ONNX Runtime {version} ({build}) is in runtime/")


def remove_previous() -> None:
    """Deletes what an earlier set-up unpacked, and only that."""
    try:
        names = json.loads(STAMP.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return
    STAMP.unlink()
    for name in names:
        (FOLDER / name).unlink(missing_ok=True)


def unpack(wheel: Path, wanted: re.Pattern) -> dict:
    """Unpacks the wanted libraries of one wheel, flat, and its licence texts; returns size and SHA-256 of each file."""
    files = {}
    package = wheel.name.split("-")[0]
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = PurePosixPath(member).name
            if wanted.fullmatch(member):
                target = name
            elif re.fullmatch(r"(licen[sc]e|copying|notice|thirdpartynotices)(\.(txt|md|rst))?", name, re.IGNORECASE):
                target = f"licences/{package}-{Path(name).stem}.txt"
            else:
                continue
            files[target] = unpack_member(archive, member, FOLDER / target)
    return files


def unpack_member(archive: zipfile.ZipFile, member: str, target: Path) -> dict:
    """Writes one member beside its target first, so that an interrupted run leaves no half library."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    with archive.open(member) as source, partial.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    partial.replace(target)
    return {"bytes": target.stat().st_size, "sha256": sha256_of(target)}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
