"""What is exported comes back the same, and only once."""

import io
import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import OWNERSHIP, Blueprint, Change, Entity
from catalog.operations import EntityDraft, save_blueprints, upsert_entities
from catalog.system import make_system_blueprints
from portal.dashboards.models import Folder, TableView
from portal.integrations.models import Channel, OrganizationSecret, Webhook
from portal.models import User
from scorecards.models import Evaluation, Exemption, LevelChange, Scorecard
from scorecards.operations import install_pack
from tests.builders import (
    NOW,
    TESTER,
    blueprint_document,
    level_of,
    make_blueprint,
    make_campaign,
    make_entity,
    make_scorecard,
    make_team,
    make_user,
    report,
    rule_document,
)

pytestmark = pytest.mark.django_db


def make_everything() -> None:
    """Make something of most kinds: related in circles, graded, exempt, told, and secret."""
    user = make_user()
    circle = [
        blueprint_document(
            name,
            relations={
                "other": {"title": "Other", "target": target, "required": False, "many": True}
            },
            mirror_properties={"there": {"title": "There", "path": "other.$title"}},
        )
        for name, target in (("system", "service"), ("service", "system"))
    ]
    save_blueprints(definitions=circle, by=TESTER, now=NOW)
    make_team("core")
    make_entity("pay", properties={"tier": 1, "language": "go"}, team=["core"])
    make_entity("shop", blueprint="system", relations={"other": ["pay"]}, title="Läden ☂")
    make_entity("pay", relations={"other": ["shop"]})
    make_entity("web", properties={"tier": 3})
    rules = [
        rule_document("tiered"),
        rule_document("told", level="Silver", query=None),
        rule_document("spoken", level="Gold", query=None, owner="core"),
    ]
    make_scorecard(rules=rules)
    report("pay", "told", "PASS", remark="seen")
    make_campaign(rules=["quality/told", "quality/tiered"])
    entity, rule = Entity.objects.get(identifier="pay"), Scorecard.objects.get().rules.last()
    Exemption.objects.create(
        entity=entity,
        rule=rule,
        reason="new",
        asked_by="maya",
        approved_by="maya",
        created_at=NOW,
    )
    upper = Folder.objects.create(identifier="b", title="B", created_at=NOW, updated_at=NOW)
    lower = Folder.objects.create(identifier="a", title="A", created_at=NOW, updated_at=NOW)
    # The folder that was made first stands in the one that came after it.
    Folder.objects.filter(pk=upper.pk).update(parent=lower)
    TableView.objects.create(
        blueprint=entity.blueprint,
        identifier="mine",
        title="Mine",
        owner=user,
        created_at=NOW,
        updated_at=NOW,
    )
    stamps = {"created_at": NOW, "created_by": "x", "updated_at": NOW, "updated_by": "x"}
    Channel.objects.create(
        identifier="chat", kind="slack_webhook", address="https://a/x1", **stamps
    )
    Webhook.objects.create(
        identifier="hook", key="x2", secret="x3", signature_header="x-signature", **stamps
    )
    OrganizationSecret.objects.create(name="token", value="x4", **stamps)


def emptied() -> None:
    """Leave what migrations make."""
    with connection.constraint_checks_disabled():
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and model not in (ContentType, Permission):
                model._base_manager.all()._raw_delete("default")
    make_system_blueprints()


def exported(path: Path, *options: str) -> dict[str, bytes]:
    """Export, and return the files of the archive but what tells when it was made."""
    call_command("export", str(path), *options, stderr=io.StringIO())
    with ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name != "manifest.json"}


