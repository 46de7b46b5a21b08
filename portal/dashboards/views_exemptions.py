"""Exempting entities from rules, on the page of the entity."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog.errors import CatalogError, Invalid
from catalog.forms import place_faults
from catalog.models import Entity
from portal.dashboards.exemption_forms import ExemptionForm
from portal.dashboards.finding import address_of
from portal.permissions import Actor
from scorecards import operations
from scorecards.models import Exemption, Rule


@require_POST
def exempt(request: HttpRequest) -> HttpResponse:
    """Exempt an entity from a rule; what is missing is asked for on a page of its own."""
    entity = _named(Entity.objects.select_related("blueprint"), request, "entity")
    rule = _named(Rule.objects.select_related("scorecard"), request, "rule")
    by = Actor.of_request(request, source="page")
    by.must_moderate(entity.blueprint.identifier)
    form = ExemptionForm(request.POST)
    if form.is_valid():
        try:
            operations.exempt(
                entity=entity,
                rule=rule,
                by=by,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Invalid as error:
            place_faults(form, error.faults)
        except CatalogError as error:
            form.add_error(None, str(error))
        else:
            told = _("%(entity)s is exempt from '%(rule)s'.") % {"entity": entity, "rule": rule}
            messages.success(request, told)
            return _back(entity, rule)
    context = {"form": form, "entity": entity, "rule": rule, "back": _address(entity, rule)}
    return render(request, "dashboards/exempt_page.html", context)


@require_POST
def withdraw_exemption(request: HttpRequest, exemption: int) -> HttpResponse:
    """End an exemption; one that has ended meanwhile stays as it is."""
    found = get_object_or_404(Exemption.objects.with_names(), pk=exemption)
    by = Actor.of_request(request, source="page")
    operations.withdraw_exemption(exemption=found, by=by, now=timezone.now())
    told = _("'%(rule)s' counts again for %(entity)s.")
    messages.success(request, told % {"entity": found.entity, "rule": found.rule})
    return _back(found.entity, found.rule)


def _named(rows: "QuerySet[Any]", request: HttpRequest, name: str) -> Any:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404(f"no {name} of that number")
    return get_object_or_404(rows, pk=int(text))


def _address(entity: Entity, rule: Rule) -> str:
    page = address_of(entity.blueprint.identifier, entity.identifier)
    return f"{page}?tab=scorecards#rule-{rule.pk}"


def _back(entity: Entity, rule: Rule) -> HttpResponse:
    return HttpResponseRedirect(_address(entity, rule))
