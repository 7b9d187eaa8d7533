"""What CloudFormation is given: template.yaml as SAM's own translator writes it out. Run by the Python of .venvs/sam,
which alone has the translator.

    python sam_translate.py template.yaml '{"CoreLayer": "s3://artefacts/1", ...}'     prints JSON

The second argument: resource -> where its code lies, as `sam deploy` fills it in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
from samtranslator.parser.parser import Parser  # type: ignore[import-not-found, unused-ignore]
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found, unused-ignore]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found, unused-ignore]

REGION = "eu-central-1"


def main(template: str, places: str) -> None:
    declared = yaml_parse(Path(template).read_text(encoding="utf-8"))
    for name, place in json.loads(places).items():
        about = declared["Resources"][name]["Properties"]
        about["ContentUri" if "ContentUri" in about else "CodeUri"] = place
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    print(json.dumps(translator.translate(declared, {"Cell": "eu"})))


main(*sys.argv[1:])
