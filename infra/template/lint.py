"""Lints what would be deployed: `python -m infra.template.lint`, part of `make check`.

The product is packaged into a scratch folder without its dependencies, so nothing is fetched.
cfn-lint reads the template as Chalice wrote it, the SAM translator turns it into CloudFormation
as AWS will, and cfn-lint reads that too: each finds what the others miss. Warnings count.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.template.package import REGION, package

Template = dict[str, Any]

CODE: Final = "s3://bucket/deployment.zip"
"""Where `aws cloudformation package` puts the zip; the translator refuses a local path."""


def main() -> int:
    """Print every finding and return how a command ends: 0 when there are none."""
    with tempfile.TemporaryDirectory() as scratch:
        found = findings(package(Path(scratch) / "out", dependencies=False))
    for finding in found:
        print(finding)
    return 1 if found else 0


def findings(sam: Path) -> list[str]:
    """Return what stands against a packaged template."""
    try:
        cloudformation = translate(json.loads(sam.read_text()))
    except InvalidDocumentException as refused:
        return [f"SAM: {cause.message}" for cause in refused.causes]
    translated = sam.with_name("cloudformation.json")
    translated.write_text(json.dumps(cloudformation, ensure_ascii=False, indent=1))
    return _cfn_lint(sam, translated)


def translate(sam: Template) -> Template:
    """Return the CloudFormation that AWS makes of a SAM template."""
    stored = copy.deepcopy(sam)
    for resource in stored["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = CODE
    session = boto3.Session(region_name=REGION)
    translator = Translator(None, Parser(), boto_session=session)
    cloudformation: Template = translator.translate(stored, parameter_values={})
    return cloudformation


def _cfn_lint(*templates: Path) -> list[str]:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable"]
    done = subprocess.run(
        [*command, "--regions", REGION, "--", *map(str, templates)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    return said or ([] if done.returncode == 0 else [f"cfn-lint ended with {done.returncode}"])


if __name__ == "__main__":
    sys.exit(main())
