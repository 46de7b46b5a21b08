"""What catalog files say of an entity and of a kind, beyond what the catalog itself keeps."""

from django.db import models

from catalog.models import Blueprint, Entity


class EntityDefinition(models.Model):
    """The definition that an entity was last written from, kept whole to be read back.

    `document` is the definition as sent, parsed; `text` as it came, where it came as text.
    `schema_version` is that of its format: "v3", or "v2.2" and below. `namespace` is part of its
    name in references; one other than "default" is part of the entity's identifier too.
    `inherited` is the metadata that it took over when it was written.
    """

    entity = models.OneToOneField(
        Entity, on_delete=models.CASCADE, related_name="definition", primary_key=True
    )
    schema_version = models.CharField(max_length=10)
    namespace = models.CharField(max_length=200, default="default")
    document = models.JSONField()
    inherited = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.entity_id} from {self.schema_version}"


class KindNote(models.Model):
    """A blueprint that was made as a kind of entity by a client, with what it gave."""

    blueprint = models.OneToOneField(
        Blueprint, on_delete=models.CASCADE, related_name="kind_note", primary_key=True
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.blueprint_id)


class DeclaredRelation(models.Model):
    """One direction of a relation that a definition declares, also to what does not exist.

    Entities are named by kind and identifier, not by key: a definition may come before what it
    names. `type` is the word of the API. Two definitions may declare the same, each from its end.
    """

    definer = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="declared")
    type = models.CharField(max_length=40)
    from_kind = models.CharField(max_length=100)
    from_identifier = models.CharField(max_length=1000)
    to_kind = models.CharField(max_length=100)
    to_identifier = models.CharField(max_length=1000)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The relations of an entity, in either direction.
            models.Index(fields=["from_kind", "from_identifier"], name="declared_from"),
            models.Index(fields=["to_kind", "to_identifier"], name="declared_to"),
        ]

    def __str__(self) -> str:
        return f"{self.from_identifier} {self.type} {self.to_identifier}"
