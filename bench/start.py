"""How long a process takes until it could place an order, and how much memory one keeps.

Fresh processes in turns: the product (`import app`, its DynamoDB client, every model of
`POST /orders`) and, beside it, `import boto3` and one DynamoDB client. All bytecode is compiled.
The interpreter's own start is left out of both, as it would only flatter the ratio.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.ground import SETTINGS
from bench.tables import Row, Table, keep, machine, verdict
from infra.local.engines import ROOT, client_environment

RUNS: Final = 12
RATIO_AIM: Final = 1.15
MEMORY_MB_AIM: Final = 150.0
KEPT_DATA: Final = ("dynamodb",)
"""Descriptions of services that the package keeps (`infra/template/package.py`)."""

CLOCKS: Final = """
import json, pathlib, sys, time
wall, cpu = time.perf_counter(), time.process_time()
"""
REPORT: Final = """
# The kernel's other figure, ru_maxrss, remembers the process that started this one.
status = pathlib.Path("/proc/self/status").read_text()
used = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, used]))
"""
BOTO3: Final = """
import boto3
boto3.client("dynamodb")
"""
PRODUCT: Final = """
from app import app
from chalicelib.storage.table import connection
connection()
next(one for one in app.endpoints() if one.route == "POST /v1/orders").prepare()
"""
STEPS: Final = """
import gc, importlib, json, time
def step(name, work):
    begun = time.process_time()
    work()
    spent[name] = 1000 * (time.process_time() - begun)
def brought(*modules):
    return lambda: [importlib.import_module(module) for module in modules]
def connected():
    from chalicelib.storage.table import connection
    connection()
def timed(work):
    def run(*given, **named):
        begun = time.process_time()
        try:
            return work(*given, **named)
        finally:
            dataclass_ms.append(1000 * (time.process_time() - begun))
    return run
gc.disable()
spent, dataclass_ms = {}, []
step("botocore", brought("botocore.session", "botocore.client"))
step("pynamodb", brought("pynamodb.models"))
step("pydantic", brought("pydantic.main", "pydantic.types", "pydantic.functional_validators"))
step("chalice", brought("chalice.app"))
import dataclasses
dataclasses._process_class = timed(dataclasses._process_class)
step("ours, without dataclasses", brought("app"))
gc.disable()
ours = spent["ours, without dataclasses"]
spent["ours, dataclasses alone"] = sum(dataclass_ms)
spent["ours, without dataclasses"] = ours - sum(dataclass_ms)
step("DynamoDB client", connected)
print(json.dumps(spent))
"""
COLLECTING: Final = "import gc\ngc.disable = lambda: None\n"
"""As the product would be if it left the collector on while it is imported."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to start: its program, and folders that come first on the path."""

    name: str
    program: str
    first: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Medians: milliseconds on the wall and of the processor, and the peak of memory in MB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    _compile()
    with tempfile.TemporaryDirectory() as scratch:
        pruned = _pruned(Path(scratch))
        variants = (
            Variant("boto3 and one client", BOTO3),
            Variant("boto3 and one client, botocore's data pruned", BOTO3, (pruned,)),
            Variant("product, collector on", COLLECTING + PRODUCT),
            Variant("product as it is", PRODUCT),
            Variant("product as it is, botocore's data pruned", PRODUCT, (pruned,)),
        )
        starts = _started(variants)
    tables = [_table(starts), _steps()]
    keep("start", f"The start ({before})", tables=tables)


def _compile() -> None:
    for folder in (Path(sysconfig.get_paths()["purelib"]), ROOT / "chalicelib"):
        compileall.compile_dir(folder, quiet=2, workers=0)
    compileall.compile_file(ROOT / "app.py", quiet=2)


def _pruned(scratch: Path) -> Path:
    """Return a folder with a botocore that knows no service but ours, as the package has it."""
    source = Path(sysconfig.get_paths()["purelib"]) / "botocore"
    data = source / "data"

    def left_out(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder) == data
        return {name for name in names if inside and (data / name).is_dir()} - set(KEPT_DATA)

    shutil.copytree(source, scratch / "botocore", ignore=left_out)
    return scratch


def _started(variants: tuple[Variant, ...]) -> dict[str, Start]:
    """Start all variants in turns; the first turn warms the disk's cache and does not count."""
    runs: dict[str, list[list[float]]] = {variant.name: [] for variant in variants}
    for turn in range(RUNS + 1):
        for variant in variants:
            seconds = _run(variant)
            if turn:
                runs[variant.name].append(seconds)
    return {name: _medians(found) for name, found in runs.items()}


def _medians(runs: list[list[float]]) -> Start:
    wall, cpu, peak = (statistics.median(column) for column in zip(*runs, strict=True))
    return Start(1000 * wall, 1000 * cpu, peak / 1024)


def _run(variant: Variant) -> list[float]:
    told: list[float] = _told(CLOCKS + variant.program + REPORT, *variant.first)
    return told


def _told(program: str, *first: Path) -> Any:
    """Return the JSON that a fresh process prints."""
    path = os.pathsep.join(map(str, (*first, ROOT)))
    environment: Mapping[str, str] = {
        "PATH": os.defpath,
        "PYTHONPATH": path,
        **client_environment("http://127.0.0.1:9"),
        **SETTINGS,
        "JIFEN_TABLE": "none",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def _table(starts: Mapping[str, Start]) -> Table:
    base, *_ = starts.values()
    product = starts["product as it is"]
    rows: list[Row] = [
        (name, one.wall, one.wall / base.wall, one.cpu, one.cpu / base.cpu, one.peak)
        for name, one in starts.items()
    ]
    return Table(
        "Until an order could be placed",
        f"Medians of {RUNS} fresh processes each, started in turns: milliseconds on the wall and "
        "of the processor, each with its ratio to the first line, and peak memory in MB. The "
        "processor's time is the steadier of the two on a machine that does other things. Pruned "
        "is what the package ships: botocore's data of DynamoDB alone.",
        ("what", "wall ms", "ratio", "cpu ms", "ratio", "peak MB"),
        rows,
        [
            verdict("the start's ratio", product.wall / base.wall, aim=RATIO_AIM),
            verdict("peak memory in MB", product.peak, aim=MEMORY_MB_AIM),
        ],
    )


def _steps() -> Table:
    runs = [_told(STEPS) for _ in range(RUNS)]
    spent = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    total = sum(spent.values())
    return Table(
        "Where the start goes",
        "Milliseconds of the processor for each step of the import, in its order, medians with "
        "the collector off. Python writes and compiles the methods of each dataclass and pydantic "
        "reads the hints of each model at the start; both follow the number of classes.",
        ("step", "cpu ms", "%"),
        [(name, ms, 100 * ms / total) for name, ms in spent.items()],
    )
