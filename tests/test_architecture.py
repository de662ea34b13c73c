"""The floors of the house: imports go down, and the package neither prints nor asserts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "cxresearch"

FLOORS = {
    0: ["errors", "_*", "results"],
    1: ["codebook"],
    2: ["responses"],
    3: [
        "psychometrics",
        "servqual",
        "drivers",
        "peak_end",
        "survey",
        "planned",
        "wording",
        "shown",
    ],
    4: ["study", "plots", "tables", "sentences", "record", "scaffold"],
    5: ["runs", "reports", "course"],
    6: ["catalogue"],
    7: ["cli", "forms"],
    8: ["__main__"],
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
LOWEST_FLOOR_OF = {
    "papermill": 5, "nbconvert": 5, "nbformat": 5, "nbclient": 5, "jinja2": 5, "click": 7,
    "ipywidgets": 7,
}  # fmt: skip
ONLY_ON = {"seaborn": "plots", "matplotlib": "plots", "factor_analyzer": "psychometrics"}

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    return 0 if room.startswith("_") and room != "__main__" else FLOOR_OF[room]


def imported_modules(tree: ast.AST) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            found.append((node.lineno, node.module or ""))
            if node.module == "cxresearch":
                found += [(node.lineno, f"cxresearch.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_floors_or_its_own_room(file: Path) -> None:
    room = room_of(file.relative_to(PACKAGE).parts)
    if room == "__init__":
        return
    floor = floor_of(room)
    for line, module in imported_modules(ast.parse(file.read_text(encoding="utf-8"))):
        top, _, rest = module.partition(".")
        if top == "cxresearch":
            other = rest.split(".")[0]
            if other in ("", "__version__"):
                continue
            ground = floor == 0 and floor_of(other) == 0
            assert other == room or floor_of(other) < floor or ground, (
                f"{file.name}:{line}: {room} (floor {floor}) imports {module}"
            )
        where = f"{file.name}:{line}"
        assert floor >= LOWEST_FLOOR_OF.get(top, 0), f"{where}: {top} on floor {floor}"
        assert ONLY_ON.get(top, room) == room, f"{where}: {top} in {room}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_package_has_no_print_no_assert_and_no_star_import(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Assert), f"{file.name}:{node.lineno}: assert"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"{file.name}:{node.lineno}: print"
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"{file.name}: star import"


def test_every_room_of_the_package_stands_on_a_floor() -> None:
    rooms = {room_of(file.relative_to(PACKAGE).parts) for file in FILES} - {"__init__"}
    unknown = [room for room in rooms if not room.startswith("_") and room not in FLOOR_OF]
    assert sorted(unknown) == []
