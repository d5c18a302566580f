"""The switches of the synthesis: one boolean for each kind of damage and of sound look-alike; no drawing here."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class SynthesisSwitches:
    """Which kinds may be drawn; a kind that is off never appears in a batch.

    The first block is damage (marked in the target), the second is sound content that looks
    like damage (never marked), the third is the ageing and capture of the whole print.
    """

    torn_crack: bool = True
    fold: bool = True
    hairline: bool = True
    dendrite: bool = True
    craquelure: bool = True
    scratch: bool = True
    scratch_bundle: bool = True
    faint_scratch: bool = True
    abrasion: bool = True
    skid: bool = True
    peel: bool = True
    flakes: bool = True
    border_wear: bool = True
    torn_corner: bool = True
    dust: bool = True
    specks: bool = True
    hair: bool = True
    lint: bool = True
    stamped_scratch: bool = True

    handwriting: bool = True
    caption: bool = True
    signature: bool = True
    watermark: bool = True
    silk_emboss: bool = True
    curtain: bool = True
    plate_edge: bool = True
    white_margin: bool = True
    hair_strands: bool = True
    whiskers: bool = True
    wires: bool = True
    catch_light: bool = True
    jewellery: bool = True
    collar: bool = True
    lace: bool = True

    toning: bool = True
    fading: bool = True
    print_blur: bool = True
    uneven_light: bool = True
    paper_texture: bool = True
    stains: bool = True
    grain: bool = True
    displaced_halves: bool = True
    capture: bool = True

    def enabled(self, name: str) -> bool:
        """Whether the kind called `name` may be drawn; an unknown name is a KeyError."""
        return dataclasses.asdict(self)[name]

    @classmethod
    def only(cls, *names: str, ageing: bool = False) -> SynthesisSwitches:
        """Switches with nothing but `names` on (and the ageing and capture, if `ageing`)."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = set(names) - known
        if unknown:
            raise ValueError(f"no such kind of synthesis: {sorted(unknown)}; known are {sorted(known)}")
        chosen = set(names) | (set(AGEING) if ageing else set())
        return cls(**{name: name in chosen for name in known})


DAMAGE = (
    "torn_crack", "fold", "hairline", "dendrite", "craquelure", "scratch", "scratch_bundle",
    "faint_scratch", "abrasion", "skid", "peel", "flakes", "border_wear", "torn_corner", "dust", "specks",
    "hair", "lint", "stamped_scratch",
)
NEGATIVES = (
    "handwriting", "caption", "signature", "watermark", "silk_emboss", "curtain", "plate_edge",
    "white_margin", "hair_strands", "whiskers", "wires", "catch_light", "jewellery", "collar", "lace",
)
AGEING = (
    "toning", "fading", "print_blur", "uneven_light", "paper_texture", "stains", "grain",
    "displaced_halves", "capture",
)
