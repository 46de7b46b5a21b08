"""Which packs are installed."""

from django.core.exceptions import ValidationError
from django.db import models

from catalog.errors import Invalid
from scorecards.packs import PACKS, parse_settings


class InstalledPack(models.Model):
    """A pack that is installed, with the settings that its documents were made with.

    `updated_at` is when it was last brought up to date.
    """

    name = models.CharField(max_length=100, primary_key=True)
    settings = models.JSONField(default=dict, blank=True)
    installed_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "pack"

    def __str__(self) -> str:
        return PACKS[self.name].title if self.name in PACKS else self.name

    def clean(self) -> None:
        """Refuse what is no pack, and settings that it cannot have."""
        if self.name not in PACKS:
            there_are = ", ".join(sorted(PACKS))
            raise ValidationError({"name": f"there is no such pack; there are: {there_are}"})
        try:
            parse_settings(self.name, self.settings)
        except Invalid as error:
            messages = [f"{fault.path}: {fault.message}" for fault in error.faults]
            raise ValidationError({"settings": messages}) from error
