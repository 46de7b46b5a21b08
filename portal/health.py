"""Whether the process lives, and whether it can do its work: for those who watch over it."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

OK = "ok"


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests should be sent here: 200, or 503 with what is missing.

    The body maps each check to "ok" or a word; causes stand in the log, since anybody may ask.
    """
    checks = {"database": _database()}
    if checks["database"] == OK:
        checks["migrations"] = _migrations()
    is_ready = all(found == OK for found in checks.values())
    return JsonResponse(
        {"status": OK if is_ready else "unavailable", "checks": checks},
        status=200 if is_ready else 503,
    )


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return OK


def _migrations() -> str:
    """Say whether the database is as this code wants it; it stays so once it is."""
    return "pending" if unapplied_migrations() else OK


def unapplied_migrations() -> list[str]:
    """Return the migrations that the database lacks; once it lacks none, it is not asked again."""
    if _is_migrated:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        _is_migrated.append(True)
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


_is_migrated: list[bool] = []
