"""Makes dist/unscratch-VERSION-linux-ARCH.tar.gz and dist/unscratch_VERSION_ARCH.deb, which run without Rust.

Both hold the release binary, ONNX Runtime in a runtime/ folder beside it (where the binary looks), the desktop entry,
the icon and all licence texts. The models are inside the binary.
"""

import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import build_note
import crate_licences
import host
import runtime_library
import setup

DEBIAN_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

DESCRIPTION = """removes scratches, cracks, folds and dust from scanned photographs
 A neural network marks the damage, the person corrects that mask with a brush,
 a second network fills it again. Pixels outside the mask stay as they were.
 Works offline, with a window or from the command line."""


def main() -> None:
    """Builds the release binary, then both packages."""
    if platform.system() != "Linux":
        host.stop(
            "Packages are made on Linux only. Elsewhere: cargo build --release, and keep runtime/ beside the binary."
        )
    build_note.announce("release")
    host.run(["cargo", "build", "--release", "--locked"], cwd=host.ROOT)
    binary = build_note.target_folder() / "release" / "unscratch"
    version = package_version()
    dist = host.ROOT / "dist"
    dist.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dist, prefix=".building-") as scratch:
        program = Path(scratch) / f"unscratch-{version}-linux-{platform.machine()}"
        lay_out_program(program, binary)
        make_tar(program, dist / f"{program.name}.tar.gz")
        make_deb(program, Path(scratch) / "deb", dist, version)


def package_version() -> str:
    """The version in Cargo.toml."""
    text = (host.ROOT / "Cargo.toml").read_text(encoding="utf-8")
    return re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1]


def lay_out_program(folder: Path, binary: Path) -> None:
    """The program as it is unpacked: one folder that works wherever it lies."""
    folder.mkdir()
    shutil.copy2(binary, folder / "unscratch")
    copy_runtime(folder / "runtime")
    for name in ("README.md", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.md", "packaging/unscratch.desktop"):
        shutil.copy2(host.ROOT / name, folder / Path(name).name)
    shutil.copy2(host.ROOT / "assets" / "icons" / "unscratch-256.png", folder / "unscratch.png")
    shutil.copytree(host.ROOT / "assets" / "samples", folder / "samples")
    (folder / "THIRD-PARTY-CRATES.txt").write_text(crate_licences.collect(), encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.name == "unscratch" else 0o644)


def copy_runtime(folder: Path) -> None:
    """The CPU build of ONNX Runtime with its licences; NVIDIA's libraries are not ours to hand on."""
    if not runtime_library.is_complete(runtime_library.cpu_version(), builds=("cpu",)):
        host.stop("runtime/ holds the CUDA build. Delete runtime/, run make setup, then make dist again.")
    folder.mkdir()
    for library in runtime_library.FOLDER.glob("libonnxruntime.so.*"):
        shutil.copy2(library, folder / library.name)
    shutil.copytree(runtime_library.FOLDER / "licences", folder / "licences")


def make_tar(folder: Path, target: Path) -> None:
    """Packs a folder, every file owned by root."""

    def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry

    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, arcname=folder.name, filter=owned_by_root)
    report(target)


def make_deb(program: Path, tree: Path, dist: Path, version: str) -> None:
    """Puts the program under /usr/lib/unscratch, a link in /usr/bin, and the desktop's files in place."""
    if shutil.which("dpkg-deb") is None:
        host.say("dpkg-deb was not found: no .deb was made (on Debian it is part of dpkg).")
        return
    library, documents = tree / "usr/lib/unscratch", tree / "usr/share/doc/unscratch"
    library.mkdir(parents=True)
    documents.mkdir(parents=True)
    shutil.copy2(program / "unscratch", library / "unscratch")
    shutil.copytree(program / "runtime", library / "runtime")
    shutil.copytree(program / "samples", tree / "usr/share/unscratch/samples")
    for name in ("README.md", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.md", "THIRD-PARTY-CRATES.txt"):
        shutil.copy2(program / name, documents / name)
    (documents / "copyright").write_text(
        "Unscratch is licensed under MIT or Apache-2.0, at your choice:\n"
        "see LICENSE-MIT, LICENSE-APACHE and THIRD-PARTY.md in this folder.\n",
        encoding="utf-8",
    )
    install(host.ROOT / "packaging" / "unscratch.desktop", tree / "usr/share/applications/unscratch.desktop")
    icons = tree / "usr/share/icons/hicolor"
    install(host.ROOT / "assets/icons/unscratch.svg", icons / "scalable/apps/unscratch.svg")
    for size in (48, 128, 256):
        install(host.ROOT / f"assets/icons/unscratch-{size}.png", icons / f"{size}x{size}/apps/unscratch.png")
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin/unscratch").symlink_to("../lib/unscratch/unscratch")
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path == library / "unscratch" else 0o644)

    machine = DEBIAN_MACHINES[platform.machine()]
    target = dist / f"unscratch_{version}_{machine}.deb"
    (tree / "DEBIAN").mkdir(mode=0o755)
    (tree / "DEBIAN/control").write_text(control(library, tree, version, machine), encoding="utf-8")
    host.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, target], stdout=subprocess.DEVNULL)
    report(target)


def control(library: Path, tree: Path, version: str, machine: str) -> str:
    """Debian's description of the package, with the C library that the binaries really ask for."""
    size_kib = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file()) // 1024
    binaries = [library / "unscratch", *(library / "runtime").glob("*.so.*")]
    wanted = max(
        version_key(match) for path in binaries for match in re.findall(rb"GLIBC_(\d+\.\d+)", path.read_bytes())
    )
    glibc = ".".join(map(str, wanted))
    window = ", ".join([*setup.WINDOW_LIBRARIES.values(), "libvulkan1", "mesa-vulkan-drivers | vulkan-icd"])
    return (
        f"Package: unscratch\nVersion: {version}\nArchitecture: {machine}\nSection: graphics\nPriority: optional\n"
        f"Maintainer: The Unscratch contributors <noreply@unscratch.invalid>\nInstalled-Size: {size_kib}\n"
        f"Depends: libc6 (>= {glibc}), libgcc-s1, libstdc++6\nRecommends: {window}\n"
        f"Suggests: xdg-desktop-portal, zenity\nDescription: {DESCRIPTION}\n"
    )


def version_key(text: bytes) -> tuple:
    """A version as numbers, so that 2.9 comes before 2.28."""
    return tuple(int(part) for part in text.split(b"."))


def install(source: Path, target: Path) -> None:
    """Copies one file, making its folders."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def report(path: Path) -> None:
    """Says what was made."""
    host.say(f"{path.relative_to(host.ROOT)}: {host.megabytes(path.stat().st_size)}")


if __name__ == "__main__":
    main()
