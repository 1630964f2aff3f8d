"""The floor plan and the style that no linter can state, read from the source itself.

Rooms and capabilities are discovered, so a new one is judged from its first line. Who may call
whom between rooms, and inside a capability, stands in import-linter's contracts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
HOUSE: Final = ROOT / "chalicelib"
CODE: Final = ("app.py", "bench", "chalicelib", "infra", "tests")

ROOMS_WITHOUT_CAPABILITIES: Final = {"kernel", "storage", "gateways", "web", "mall"}
PARTS: Final = {"model", "rules", "store", "service", "views", "routes", "jobs"}
VAGUE: Final = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

APP_LINES_MAX: Final = 80
FILE_LINES_MAX: Final = 300
FUNCTION_LINES_MAX: Final = 50

FOREIGN: Final = {
    "routes": {"views", "service", "rules", "model"},
    "views": {"views", "service", "rules", "model"},
    "jobs": {"service", "rules", "model"},
    "service": {"service", "rules", "model"},
    "store": {"rules", "model"},
    "rules": {"rules", "model"},
    "model": {"model"},
}
"""What each part may import of another capability. A store is nobody's but its own."""

DATABASE: Final = {"boto3", "botocore", "pynamodb"}

MAY_SKIP: Final = ["tests/contracts/places.py"]
"""Tests against Stripe itself, which need a key. They skip in one place, once, and nothing else
does."""


@cache
def sources() -> tuple[Path, ...]:
    """Return every Python file of ours."""
    roots = [ROOT / name for name in CODE]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*.py"))]
    return tuple(sorted(path for path in found if "node_modules" not in path.parts))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def house() -> list[Path]:
    return [path for path in sources() if path.is_relative_to(HOUSE)]


def capabilities() -> list[Path]:
    """Return the folder of each capability, in whichever room."""
    return [
        folder
        for room in sorted(HOUSE.iterdir())
        if room.is_dir() and room.name not in ROOMS_WITHOUT_CAPABILITIES
        for folder in sorted(room.iterdir())
        if folder.is_dir() and folder.name != "__pycache__"
    ]


def imports(path: Path) -> Iterator[str]:
    """Yield each module that a file names in an import; of `from a import b` both a and a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(module: str) -> tuple[str, str] | None:
    """Return capability and part of `chalicelib.room.capability.part…`, or None for the rest."""
    words = module.split(".")
    if len(words) < 4 or words[0] != "chalicelib" or words[1] in ROOMS_WITHOUT_CAPABILITIES:
        return None
    return ".".join(words[1:3]), words[3]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_a_capability_is_made_of_the_named_parts_only() -> None:
    odd = [
        name_of(entry)
        for folder in capabilities()
        for entry in folder.iterdir()
        if entry.stem not in PARTS | {"__init__", "__pycache__"}
    ]
    assert odd == []


def test_an_area_holds_its_capabilities_and_what_the_app_opens_of_them() -> None:
    areas = {folder.parent for folder in capabilities()}
    known = {"__init__.py", "doors.py"}
    odd = [name_of(file) for area in areas for file in area.glob("*.py") if file.name not in known]
    assert odd == []


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    odd = [name_of(path) for path in sources() if VAGUE & set(module_of(path).split("."))]
    assert odd == []


def test_what_is_wrong_with_a_field_is_told_in_both_languages() -> None:
    # Pydantic takes any ValueError for what is wrong with a field, and knows it in English only.
    odd = [
        f"{name_of(path)}:{node.lineno}"
        for path in house()
        if path.stem in {"views", "routes", "bodies"}
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise) and "ValueError" in ast.unparse(node)
    ]
    assert odd == []


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in sources()} - {ROOT}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_a_package_file_holds_one_docstring_and_nothing_else() -> None:
    odd = [
        name_of(path)
        for path in sources()
        if path.name == "__init__.py"
        and not (len(tree(path).body) == 1 and ast.get_docstring(tree(path)))
    ]
    assert odd == []


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in sources() if not ast.get_docstring(tree(path))] == []


def test_no_part_of_a_capability_reaches_into_another_one_too_deeply() -> None:
    odd = []
    for path in house():
        own = part_of(module_of(path))
        if own is None or path.name == "__init__.py":
            continue
        for module in imports(path):
            foreign = part_of(module)
            if foreign and foreign[0] != own[0] and foreign[1] not in FOREIGN.get(own[1], set()):
                odd.append(f"{name_of(path)} imports {module}")
    assert odd == []


def test_only_the_edges_import_chalice() -> None:
    odd = [
        name_of(path)
        for path in house()
        if uses(path, {"chalice"})
        and path.stem not in {"routes", "jobs"}
        and path.relative_to(HOUSE).parts[0] != "web"
    ]
    assert odd == []


def test_only_storage_and_stores_know_the_database() -> None:
    odd = [
        name_of(path)
        for path in house()
        if uses(path, DATABASE)
        and path.stem != "store"
        and path.relative_to(HOUSE).parts[0] not in {"storage", "gateways"}
    ]
    assert odd == []


def test_pynamodb_stays_out_of_the_gateways() -> None:
    assert [
        name_of(path) for path in (HOUSE / "gateways").rglob("*.py") if uses(path, {"pynamodb"})
    ] == []


def test_stripe_is_imported_by_its_gateway_alone() -> None:
    odd = [
        name_of(path)
        for path in house()
        if uses(path, {"stripe"}) and not name_of(path).startswith("chalicelib/gateways/payments")
    ]
    assert odd == []


def uses(path: Path, packages: set[str]) -> bool:
    return any(module.split(".")[0] in packages for module in imports(path))


def test_the_app_only_composes() -> None:
    app = ROOT / "app.py"
    assert not app.exists() or len(app.read_text().splitlines()) <= APP_LINES_MAX


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in sources()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_too_long() -> None:
    odd = [
        f"{name_of(path)}:{node.name} has {lines} lines"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert odd == []


def test_routes_hold_no_try() -> None:
    odd = [
        f"{name_of(path)}:{node.lineno}"
        for path in house()
        if path.stem == "routes"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Try | ast.TryStar)
    ]
    assert odd == []


def test_nothing_is_patched_and_nothing_is_skipped_but_the_real_stripe() -> None:
    skipped = [
        name_of(path)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and re.fullmatch(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)", ast.unparse(node))
    ]
    patched = [name_of(path) for path in sources() if "unittest.mock" in set(imports(path))]
    assert (skipped, patched) == (MAY_SKIP, [])


def test_what_lambda_ships_has_the_versions_that_are_tested() -> None:
    shipped, tested = (pins(ROOT / f) for f in ("requirements.txt", "requirements-dev.txt"))
    assert shipped.items() <= tested.items()


@pytest.mark.parametrize(
    "lock", ["requirements.txt", "requirements-dev.txt", "infra/local/ministack.txt"]
)
def test_a_lock_has_a_hash_for_everything_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[a-z])", text)
    assert "://" not in text
    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_the_npm_lock_has_a_hash_for_everything_and_no_address() -> None:
    text = (ROOT / "infra/local/package-lock.json").read_text()
    assert "://" not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')


def pins(lock: Path) -> dict[str, str]:
    """Return name to version and marker."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(==[^\\\n]+)", lock.read_text(), re.MULTILINE))
