"""Makes what is deployed: `python -m infra.template.package [OUT]`.

Chalice packages a copy of the repository that holds only what belongs to the product, so neither
stale bytecode nor Chalice's own cache comes between. Then its zip is finished: botocore's
descriptions of services that nobody calls go, and every module is compiled, because Lambda can
keep no bytecode and would compile everything again at each cold start. The bytecode is never
checked against its source, as nothing in a package changes. Two packages of the same sources by
the same interpreter are equal byte by byte.

The price: the interpreter that packages is the one that runs; a fetch of the wheels for Lambda.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
OUT: Final = ROOT / "out"
STAGE: Final = "prod"
REGION: Final = "eu-west-1"
"""Where none is set. Chalice asks for a region only to name AWS's services in it."""
SHIPPED: Final = ("app.py", ".chalice/config.json", "infra/template/stack.yaml")
SHIPPED_FOLDERS: Final = ("chalicelib", "infra/policies")
SERVICES_CALLED: Final = frozenset({"dynamodb", "sesv2", "sns", "sqs"})
"""Services whose descriptions botocore loads here; it has 400 others, most of its 27 MB."""
RUNS_IN: Final = "/var/task"
"""Lambda's folder; it stands in tracebacks instead of ours."""
UNPACKED_BYTES_MAX: Final = 250 * 1024 * 1024
"""Lambda's own limit on a package, unpacked."""
ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""
READABLE: Final = 0o644 << 16
INCOMPLETE: Final = "Could not install dependencies"
"""What Chalice says, and then goes on without them."""


class PackageError(Exception):
    """A package that would not run."""


def package(out: Path, *, dependencies: bool = True) -> Path:
    """Write `sam.json` and `deployment.zip` into a folder and return the former's path.

    Without dependencies nothing is fetched: enough to lint the template, not to run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        _copy_product(project, dependencies=dependencies)
        _run_chalice(project, out.resolve())
    finish(out / "deployment.zip")
    return _without_aliases(out / "sam.yaml")


def _copy_product(project: Path, *, dependencies: bool) -> None:
    for name in SHIPPED_FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    for name in SHIPPED:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, project / name)
    wanted = (ROOT / "requirements.txt").read_text() if dependencies else ""
    (project / "requirements.txt").write_text(wanted)


def _run_chalice(project: Path, out: Path) -> None:
    arguments = ["--stage", STAGE, "--merge-template", "infra/template/stack.yaml", str(out)]
    region = {"AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION)}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("chalice")), "package", *arguments],
        cwd=project,
        env={**os.environ, **region, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    refuse_incomplete(done.stdout)


def refuse_incomplete(said: str) -> None:
    """Refuse what Chalice only mentions: a dependency that has no wheel for Lambda."""
    if INCOMPLETE in said:
        raise PackageError(said)


def _without_aliases(template: Path) -> Path:
    """Write the template as JSON: Chalice's YAML has aliases, which CloudFormation refuses."""
    written = template.with_suffix(".json")
    written.write_text(json.dumps(yaml.safe_load(template.read_text()), ensure_ascii=False))
    template.unlink()
    return written


def finish(archive: Path) -> None:
    """Prune and compile what is in a zip, and zip it again."""
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = Path(scratch)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unpacked)
        _prune(unpacked / "botocore" / "data")
        _compile(unpacked)
        _zip(unpacked, archive)


def _zip(folder: Path, archive: Path) -> None:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    if size > UNPACKED_BYTES_MAX:
        raise PackageError(f"{size} bytes are more than Lambda unpacks")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_EPOCH)
            entry.external_attr = READABLE
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def _prune(data: Path) -> None:
    """Remove the descriptions of every service but ours; files beside them belong to all."""
    if data.exists():
        for folder in data.iterdir():
            if folder.is_dir() and folder.name not in SERVICES_CALLED:
                shutil.rmtree(folder)


def _compile(unpacked: Path) -> None:
    compiles = compileall.compile_dir(
        unpacked,
        quiet=1,
        force=True,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        stripdir=str(unpacked),
        prependdir=RUNS_IN,
    )
    if not compiles:
        raise PackageError("a module of the package does not compile")


if __name__ == "__main__":
    print(package(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))
