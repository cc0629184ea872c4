"""What of a personality shapes its tables; devices that agree in it share them."""

from __future__ import annotations

from dataclasses import dataclass

from frisket.catalog.setting import Setting
from frisket.mfd.device import Device
from frisket.mfd.personality import Supply, Tray


@dataclass(frozen=True, slots=True)
class Model:
    """The parts of a personality that the tables are made of. `product` is the bare model name."""

    vendor: str
    product: str
    object_id: str
    color: bool
    pages_per_minute: int
    languages: tuple[str, ...]
    supplies: tuple[Supply, ...]
    trays: tuple[Tray, ...]
    settings: tuple[Setting, ...]


def model_of(device: Device) -> Model:
    """Return the model of a device."""
    personality = device.personality
    return Model(
        vendor=personality.vendor,
        product=personality.model.removesuffix(" (virtual)"),
        object_id=personality.object_id,
        color=personality.color,
        pages_per_minute=personality.pages_per_minute,
        languages=personality.languages,
        supplies=personality.supplies,
        trays=personality.trays,
        settings=tuple(map(device.content.catalog.__getitem__, device.store.keys())),
    )
