"""Checks the licences, sources and duplicates of every crate with cargo-deny, as deny.toml says."""

import shutil

import host

CARGO_DENY_VERSION = "0.20.2"


def main() -> None:
    """Builds the pinned cargo-deny into target/tools once, then runs it."""
    folder = host.ROOT / "target" / "tools" / f"cargo-deny-{CARGO_DENY_VERSION}"
    program = shutil.which("cargo-deny", path=str(folder / "bin"))
    if program is None:
        host.say(f"Building cargo-deny {CARGO_DENY_VERSION}, once: some minutes on 2 cores …")
        options = f"--quiet --debug --locked --version {CARGO_DENY_VERSION}"
        host.run(["cargo", "install", *options.split(), "--root", folder, "cargo-deny"])
        program = shutil.which("cargo-deny", path=str(folder / "bin"))
    # The advisories need a database that is fetched from elsewhere; these three need only the crates themselves.
    host.run([program, "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"], cwd=host.ROOT)


if __name__ == "__main__":
    main()
