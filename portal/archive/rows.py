"""Kinds of things that are rows of a table: columns as they are, other rows by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model

from catalog.bulk import chunks
from catalog.errors import Fault, Invalid
from catalog.facts import same
from catalog.models import Blueprint, Entity
from catalog.storable import storable_faults
from portal.archive import naming
from portal.archive.lines import (
    CHUNK,
    Context,
    Document,
    Faults,
    Lines,
    Selection,
    Tally,
    unknown_keys,
)
from portal.fields import EncryptedTextField


def _nothing(row: Any) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class RowKind:
    """Rows of a model, known by the fields of `key`; without a key, rows that are only added.

    `left_out` are fields that stay behind besides secrets; a new row gets them by `prepare`. What
    is wrong with a row as a whole, `check` raises as `Invalid` or `ValidationError`. Of kinds that
    `are_many`, rows are not asked one by one whether they are unique. `moves_entities` says that
    what they are about is to be evaluated again.
    """

    name: str
    model: type[Model]
    key: tuple[str, ...] = ("identifier",)
    left_out: frozenset[str] = frozenset()
    many: tuple[str, ...] = ()
    check: Callable[[Any], None] = _nothing
    prepare: Callable[[Any], None] = _nothing
    is_history: bool = False
    are_many: bool = False
    moves_entities: bool = False

    @cached_property
    def fields(self) -> dict[str, models.Field]:
        """Return the fields that are in the archive, by name."""
        return {
            field.name: field
            for field in self.model._meta.local_concrete_fields
            if not isinstance(field, EncryptedTextField | models.AutoField)
            and field.column is not None
            and field.name not in self.left_out
        }

    @cached_property
    def _pointing(self) -> dict[str, type[Model]]:
        pairs = {name: field.related_model for name, field in self.fields.items()}
        return {name: model for name, model in pairs.items() if model is not None}

    def documents(self, selection: Selection) -> Iterator[Document]:
        """Yield the rows in the order in which they were made."""
        for rows in chunks(self._rows(), CHUNK):
            yield from self._told(rows)

    def _rows(self) -> Iterator[Model]:
        rows = self.model._base_manager.all()
        pk = self.model._meta.pk
        if pk.related_model is Entity:
            # Numbers of entities are others after an import: in the order of the archive.
            names = Blueprint.objects.values_list("identifier", flat=True)
            for name in sorted(names):
                found = rows.filter(**{f"{pk.name}__blueprint__identifier": name})
                yield from found.order_by("pk").iterator(CHUNK)
        elif pk.related_model is not None or not isinstance(pk, models.AutoField):
            names = naming.names_of(pk.related_model, rows.values("pk")) if pk.related_model else {}
            yield from sorted(rows, key=lambda row: names.get(row.pk, row.pk))
        elif self.model in self._pointing.values():
            yield from self._parents_first(list(rows.order_by("pk")))
        else:
            yield from rows.order_by("pk").iterator(CHUNK)

    def _parents_first(self, rows: Sequence[Model]) -> Iterator[Model]:
        (name,) = (name for name, model in self._pointing.items() if model is self.model)
        attname, told = self.fields[name].attname, {None}
        waiting = list(rows)
        while waiting:
            ready = [row for row in waiting if getattr(row, attname) in told]
            # What hangs on itself is no tree; it is told all the same, and refused where it comes.
            yield from (ready or waiting)
            told |= {row.pk for row in ready}
            waiting = [row for row in waiting if row.pk not in told] if ready else []

    def _told(self, rows: Sequence[Model]) -> Iterator[Document]:
        names = {
            name: naming.names_of(model, {getattr(row, self.fields[name].attname) for row in rows})
            for name, model in self._pointing.items()
        }
        for row in rows:
            document = {
                name: names[name].get(getattr(row, field.attname))
                if name in names
                else _plain(getattr(row, field.attname))
                for name, field in self.fields.items()
            }
            for name in self.many:
                found = naming.names_of(
                    self.model._meta.get_field(name).related_model,
                    list(getattr(row, name).values_list("pk", flat=True)),
                )
                document[name] = sorted(found.values())
            yield document

    def secrets(self) -> list[str]:
        """Return which rows have secrets, which stay behind."""
        sealed = [
            field.name
            for field in self.model._meta.local_concrete_fields
            if isinstance(field, EncryptedTextField)
        ]
        return [
            f"{self.name}: {getattr(row, self.key[0])} ({name})"
            for row in self.model._base_manager.order_by("pk") if sealed
            for name in sealed
            if getattr(row, name)
        ]  # fmt: skip

    def store(self, lines: Lines, context: Context) -> Tally:
        """Write the rows, those that are there already only where they differ."""
        tally = Tally()
        if self.is_history and self.model._base_manager.exists():
            tally.note = "left out: this installation has a history of its own"
            return tally
        # What hangs on rows of the same kind needs them to be there.
        size = 1 if self.model in self._pointing.values() else CHUNK
        for chunk in chunks(lines, size):
            self._store(chunk, Faults(lines.file), tally)
            context.advance(len(chunk))
        if self.moves_entities and tally.moved:
            self._mark(context.now)
        return tally

    def _mark(self, now: datetime) -> None:
        ids = self.model._base_manager.values("entity_id")
        Entity.objects.filter(id__in=ids).update(stale_since=now)

    def _store(self, chunk: Sequence[tuple[int, Document]], faults: Faults, tally: Tally) -> None:
        wanted = self._read(chunk, faults)
        stored = self._stored([values for _, values, _ in wanted])
        new: list[tuple[int, Model, Document]] = []
        changed: list[tuple[int, Model, Document]] = []
        for line, values, many in wanted:
            row = stored.get(self._key_of(values)) if self.key else None
            if row is None:
                row = self.model(**values)
                self.prepare(row)
                new.append((line, row, many))
                stored[self._key_of(values)] = row
            elif self._differs(row, values, many):
                for attname, value in values.items():
                    setattr(row, attname, value)
                changed.append((line, row, many))
            else:
                tally.same += 1
        for line, row, _ in (*new, *changed):
            faults.add(line, self._row_faults(row))
        faults.must_be_none()
        self.model._base_manager.bulk_create([row for _, row, _ in new])
        attnames = [
            field.name for field in self.fields.values() if not field.primary_key and self.key
        ]
        if changed:
            self.model._base_manager.bulk_update([row for _, row, _ in changed], attnames)
        for _, row, many in (*new, *changed):
            for name, keys in many.items():
                getattr(row, name).set(keys)
        tally.created += len(new)
        tally.changed += len(changed)

    def _stored(self, wanted: Sequence[Document]) -> dict[Any, Model]:
        if not self.key:
            return {}
        within = {
            f"{attname}__in": {values[attname] for values in wanted}
            for attname in (self.fields[name].attname for name in self.key)
        }
        rows = self.model._base_manager.filter(**within)
        return {self._key_of(vars(row)): row for row in rows}

    def _key_of(self, values: Document) -> Any:
        return tuple(values[self.fields[name].attname] for name in self.key) or object()

    def _differs(self, row: Any, values: Document, many: Document) -> bool:
        if any(not same(getattr(row, attname), value) for attname, value in values.items()):
            return True
        return any(
            set(getattr(row, name).values_list("pk", flat=True)) != set(keys)
            for name, keys in many.items()
        )

    def _row_faults(self, row: Any) -> Iterator[Fault]:
        try:
            if not self.are_many:
                row.validate_unique()
            self.check(row)
        except Invalid as error:
            yield from error.faults
        except ValidationError as error:
            yield from (Fault("", message) for message in error.messages)

    def _read(
        self, chunk: Sequence[tuple[int, Document]], faults: Faults
    ) -> list[tuple[int, Document, Document]]:
        """Return the values of columns, and of what is many, by line; raises `Invalid`."""
        pointing = {
            **self._pointing,
            **{name: self.model._meta.get_field(name).related_model for name in self.many},
        }
        for line, document in chunk:
            found = unknown_keys(document, [*self.fields, *self.many])
            faults.add(line, found or storable_faults(document) or self._misnamed(document))
        faults.must_be_none()
        keys = {
            name: naming.found(
                model, [item for _, document in chunk for item in self._named(document, name)]
            )
            for name, model in pointing.items()
        }
        read = []
        for line, document in chunk:
            values, many = {}, {}
            for name, field in self.fields.items():
                try:
                    if name in pointing:
                        values[field.attname] = self._pointed(field, document[name], keys[name])
                    else:
                        values[field.attname] = _value(field, document[name])
                except ValidationError as error:
                    faults.add(line, [Fault(name, "; ".join(error.messages))])
            for name in self.many:
                many[name] = [keys[name].get(naming.as_key(item)) for item in document[name]]
                if None in many[name]:
                    faults.add(line, [Fault(name, "names what is not there; import it first")])
            read.append((line, values, many))
        faults.must_be_none()
        return read

    def _named(self, document: Document, name: str) -> list[Any]:
        value = document[name]
        if name in self.many:
            return value
        return [] if value is None else [value]

    def _misnamed(self, document: Document) -> Iterator[Fault]:
        for name, model in self._pointing.items():
            if document[name] is not None and not naming.is_name(model, document[name]):
                yield Fault(name, "is no name of another thing in the archive")
        for name in self.many:
            model, value = self.model._meta.get_field(name).related_model, document[name]
            if not isinstance(value, list) or not all(
                naming.is_name(model, item) for item in value
            ):
                yield Fault(name, "is no list of names of other things in the archive")

    def _pointed(self, field: models.Field, name: Any, keys: Any) -> Any:
        if name is None:
            if not field.null:
                raise ValidationError("is required")
            return None
        key = keys.get(naming.as_key(name))
        # History outlives what it is about, where its rows may.
        if key is None and not (self.is_history and field.null):
            shown = "/".join(name) if isinstance(name, list) else name
            kind = field.related_model._meta.verbose_name
            raise ValidationError(f"there is no {kind} '{shown}' here; import it first")
        return key


def _plain(value: Any) -> Any:
    """Return a value of a column as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date | time) else value


def _value(field: models.Field, raw: Any) -> Any:
    """Return a value of JSON as the column has it; raises `ValidationError`."""
    if raw is None:
        if not field.null:
            raise ValidationError("is required")
        return None
    if isinstance(field, models.JSONField):
        return raw
    wants_text = isinstance(
        field, models.CharField | models.TextField | models.DateField | models.TimeField
    )
    if wants_text != isinstance(raw, str):
        raise ValidationError("is of the wrong type")
    value = field.to_python(raw)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValidationError("lacks a time zone")
    if value not in field.empty_values:
        value = field.clean(raw, None)
    return value
