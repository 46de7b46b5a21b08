"""An archive that somebody made to do harm, or that was damaged, is refused in words."""

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Blueprint, Entity
from portal.dashboards.models import Folder
from portal.integrations.models import Action, Webhook
from portal.models import User
from tests.builders import make_blueprint, make_entity

pytestmark = pytest.mark.django_db

MOMENT = "2026-06-01T12:00:00+00:00"
FOLDER = {
    "identifier": "a", "title": "A", "parent": None, "after": None,
    "created_at": MOMENT, "created_by": "", "updated_at": MOMENT, "updated_by": "",
}  # fmt: skip
ENTITY = {
    "blueprint": "service", "identifier": "pay", "title": "Pay", "icon": "", "properties": {},
    "relations": {}, "datasource": "", "created_at": MOMENT, "created_by": "",
    "updated_at": MOMENT, "updated_by": "",
}  # fmt: skip


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def archive(path: Path, files: dict[str, bytes], **manifest: Any) -> Path:
    """Write an archive with a manifest that fits its files, but for what is overridden."""
    kinds = {
        name.removesuffix(".jsonl"): {
            "count": content.count(b"\n"),
            "sha256": sha256(content).hexdigest(),
        }
        for name, content in files.items()
    }
    whole = {"format": "tidemark-archive", "version": 1, "kinds": kinds, **manifest}
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
        file.writestr("manifest.json", json.dumps(whole))
    return path


def refusal(path: Path, *options: str) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("import", str(path), *options, stdout=io.StringIO())
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bad.zip"


def test_what_is_no_archive_is_refused(path):
    assert "cannot be read" in refusal(path)
    path.write_bytes(b"PK\x03\x04 nothing")
    assert "is no ZIP file, or a damaged one" in refusal(path)
    with ZipFile(path, "w") as file:
        file.writestr("folders.jsonl", b"")
    assert "it has no manifest.json" in refusal(path)


def test_a_file_that_would_grow_beyond_reason_is_refused_unread(path):
    bomb = b" " * 50_000_000
    assert "folders.jsonl would grow more than 300 times" in refusal(
        archive(path, {"folders.jsonl": bomb})
    )


def test_more_than_is_allowed_is_refused_with_the_way_out(path):
    made = archive(path, {"folders.jsonl": lines(FOLDER)})
    assert "allow more with --max-bytes" in refusal(made, "--max-bytes", "100")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/root/x", "nonsense.jsonl", "folders/"])
def test_a_file_that_no_export_has_is_refused(path, name):
    made = archive(path, {"folders.jsonl": lines(FOLDER)})
    with ZipFile(made, "a") as file:
        file.writestr(name, b"x")
    assert "is nothing that this version knows" in refusal(made)
    assert not Folder.objects.exists()


def test_a_file_that_is_in_it_twice_is_refused(path):
    made = archive(path, {"folders.jsonl": lines(FOLDER)})
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(made, "a") as file:
        file.writestr("folders.jsonl", b"")
    assert "folders.jsonl is in it twice" in refusal(made)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"version": 2}, "it is of version 2, and this installation reads version 1; upgrade"),
        ({"version": None}, "it is of version None"),
        ({"format": "other"}, "is not that of an archive of Tidemark"),
        ({"kinds": []}, "does not say what the kinds are"),
        ({"kinds": {"folders": {"count": "1", "sha256": ""}}}, "does not say what the kinds are"),
        ({"kinds": {}}, "and the files that are there do not agree"),
        (
            {"kinds": {"folders": {"count": 1, "sha256": "0"}}},
            "folders.jsonl is not what was exported: its digest or length differs",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(path, manifest, words):
    made = archive(path, {"folders.jsonl": lines(FOLDER)}, **manifest)
    assert words in refusal(made)
    assert not Folder.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{\n", "folders.jsonl, line 1 is no JSON"),
        (b'{"a":"\xff"}\n', "folders.jsonl, line 1 is no JSON"),
        (b"[]\n", "folders.jsonl, line 1 is no object"),
        (b"[" * 100_000 + b"\n", "folders.jsonl, line 1 is no JSON"),
        (lines({}), "folders.jsonl, line 1, after: is missing"),
        (lines({**FOLDER, "x": 1}), "line 1, x: is unknown to this version"),
        (lines(FOLDER, {**FOLDER, "title": 5}), "line 2, title: is of the wrong type"),
        (lines({**FOLDER, "title": "\x00"}), "line 1, title: holds a character that cannot be"),
        (lines({**FOLDER, "title": "x" * 201}), "line 1, title: Ensure this value has at most 200"),
        (lines({**FOLDER, "title": None}), "line 1, title: is required"),
        (lines({**FOLDER, "created_at": "noon"}), "line 1, created_at: “noon” value has an"),
        (lines({**FOLDER, "created_at": "2026-06-01T12:00:00"}), "created_at: lacks a time zone"),
        (lines({**FOLDER, "parent": "b"}), "line 1, parent: there is no folder 'b' here"),
        (lines({**FOLDER, "parent": ["b"]}), "line 1, parent: is no name of another thing"),
        (lines({**FOLDER, "parent": {"b": 1}}), "line 1, parent: is no name of another thing"),
    ],
)
def test_a_line_that_cannot_be_kept_is_named_and_none_of_its_kind_is(path, content, words):
    assert words in refusal(archive(path, {"folders.jsonl": content}))
    assert not Folder.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blueprint": "nope"}, "blueprint: there is no blueprint 'nope'"),
        ({"blueprint": ["service"]}, "blueprint: there is no blueprint"),
        ({"identifier": "a b"}, "identifier: may hold letters"),
        ({"identifier": 5}, "identifier: give a text"),
        ({"title": 5}, "title: is no text of at most 1000"),
        ({"updated_at": 5}, "updated_at: is no moment"),
        ({"updated_at": "0001-01-01T00:00:00+23:00"}, "updated_at: is no moment"),
        ({"properties": []}, "properties: is no object"),
        ({"properties": {"tier": 10**400}}, "properties.tier: is not a finite number"),
        ({"relations": []}, "relations: is no object"),
        ({"relations": {"x": []}}, "relations.x: is no relation of the blueprint"),
        ({"relations": {"$team": "core"}}, "relations.$team: is no list of identifiers"),
        ({"relations": {"$team": ["core"]}}, "relations.$team: there is no _team 'core' here"),
        ({"relations": {"one": ["pay", "pay2"]}}, "relations.one: leads to one entity"),
    ],
)
def test_an_entity_that_cannot_be_kept_is_named_and_none_is(path, change, words):
    one = {"title": "One", "target": "service", "required": False, "many": False}
    make_blueprint(relations={"one": one})
    content = lines({**ENTITY, "identifier": "sound"}, {**ENTITY, **change})
    assert f"entities.jsonl, line 2, {words}" in refusal(archive(path, {"entities.jsonl": content}))
    assert not Entity.objects.exists()


