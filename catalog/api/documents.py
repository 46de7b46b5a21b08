"""CRUD of what is written as one document under an identifier: blueprints, scorecards."""

from typing import Any

from django.db import models, transaction
from rest_framework import exceptions, mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Conflict, Invalid
from portal.api.viewsets import ApiViewSet


class DocumentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """POST creates, PUT creates or replaces, PATCH replaces the parts it names.

    Subclasses say how a document is saved and removed; their serializer shows it.
    """

    lookup_field = "identifier"
    noun = ""

    def save(self, definition: dict[str, Any]) -> models.Model:
        """Create or replace by the document."""
        raise NotImplementedError

    def remove(self, row: Any) -> None:
        """Delete the object."""
        raise NotImplementedError

    def get_object(self) -> Any:
        """Return the object that the address names."""
        row = self.get_queryset().filter(identifier=self.identifier).first()
        if row is None:
            raise exceptions.NotFound(f"There is no {self.noun} '{self.identifier}'.")
        return row

    @property
    def identifier(self) -> str:
        """Return the identifier in the address."""
        return self.kwargs["identifier"]

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create from a document."""
        body = self.body()
        with transaction.atomic():
            if self._is_stored(body.get("identifier")):
                raise Conflict(
                    f"There is a {self.noun} '{body['identifier']}' already; PUT replaces it."
                )
            row = self.save(body)
        return self._answer(row, status.HTTP_201_CREATED)

    def update(self, request: Request, **kwargs: Any) -> Response:
        """Create or replace by a document."""
        body = self._body()
        with transaction.atomic():
            is_new = not self._is_stored(self.identifier)
            row = self.save(body)
        return self._answer(row, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Replace the parts of a document that the body names."""
        body = self._body()
        with transaction.atomic():
            # Locked, so that two patches of different parts do not undo each other.
            self.queryset.model.objects.select_for_update().filter(
                identifier=self.identifier
            ).first()
            # The whole document, also what whoever asks may not read of it.
            row = self.save({**self.serializer_class(self.get_object()).data, **body})
        return self._answer(row, status.HTTP_200_OK)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete."""
        self.remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _body(self) -> dict[str, Any]:
        body = {"identifier": self.identifier, **self.body()}
        if body["identifier"] != self.identifier:
            raise Invalid.at(
                "identifier", f"the address says '{self.identifier}'; it cannot be renamed"
            )
        return body

    def _is_stored(self, identifier: Any) -> bool:
        return (
            isinstance(identifier, str)
            and self.queryset.model.objects.filter(identifier=identifier).exists()
        )

    def _answer(self, row: models.Model, code: int) -> Response:
        return Response(self.get_serializer(row).data, status=code)
