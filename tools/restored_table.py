"""The template by which a stack takes in a table that was restored: `python -m tools.restored_table > restored.json`.

CloudFormation's import wants the resource alone, as it is: keys and index of template.yaml's table. The usual
deployment to the same stack then brings the stream, the expiry, the backups and the key (docs/operations.md, "region
lost"). Needs PyYAML, which `make test` has put into .venv.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AS_IT_IS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
"""What a restored table has."""


def template() -> dict[str, Any]:
    import yaml

    class Plain(yaml.SafeLoader):
        """Functions of CloudFormation are of no interest here, and are read as nothing."""

    Plain.add_multi_constructor("!", lambda *_: None)
    table = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Plain)["Resources"]["Table"]
    properties = {name: table["Properties"][name] for name in AS_IT_IS}
    taken_in = {"Type": table["Type"], "DeletionPolicy": table["DeletionPolicy"], "Properties": properties}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Table": taken_in}}


if __name__ == "__main__":
    print(json.dumps(template(), indent=2))
