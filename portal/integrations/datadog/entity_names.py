"""How entities are named here: `kind:name`, or `kind:namespace/name`. Pure."""

from dataclasses import dataclass

SERVICE = "service"
_DEFAULT = "default/"


@dataclass(frozen=True)
class EntityName:
    """An entity by its kind, which is a blueprint, and its identifier there."""

    kind: str
    identifier: str

    @property
    def reference(self) -> str:
        """Return the reference of the entity.

        >>> EntityName("service", "cart").reference
        'service:cart'
        """
        return f"{self.kind}:{self.identifier}"

    @property
    def service_name(self) -> str:
        """Return the name where it is a service; others are told apart by their reference."""
        return self.identifier if self.kind == SERVICE else self.reference


def name_of(reference: str) -> EntityName | None:
    """Return the entity that a reference names; None where it names none.

    The namespace `default` is the one that goes without saying.

    >>> name_of("service:default/cart") == name_of("service:cart")
    True
    >>> name_of("api:shop/cart")
    EntityName(kind='api', identifier='shop/cart')
    """
    kind, colon, identifier = reference.partition(":")
    identifier = identifier.removeprefix(_DEFAULT)
    return EntityName(kind, identifier) if kind and colon and identifier else None


def name_of_service(name: str) -> EntityName:
    """Return the service of a name, as it stands in `service_name`."""
    return EntityName(SERVICE, name)
