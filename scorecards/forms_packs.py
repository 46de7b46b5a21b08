"""The form of a pack: a field for each of its settings."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.forms import OperationForm
from scorecards.models import InstalledPack
from scorecards.packs import Choice, Flag, Setting, Whole, as_text, known_settings, settings_of


class PackForm(OperationForm):
    """A pack without settings. `pack_form` adds the fields of one that has some."""

    class Meta:
        model = InstalledPack
        fields = ()

    def settings(self) -> dict[str, Any]:
        """Return the settings that the form asks for."""
        names = [setting.name for setting in settings_of(self.instance.name)]
        return {name: self.cleaned_data[name] for name in names}


def pack_form(pack: InstalledPack) -> type[PackForm]:
    """Return the form class for the settings of a pack, which need not be installed yet."""
    values = known_settings(pack.name, pack.settings)
    fields = {item.name: _field(item, values[item.name]) for item in settings_of(pack.name)}
    return type("GeneratedPackForm", (PackForm,), fields)


def _field(setting: Setting, value: Any) -> forms.Field:
    """Return the field of a setting. Whether a value can be had is for the operation to say."""
    shown = {"label": setting.title, "help_text": setting.description}
    match setting.kind:
        case Choice(options=options):
            return forms.TypedChoiceField(
                choices=[(as_text(option), words) for option, words in options.items()],
                coerce=setting.kind.from_text,
                initial=as_text(value),
                widget=UnfoldAdminSelectWidget(),
                **shown,
            )
        case Whole(lowest=lowest, highest=highest):
            bounds = {"min": lowest, "max": highest}
            widget = UnfoldAdminIntegerFieldWidget(attrs=bounds)
            return forms.IntegerField(initial=value, widget=widget, **shown)
        case Flag():
            widget = UnfoldBooleanSwitchWidget()
            return forms.BooleanField(initial=value, required=False, widget=widget, **shown)
