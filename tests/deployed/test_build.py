"""What `make build` lays out: the same bytes each time, within the limits, with the cloud's own layout."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from infra.build.sizes import Size, breaches, page, sizes
from infra.build.staging import stage, zip_of
from infra.build.targets import ALL_TARGETS, AWS, AWS_ARM64, DEPS_LIMIT_BYTES, TARGETS, Target, doors
from tests.support.deployed.built import Built
from tests.support.tree import ROOT, aws_template

ELF_MACHINES = {62: "x86_64", 183: "aarch64"}


@pytest.fixture(params=[target.cloud for target in TARGETS])
def built(request: pytest.FixtureRequest) -> Built:
    found: Built = request.getfixturevalue(request.param)
    return found


def names(home: Path, artefact: str) -> list[str]:
    with zipfile.ZipFile(zip_of(home, artefact)) as archive:
        return archive.namelist()


def test_two_builds_are_the_same_bytes(built: Built, tmp_path: Path) -> None:
    target, home, _ = built
    stage(target, tmp_path)
    assert [size.sha256 for size in sizes(home)] == [size.sha256 for size in sizes(tmp_path / target.cloud)]


def test_nothing_in_a_zip_says_when_or_by_whom_it_was_built(built: Built) -> None:
    for artefact in ("layer-core", "layer-deps", *doors()):
        with zipfile.ZipFile(zip_of(built.home, artefact)) as archive:
            said = {(info.date_time, info.external_attr, info.create_system) for info in archive.infolist()}
            assert [name for name in archive.namelist() if name.endswith("/")] == []
            assert archive.namelist() == sorted(archive.namelist(), key=lambda name: name.split("/"))
        assert said == {((1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3)}


def test_everything_is_within_its_limit(built: Built) -> None:
    target, home, _ = built
    assert breaches(target, sizes(home)) == []


def test_each_zip_has_the_layout_of_its_cloud(built: Built) -> None:
    target, home, _ = built
    inside = {"aws": "python/", "tencent": ""}[target.cloud]  # Lambda puts python/ on the path, SCF /opt itself
    for door in doors():
        assert [name for name in names(home, door) if name.endswith(".py")] == ["index.py"], (
            "the handler is at the root"
        )
    assert f"{inside}twinshore/web.py" in names(home, "layer-core")
    assert f"{inside}twinshore/cells.json" in names(home, "layer-core")
    assert f"{inside}cryptography/__init__.py" in names(home, "layer-deps")
    assert not [name for name in names(home, "layer-deps") if not name.startswith(inside)]


def test_every_module_brings_its_bytecode_which_nobody_checks_against_a_time(built: Built) -> None:
    target, home, _ = built
    tag = f"cpython-{target.python[0]}{target.python[1]}"
    for artefact in ("layer-core", "layer-deps", *doors()):
        with zipfile.ZipFile(zip_of(home, artefact)) as archive:
            found = set(archive.namelist())
            for name in found:
                if name.endswith(".py"):
                    folder, _, module = name.rpartition("/")
                    cached = f"{folder}/__pycache__/{module[:-3]}.{tag}.pyc".lstrip("/")
                    flags = int.from_bytes(archive.read(cached)[4:8], "little")
                    assert flags == 0b01, f"{cached}: hashed, and not checked (PEP 552)"


def test_native_code_is_for_the_clouds_interpreter(built: Built) -> None:
    target, home, _ = built
    native = [name for name in names(home, "layer-deps") if name.endswith(".so") and "/lib" not in name]
    foreign = [
        name for name in native if "cpython-" in name and f"cpython-{target.python[0]}{target.python[1]}-" not in name
    ]
    assert native and foreign == []


def machines(home: Path) -> set[str]:
    """Of all native code in the packages' layer."""
    with zipfile.ZipFile(zip_of(home, "layer-deps")) as archive:
        names = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
        heads = [archive.open(name).read(20) for name in names]
    assert heads and all(head[:5] == b"\x7fELF\x02" for head in heads), "64 bits"
    return {ELF_MACHINES[int.from_bytes(head[18:20], "little")] for head in heads}


def test_native_code_is_for_the_targets_machine(built: Built) -> None:
    target, home, _ = built
    assert machines(home) == {target.machine} == {"x86_64"}


