"""The zip that Lambda would unpack, and the command that makes it."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from chalice.constants import MISSING_DEPENDENCIES_TEMPLATE

from infra.template.package import RUNS_IN, PackageError, finish, package, refuse_incomplete
from tests.deployable import of_type, packaged


def opened() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(packaged().archive))


def test_the_runtime_is_the_interpreter_that_packages() -> None:
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    functions = of_type("AWS::Lambda::Function").values()
    assert {function["Runtime"] for function in functions} == {here}


def test_the_zip_holds_the_product_and_nothing_of_the_workshop() -> None:
    with opened() as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "__pycache__",
        "app.py",
        "chalice",
        "chalicelib",
    }
    assert "chalicelib/settings.py" in names


def test_every_module_in_the_zip_is_compiled_for_good() -> None:
    with opened() as archive:
        names = archive.namelist()
        sources = [name for name in names if name.endswith(".py")]
        for source in sources:
            folder, _, file = source.rpartition("/")
            compiled = f"__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc"
            content = archive.read(f"{folder}/{compiled}" if folder else compiled)
            hashed_and_unchecked = content[4:8] == b"\x01\x00\x00\x00"
            assert hashed_and_unchecked, source
    assert len(names) == 2 * len(sources)


def test_the_same_sources_make_the_same_zip(tmp_path: Path) -> None:
    again = package(tmp_path / "out", dependencies=False)
    assert again.with_name("deployment.zip").read_bytes() == packaged().archive


def test_descriptions_of_services_that_nobody_calls_are_left_out(tmp_path: Path) -> None:
    data = "botocore/data"
    with zipfile.ZipFile(tmp_path / "deployment.zip", "w") as archive:
        for name in ("dynamodb/1/model.json.gz", "s3/1/model.json.gz", "endpoints.json"):
            archive.writestr(f"{data}/{name}", b"")
    finish(tmp_path / "deployment.zip")
    with zipfile.ZipFile(tmp_path / "deployment.zip") as archive:
        assert archive.namelist() == [f"{data}/dynamodb/1/model.json.gz", f"{data}/endpoints.json"]


def test_tracebacks_name_the_folder_that_the_code_runs_in(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "deployment.zip", "w") as archive:
        archive.writestr("house.py", "def room(): ...")
    finish(tmp_path / "deployment.zip")
    with zipfile.ZipFile(tmp_path / "deployment.zip") as archive:
        compiled = archive.read(f"__pycache__/house.{sys.implementation.cache_tag}.pyc")
    assert f"{RUNS_IN}/house.py".encode() in compiled


def test_a_module_that_does_not_compile_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "deployment.zip", "w") as archive:
        archive.writestr("house.py", "def room(:")
    with pytest.raises(PackageError):
        finish(tmp_path / "deployment.zip")


def test_a_dependency_that_chalice_could_not_get_is_refused() -> None:
    with pytest.raises(PackageError, match="pynamodb"):
        refuse_incomplete(MISSING_DEPENDENCIES_TEMPLATE % "pynamodb==6.1.0")