def imported(path: Path, *options: str) -> str:
    """Import, and return what was said."""
    out = io.StringIO()
    call_command("import", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the archive goes."""
    return tmp_path / "all.zip"


def test_what_is_imported_into_an_empty_installation_is_exported_the_same(path, tmp_path):
    make_everything()
    before = exported(path)
    levels = {name: level_of(Entity.objects.get(identifier=name)) for name in ("pay", "web")}
    computed = dict(Entity.objects.values_list("identifier", "computed"))
    emptied()

    imported(path)

    assert exported(tmp_path / "again.zip") == before
    assert before["entities.jsonl"].count(b"\n") == 4
    assert {name: level_of(Entity.objects.get(identifier=name)) for name in levels} == levels
    assert dict(Entity.objects.values_list("identifier", "computed")) == computed
    assert Entity.objects.get(identifier="pay").facts["relation#other"] == ["shop"]


def test_packs_with_all_that_they_make_come_back_the_same(path, tmp_path):
    for name in ("dora", "production_readiness"):
        install_pack(name=name, by=TESTER, now=NOW)
    make_entity("pay")
    before = exported(path)
    graded = Evaluation.objects.count()
    emptied()
    imported(path)
    assert exported(tmp_path / "again.zip") == before
    assert Evaluation.objects.count() == graded > 0


def test_an_import_moves_no_level_and_tells_the_history_once(path):
    make_everything()
    exported(path)
    emptied()
    imported(path)
    assert not LevelChange.objects.exists()
    assert not Change.objects.filter(kind="entity").exists()
    assert Change.objects.get(kind="archive").after["entities"] == 4


def test_a_second_import_changes_nothing(path):
    make_everything()
    exported(path)
    assert "Imported 0 things." in imported(path)
    assert not Change.objects.filter(kind="archive").exists()


def test_what_differs_is_replaced_and_what_is_not_in_the_file_stays(path):
    make_everything()
    exported(path)
    make_entity("pay", properties={"tier": 4}, relations={"other": []})
    make_entity("new")
    assert "entities: 0 new, 2 changed" in imported(path)
    pay = Entity.objects.get(identifier="pay")
    assert pay.properties == {"tier": 1, "language": "go"}
    assert pay.facts["relation#other"] == ["shop"]
    assert (pay.facts[OWNERSHIP], level_of(pay)) == (["core"], "Silver")
    assert Entity.objects.filter(identifier="new").exists()


def test_secrets_stay_behind_and_are_named(path):
    make_everything()
    files = exported(path)
    with ZipFile(path) as file:
        manifest = json.loads(file.read("manifest.json"))
    assert manifest["secrets"] == [
        "organization_secrets: token (value)",
        "channels: chat (address)",
        "webhooks: hook (secret)",
    ]
    assert not any(b"sealed:" in text or b'"x2"' in text for text in files.values())
    emptied()
    assert "channels: chat (address)" in imported(path)


def test_a_webhook_that_checked_signatures_lets_nobody_in_without_one(path):
    make_everything()
    exported(path)
    emptied()
    imported(path)
    hook = Webhook.objects.get()
    assert hook.is_signed
    assert hook.secret.reveal() not in ("", "x3")
    assert hook.key not in ("", "x2")


def test_passwords_come_along_only_where_they_were_asked_for(path):
    user = make_user("maya")
    assert user.password.encode() not in exported(path)["users.jsonl"]
    User.objects.all().delete()
    imported(path)
    assert not User.objects.get().has_usable_password()

    User.objects.all().delete()
    make_user("maya")
    exported(path, "--with-passwords")
    User.objects.all().delete()
    imported(path)
    assert User.objects.get().check_password("pass-word-1")


def test_an_import_without_passwords_keeps_those_that_are_here(path):
    make_user("maya", first_name="Maya")
    exported(path)
    User.objects.update(first_name="M.")
    imported(path)
    assert User.objects.get().first_name == "Maya"
    assert User.objects.get().check_password("pass-word-1")


def test_history_comes_along_into_an_installation_without_any(path):
    make_everything()
    make_entity("web", properties={"tier": 1})
    before = exported(path, "--with-history")
    moves = list(LevelChange.objects.values_list("entity__identifier", "to_level", "at"))
    assert moves
    emptied()
    imported(path)
    assert list(LevelChange.objects.values_list("entity__identifier", "to_level", "at")) == moves
    lines = before["changes.jsonl"].splitlines()
    assert exported(path, "--with-history")["changes.jsonl"].splitlines()[: len(lines)] == lines
    assert "level_changes: left out: this installation has a history" in imported(path)


def test_a_dry_run_writes_nothing(path):
    make_everything()
    exported(path)
    emptied()
    said = imported(path, "--dry-run")
    assert "entities: 4 new" in said
    assert "nothing was written" in said
    assert not Entity.objects.exists()
    assert not Change.objects.exists()


def test_only_what_is_named_is_exported_and_imported(path):
    make_everything()
    assert set(exported(path, "--only", "users,folders")) == {"users.jsonl", "folders.jsonl"}
    assert set(exported(path)) > {"folders.jsonl"}
    emptied()
    imported(path, "--only", "folders")
    assert list(Folder.objects.values_list("identifier", flat=True)) == ["a", "b"]
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="There is no kind folder; there are: users, "):
        exported(path, "--only", "folder")


def test_one_blueprint_is_exported_with_its_entities(path):
    make_everything()
    files = exported(path, "--blueprint", "system")
    assert set(files) == {"blueprints.jsonl", "entities.jsonl"}
    assert [json.loads(line)["identifier"] for line in files["entities.jsonl"].splitlines()] == [
        "shop"
    ]
    with pytest.raises(CommandError, match="There is no blueprint nope"):
        exported(path, "--blueprint", "nope")


def test_what_an_entity_points_at_must_be_there(path):
    make_everything()
    exported(path, "--blueprint", "system")
    Entity.objects.filter(identifier="pay").delete()
    Entity.objects.filter(identifier="shop").delete()
    with pytest.raises(CommandError) as caught:
        imported(path)
    assert (
        "entities.jsonl, line 1, relations.other: there is no service 'pay' here; import it first"
    ) in str(caught.value)
    assert not Entity.objects.filter(identifier="shop").exists()


def test_values_that_the_blueprint_would_refuse_today_come_back(path):
    make_blueprint()
    make_entity("pay", properties={"tier": 1})
    text = blueprint_document()["schema"]
    text["properties"]["tier"] = {"type": "string", "title": "Tier"}
    make_blueprint(schema=text)
    exported(path)
    Entity.objects.all().delete()
    imported(path)
    assert Entity.objects.get().properties == {"tier": 1}


def test_a_user_whose_address_is_anothers_is_refused_by_name(path):
    make_user("maya")
    exported(path)
    User.objects.update(username="other")
    with pytest.raises(CommandError, match=r"users\.jsonl, line 1: .*address already exists"):
        imported(path)
    assert User.objects.get().username == "other"


def test_an_export_reads_entities_in_pieces(path, django_assert_max_num_queries):
    make_blueprint()
    drafts = [EntityDraft(f"e{number}") for number in range(2_500)]
    upsert_entities(
        blueprint=Blueprint.objects.get(identifier="service"), drafts=drafts, by=TESTER, now=NOW
    )
    with django_assert_max_num_queries(20):
        files = exported(path, "--only", "entities")
    assert files["entities.jsonl"].count(b"\n") == 2_500


def test_the_archive_is_for_who_made_it_and_a_failed_one_leaves_nothing(path, tmp_path):
    exported(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        exported(tmp_path / "nowhere" / "all.zip")