@pytest.fixture(scope="module")
def graviton(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Built twice."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for folder in folders:
        stage(AWS_ARM64, folder)
    return folders[0] / AWS_ARM64.name, folders[1] / AWS_ARM64.name


def test_graviton_gets_the_same_code_with_native_parts_of_its_own(aws: Built, graviton: tuple[Path, Path]) -> None:
    one, two = graviton
    digests = {size.name: size.sha256 for size in sizes(one)}
    assert digests == {size.name: size.sha256 for size in sizes(two)}
    assert machines(one) == {"aarch64"}
    assert breaches(AWS_ARM64, sizes(one)) == []
    if aws.target == AWS:  # else it was compiled by another Python
        ours = {size.name: size.sha256 for size in sizes(aws.home)}
        assert {name for name in ours if ours[name] != digests[name]} == {"layer-deps"}


@pytest.mark.parametrize("target", [AWS, AWS_ARM64], ids=lambda target: target.name)
def test_a_staged_template_asks_for_the_machine_that_it_is_built_for(
    target: Target, aws: Built, graviton: tuple[Path, Path]
) -> None:
    home = aws.home if target == AWS else graviton[0]
    said = re.findall(r"Architectures: (.*)", (home / "template.yaml").read_text(encoding="utf-8"))
    assert said == [f"[{target.architecture}]"] * 2, "of the functions, and of the packages' layer"


def test_the_template_asks_for_the_default_machine_and_runtime() -> None:
    template = aws_template()
    function, layer = template["Globals"]["Function"], template["Resources"]["DepsLayer"]["Properties"]
    assert function["Architectures"] == layer["CompatibleArchitectures"] == [AWS.architecture]
    assert [function["Runtime"]] == layer["CompatibleRuntimes"] == [f"python{AWS.version}"]
    assert {target.cloud: target.name for target in TARGETS} == {"aws": "aws", "tencent": "tencent"}
    assert set(ALL_TARGETS) - set(TARGETS) == {AWS_ARM64}


def test_no_place_of_the_building_machine_is_in_the_bytecode(built: Built) -> None:
    _, home, _ = built
    with zipfile.ZipFile(zip_of(home, "layer-core")) as archive:
        assert [name for name in archive.namelist() if str(home).encode() in archive.read(name)] == []


def test_the_staged_declaration_names_what_is_staged(built: Built) -> None:
    target, home, _ = built
    text = (home / ("template.yaml" if target.cloud == "aws" else "serverless.yml")).read_text(encoding="utf-8")
    assert "BuildMethod" not in text
    named = re.findall(r"(?:CodeUri|ContentUri|  src): (\S+/\S+)", text)
    if target.cloud == "aws":  # the very bytes whose digests are told
        wanted = {f"zips/{name}.zip" for name in ("layer-core", "layer-deps", *doors())}
    else:
        wanted = {f"./functions/{door}" for door in doors()}
    assert set(named) == wanted
    assert all((home / place).exists() for place in named)


@pytest.mark.parametrize(
    ("size", "said"),
    [(Size("layer-deps", DEPS_LIMIT_BYTES + 1, 1, DEPS_LIMIT_BYTES, ""), "layer-deps.zip has 25,000,001 bytes"),
     (Size("layer-core", 1, AWS.unpacked_limit_bytes, 10, ""), "bytes unpacked")],
)  # fmt: skip
def test_what_is_too_large_ends_the_build_and_is_named(size: Size, said: str) -> None:
    door = Size("login", 1, 1, 10, "")
    assert said in "\n".join(breaches(AWS, [size, door]))


def test_a_layers_lock_has_a_digest_for_every_package() -> None:
    for target in TARGETS:
        lock = (ROOT / "layers" / "deps" / target.cloud / "requirements.txt").read_text(encoding="utf-8")
        packages = [line for line in lock.splitlines() if "==" in line]
        assert packages and all(line.endswith("\\") for line in packages), "followed by its --hash lines"


def test_a_page_says_which_cloud_has_no_bytecode(built: Built) -> None:
    target, home, _ = built
    assert "NOT compiled" in page(target, home, sizes(home), "")
