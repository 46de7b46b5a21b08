"""What the documents of the widgets that we draw may look like. Pure.

Only what drawing reads is described: what else a widget says is kept and means nothing here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog import schemas
from catalog.errors import Fault

_TEXT = {"type": ["string", "null"]}
_TEXTS = {"type": ["array", "null"], "items": {"type": "string"}}
_OBJECT = {"type": ["object", "null"]}
_NUMBER = {"type": ["number", "null"]}
_DATASET = {"type": ["object", "array", "null"]}
_ABOUT = {"blueprint": _TEXT, "dataset": _DATASET}


def _shape(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or []}


_LINE = _shape(
    title=_TEXT,
    chartType=_TEXT,
    func=_TEXT,
    measureTimeBy=_TEXT,
    breakdownProperty=_TEXT,
    entity=_TEXT,
    properties=_TEXTS,
    **_ABOUT,
)
_RULE = _shape(operator=_TEXT, value={}, color=_TEXT, message=_TEXT, description=_TEXT)
_SETTINGS = _shape(
    groupSettings={**_shape(groupBy=_TEXTS), **_OBJECT},
    propertiesSettings={**_shape(order=_TEXTS, shown=_TEXTS, hidden=_TEXTS), **_OBJECT},
    filterSettings={**_shape(filterBy=_OBJECT), **_OBJECT},
    sortSettings={
        **_shape(
            sortBy={
                "type": ["array", "null"],
                "items": _shape(property=_TEXT, order={"enum": ["asc", "desc", None]}),
            }
        ),
        **_OBJECT,
    },
)
_PARTS = _shape(["property"], property={"type": "string", "minLength": 1}, **_ABOUT)
_SHAPES: dict[str, dict[str, Any]] = {
    "entities-pie-chart": _PARTS,
    "bar-chart": _PARTS,
    "entities-number-chart": _shape(
        chartType=_TEXT,
        calculationBy=_TEXT,
        func=_TEXT,
        averageOf=_TEXT,
        measureTimeBy=_TEXT,
        entity=_TEXT,
        property=_TEXT,
        unit=_TEXT,
        unitCustom=_TEXT,
        unitAlignment=_TEXT,
        displayFormatting=_TEXT,
        decimalPlaces=_NUMBER,
        conditionalFormatting={"type": ["array", "null"], "items": _RULE},
        **_ABOUT,
    ),
    "multi-line-chart": _shape(
        timeInterval=_TEXT,
        timeRange=_OBJECT,
        nullValueDisplayMode=_TEXT,
        lines={"type": ["array", "null"], "items": _LINE, "maxItems": 20},
        baselines={
            "type": ["array", "null"],
            "items": _shape(name=_TEXT, value=_NUMBER, color=_TEXT),
        },
        **_ABOUT,
    ),
    "table-entities-explorer": _shape(
        excludedFields=_TEXTS,
        blueprintConfig={**_OBJECT, "additionalProperties": {**_SETTINGS, **_OBJECT}},
        **_ABOUT,
    ),
    "entity-details": _shape(
        ["entity", "blueprint"],
        entity={"type": "string"},
        hiddenQuery=_TEXTS,
        order=_TEXTS,
        showEmptyValues={"type": ["boolean", "null"]},
        **_ABOUT,
    ),
    "markdown": _shape(
        source=_TEXT,
        markdown=_TEXT,
        blueprintIdentifier=_TEXT,
        propertyIdentifier=_TEXT,
        entityIdentifier=_TEXT,
    ),
    "iframe-widget": _shape(["url"], url={"type": "string", "minLength": 1}),
    "links-widget": _shape(
        links={
            "type": ["array", "null"],
            "items": _shape(title=_TEXT, url=_TEXT, description=_TEXT),
        }
    ),
    "heat-map": _shape(["scorecard"], scorecard={"type": "string", "minLength": 1}, **_ABOUT),
}
_SHAPES["line-chart"] = _SHAPES["multi-line-chart"]
_VALIDATORS = {kind: schemas.validator_of(shape) for kind, shape in _SHAPES.items()}


def shape_faults(widget: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield where a widget is not as drawing reads it; of types that we do not draw, nothing."""
    validator = _VALIDATORS.get(str(widget.get("type")))
    if validator is not None:
        yield from schemas.faults(validator, dict(widget))
