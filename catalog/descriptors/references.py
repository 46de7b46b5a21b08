"""How catalog files name entities: `kind:namespace/name`. Pure."""

from dataclasses import dataclass
from typing import Self

DEFAULT_NAMESPACE = "default"
TEAM_KIND = "team"


@dataclass(frozen=True, order=True)
class Reference:
    """The name of an entity, whether there is one or not."""

    kind: str
    name: str
    namespace: str = DEFAULT_NAMESPACE

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a reference names; raises `ValueError`.

        >>> Reference.parse("service:cart").identifier, str(Reference.parse("service:shop/cart"))
        ('cart', 'service:shop/cart')
        """
        kind, colon, rest = text.partition(":")
        if not (kind and colon and rest):
            raise ValueError("give a reference: kind:name, or kind:namespace/name")
        return cls.of(kind, rest)

    @classmethod
    def of(cls, kind: str, identifier: str) -> Self:
        """Return the reference to the entity of a kind that has this identifier."""
        namespace, slash, name = identifier.partition("/")
        if slash and namespace and name:
            return cls(kind, name, namespace)
        return cls(kind, identifier)

    @classmethod
    def team(cls, owner: str) -> Self:
        """Return the team that an owner names: by its handle, or by a reference."""
        handle = owner.removeprefix(f"{TEAM_KIND}:").removeprefix(f"{DEFAULT_NAMESPACE}/")
        # What identifiers may not hold; a team's own name becomes its title.
        return cls(TEAM_KIND, "-".join(handle.split()))

    @property
    def identifier(self) -> str:
        """Return the identifier of the entity: its name, after its namespace if it has one."""
        if self.namespace == DEFAULT_NAMESPACE:
            return self.name
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"