def _export_of(path: Path, kind: str) -> dict[str, Any]:
    call_command("export", str(path), "--only", kind, stderr=io.StringIO())
    with ZipFile(path) as file:
        return json.loads(file.read(f"{kind}.jsonl").splitlines()[-1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 5}, "blueprints.jsonl, line 1, blueprints[0].schema"),
        ({"identifier": 5}, "blueprints.jsonl, line 1, identifier: is no text"),
        ({"permissions": {"x": 1}}, "blueprints.jsonl, line 1, permissions: "),
        ({"permissions": 5}, "blueprints.jsonl, line 1, permissions: "),
        ({"created_at": 5}, "blueprints.jsonl, line 1, created_at: is no moment"),
        ({"more": 5}, "blueprints.jsonl, line 1, blueprints[0]"),
    ],
)
def test_a_blueprint_that_cannot_be_kept_is_named(path, change, words):
    make_blueprint()
    document = _export_of(path, "blueprints") | {"title": "Other"}
    assert words in refusal(archive(path, {"blueprints.jsonl": lines({**document, **change})}))
    assert Blueprint.objects.get(identifier="service").title == "Service"


@pytest.mark.parametrize(
    ("kind", "make", "change", "words"),
    [
        (
            "webhooks",
            lambda stamps: Webhook.objects.create(identifier="w", key="k", **stamps),
            {"mappings": [5]},
            "webhooks.jsonl, line 1, mappings[0]",
        ),
        (
            "actions",
            lambda stamps: Action.objects.create(identifier="w", document={}, **stamps),
            {},
            "actions.jsonl, line 1, document.",
        ),
    ],
)
def test_definitions_are_read_as_their_own_surfaces_do(path, kind, make, change, words):
    stamps = {"created_at": MOMENT, "created_by": "", "updated_at": MOMENT, "updated_by": ""}
    row = make(stamps)
    document = _export_of(path, kind)
    row.delete()
    assert words in refusal(archive(path, {f"{kind}.jsonl": lines({**document, **change})}))


def test_a_kind_that_fails_leaves_the_kinds_before_it(path):
    make_blueprint()
    content = lines(ENTITY)
    made = archive(
        path, {"entities.jsonl": content, "folders.jsonl": lines({**FOLDER, "title": None})}
    )
    assert "Of this kind nothing was imported; kinds before it are." in refusal(made)
    assert Entity.objects.filter(identifier="pay").exists()


def test_a_line_too_many_for_memory_is_refused(path, monkeypatch):
    monkeypatch.setattr("portal.archive.reading.MAX_LINE", 50)
    made = archive(path, {"folders.jsonl": lines(FOLDER)})
    assert "folders.jsonl, line 1 is longer than 50 bytes" in refusal(made)


def test_entities_named_twice_are_one(path):
    make_blueprint()
    make_entity("other")
    made = archive(path, {"entities.jsonl": lines(ENTITY, {**ENTITY, "title": "Last"})})
    call_command("import", str(made), stdout=io.StringIO())
    assert Entity.objects.get(identifier="pay").title == "Last"
    assert not User.objects.exists()
