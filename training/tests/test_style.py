"""The package's own conventions: short lines, and a docstring for everything another module may call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
LONGEST_LINE = 140
# Virtual environments and what runs write lie in the same folder.
FILES = sorted(file for pattern in ("*.py", "models/*.py", "synthesis/*.py", "tests/*.py") for file in PACKAGE.glob(pattern))


def undocumented(body: list[ast.stmt], inside: str = "") -> Iterator[str]:
    """Names of the public functions, classes and methods that have no docstring."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield inside + node.name
            if isinstance(node, ast.ClassDef):
                yield from undocumented(node.body, f"{node.name}.")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_lines_are_short_and_public_names_are_explained(file: Path) -> None:
    text = file.read_text()
    assert [number for number, line in enumerate(text.splitlines(), 1) if len(line) > LONGEST_LINE] == []
    if file.parent.name != "tests":
        module = ast.parse(text)
        assert text.strip() == "" or ast.get_docstring(module)
        assert list(undocumented(module.body)) == []
