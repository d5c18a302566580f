"""Tests of the set-up scripts with the standard library alone: `python3 -m unittest discover -s scripts`."""

import io
import re
import subprocess
import tempfile
import unittest
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import crate_licences
import dist
import host
import run
import runtime_library
import setup

LIBRARY = re.compile(r"onnxruntime/capi/libonnxruntime\.so\.[\d.]+")


class TrainingTest(unittest.TestCase):
    """What is installed for the training package, and when that is refused."""

    def test_packages_are_the_lines_without_comments(self) -> None:
        self.assertEqual(setup.packages_of("# why\nnumpy==1  # here\n\ntorch==2; a == 'b'\n"), ["numpy==1", "torch==2; a == 'b'"])

    def test_every_package_of_the_training_has_one_version(self) -> None:
        packages = setup.packages_of((host.ROOT / "training" / "requirements.txt").read_text())
        self.assertGreater(len(packages), 30)
        for package in packages:
            self.assertRegex(package, r"^[\w.-]+==[\w.]+(; sys_platform == \"linux\")?$")

    def test_a_full_disk_is_said_before_anything_is_fetched(self) -> None:
        with self.assertRaisesRegex(SystemExit, r"Libraries need 10{12}\.0 GB of disk"):
            host.require_space(Path(__file__).parent, 10**21, "Libraries")
        host.require_space(Path(__file__).parent, 1, "Libraries")


class RuntimeLibraryTest(unittest.TestCase):
    """What is fetched, unpacked, recognised as complete and removed again."""

    def setUp(self) -> None:
        """A runtime folder of its own for each test."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        stamp = self.folder / "installed.json"
        patch = mock.patch.multiple(runtime_library, FOLDER=self.folder, STAMP=stamp)
        patch.start()
        self.addCleanup(patch.stop)

    def install(self, build: str) -> None:
        """Installs a wheel made here, where pip would have downloaded the real one."""

        def download(command: list) -> None:
            wheel = Path(command[command.index("--dest") + 1]) / "onnxruntime-1.2.3-cp313-any.whl"
            with zipfile.ZipFile(wheel, "w") as archive:
                archive.writestr("onnxruntime/capi/libonnxruntime.so.1.2.3", b"library")
                archive.writestr("onnxruntime/capi/libonnxruntime_providers_shared.so", b"plug-in")
                archive.writestr("onnxruntime/capi/onnxruntime_pybind11_state.so", b"python")
                archive.writestr("onnxruntime/LICENSE", b"MIT")

        with mock.patch.object(host, "run", download), redirect_stdout(io.StringIO()):
            runtime_library.fetch(["pip"], Path("r.txt"), ["tag"], LIBRARY, build=build, version="1.2.3")

    def test_only_the_one_library_and_the_licences_are_unpacked(self) -> None:
        self.install("cpu")
        names = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        self.assertEqual(names, ["installed.json", "libonnxruntime.so.1.2.3", "licences/onnxruntime-LICENSE.txt"])

    def test_what_is_installed_is_complete_until_a_file_is_lost_or_cut_short(self) -> None:
        self.install("cpu")
        self.assertTrue(runtime_library.is_complete("1.2.3", builds=("cpu",)))
        self.assertFalse(runtime_library.is_complete("1.2.4", builds=("cpu",)))
        self.assertFalse(runtime_library.is_complete("1.2.3", builds=("cuda",)))
        (self.folder / "libonnxruntime.so.1.2.3").write_bytes(b"lib")
        self.assertFalse(runtime_library.is_complete("1.2.3", builds=("cpu",)))
        (self.folder / "libonnxruntime.so.1.2.3").unlink()
        self.assertFalse(runtime_library.is_complete("1.2.3", builds=("cpu",)))

    def test_a_damaged_library_of_full_length_is_fetched_again(self) -> None:
        self.install("cpu")
        (self.folder / "libonnxruntime.so.1.2.3").write_bytes(b"librarY")
        self.assertFalse(runtime_library.is_complete("1.2.3", builds=("cpu",)))

    def test_another_build_replaces_the_earlier_one_and_leaves_foreign_files(self) -> None:
        self.install("cpu")
        (self.folder / "libold.so").write_bytes(b"not ours")
        self.install("cuda")
        self.assertTrue(runtime_library.is_complete("1.2.3", builds=("cuda",)))
        self.assertTrue((self.folder / "libold.so").exists())

    def test_the_cuda_build_serves_where_the_cpu_build_is_asked_for(self) -> None:
        self.install("cuda")
        with (
            mock.patch.object(runtime_library, "cpu_version", return_value="1.2.3"),
            mock.patch.object(runtime_library, "fetch") as fetch,
        ):
            runtime_library.ensure_cpu()
        fetch.assert_not_called()

    def test_both_builds_are_pinned_to_the_same_version(self) -> None:
        cuda = runtime_library.pinned_version(runtime_library.CUDA_REQUIREMENTS, "onnxruntime-gpu")
        self.assertEqual(runtime_library.cpu_version(), cuda)

    def test_the_program_and_the_set_up_agree_on_the_version(self) -> None:
        source = (host.ROOT / "src" / "inference" / "runtime.rs").read_text(encoding="utf-8")
        self.assertIn(f'PINNED_VERSION: &str = "{runtime_library.cpu_version()}"', source)


class HostTest(unittest.TestCase):
    """Messages where something cannot be installed."""

    def test_without_root_the_exact_apt_line_is_printed_and_the_script_stops(self) -> None:
        with mock.patch("os.geteuid", return_value=1000), mock.patch("shutil.which", return_value="/usr/bin/apt-get"):
            with self.assertRaises(SystemExit) as stopped:
                host.install_debian_packages(["python3-pip"], "fetching")
        self.assertIn("sudo apt-get install -y --no-install-recommends python3-pip", str(stopped.exception))

    def test_an_old_cargo_is_refused_with_advice(self) -> None:
        outcome = mock.Mock(stdout="cargo 1.80.0 (abc 2024-07-01)\n", stderr="")
        with mock.patch("subprocess.run", return_value=outcome), mock.patch("shutil.which", return_value="cargo"):
            with self.assertRaises(SystemExit) as stopped:
                setup.check_rust()
        self.assertIn("rustup update stable", str(stopped.exception))


class PackagesTest(unittest.TestCase):
    """What becomes of packages that cannot be installed."""

    def install(self, required: bool) -> str:
        """Asks for a package where apt-get fails, and returns what is said."""
        said = io.StringIO()
        with (
            mock.patch("shutil.which", return_value="/usr/bin/apt-get"),
            mock.patch("os.geteuid", return_value=0, create=True),
            mock.patch("subprocess.run", side_effect=subprocess.CalledProcessError(100, "apt-get")),
            redirect_stdout(said),
        ):
            self.assertFalse(host.install_debian_packages(["libx11-6", "libxi6"], "the window", required=required))
        return said.getvalue()

    def test_without_a_network_the_window_is_left_out_with_the_exact_line(self) -> None:
        said = self.install(required=False)
        self.assertIn("apt-get update && apt-get install -y --no-install-recommends libx11-6 libxi6\n", said)

    def test_what_is_required_stops(self) -> None:
        with self.assertRaisesRegex(SystemExit, "exit code 100"):
            self.install(required=True)

    def test_only_where_rust_needs_it_a_linker_is_looked_for_in_the_path(self) -> None:
        with (
            mock.patch.object(setup, "check_rust"),
            mock.patch("shutil.which", return_value=None),
            mock.patch.object(runtime_library, "ensure_cpu") as ensure,
        ):
            with mock.patch.object(setup.os, "name", "nt"):
                setup.base()
            ensure.assert_called_once()
            with mock.patch.object(setup.os, "name", "posix"), self.assertRaisesRegex(SystemExit, "No C linker"):
                setup.base()


class DisplayTest(unittest.TestCase):
    """When `make run` opens a window."""

    @mock.patch("platform.system", return_value="Linux")
    def test_no_display_named_is_no_display(self, _system: mock.Mock) -> None:
        with mock.patch.dict("os.environ", clear=True):
            self.assertFalse(run.display_is_usable())

    @mock.patch("platform.system", return_value="Linux")
    def test_a_wayland_name_without_a_socket_is_no_display(self, _system: mock.Mock) -> None:
        environment = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": "/nonexistent"}
        with mock.patch.dict("os.environ", environment, clear=True):
            self.assertFalse(run.display_is_usable())


class PackageTest(unittest.TestCase):
    """What `make dist` finds out for its packages."""

    def test_versions_are_compared_as_numbers(self) -> None:
        self.assertGreater(dist.version_key(b"2.28"), dist.version_key(b"2.9"))

    def test_the_package_has_the_version_of_cargo_toml(self) -> None:
        self.assertRegex(dist.package_version(), r"^\d+\.\d+\.\d+$")

    def test_licence_texts_are_found_and_sources_are_not(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "fonts").mkdir()
            for file in ("LICENSE-MIT", "license.rs", "COPYING.txt", "README.md", "fonts/Hack-Regular.txt"):
                (folder / file).write_text(file, encoding="utf-8")
            found = {path.name for path in crate_licences.licence_files(folder)}
        self.assertEqual(found, {"LICENSE-MIT", "COPYING.txt", "Hack-Regular.txt"})


if __name__ == "__main__":
    unittest.main()
