"""Facts as bits: each value that a fact may have is one bit, and the bits are cut into bitsets.

Of an episode the bit of each coding is set, then those of what is concluded. A premise holds if
the bit of one of its values is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from softbalance.rules.model import FORM, SETS, Codebook, Rulebook

#: As many bits of a bitset leave the sign of a 64-bit integer alone.
BITSET_WIDTH = 62
#: The columns of bitsets are called so, and numbered.
BITSET_PREFIX = "__word_"


class BitPositions:
    """Where the values of facts stand.

    Made of the values that inputs can take, one of which each has, and those of facts that are
    concluded. The place of a fact depends on those before it alone; it is in one bitset if it fits.
    """

    def __init__(
        self, inputs: Mapping[str, tuple[str, ...]], concluded: Mapping[str, tuple[str, ...]] = {}
    ) -> None:
        self.inputs = frozenset(inputs)
        self.facts: dict[str, dict[str, int]] = {}
        place = 0
        for fact, values in {**inputs, **concluded}.items():
            if place % BITSET_WIDTH + len(values) > BITSET_WIDTH >= len(values):
                place += -place % BITSET_WIDTH
            self.facts[fact] = {value: 1 << place + i for i, value in enumerate(values)}
            place += len(values)
        self.bitsets = [f"{BITSET_PREFIX}{n}" for n in range(-(-place // BITSET_WIDTH))]

    def mask_values(self, fact: str, values: Iterable[str]) -> int:
        """Return the bits of some values of a fact."""
        return sum(self.facts[fact][value] for value in set(values))

    def mask_other_values(self, fact: str, values: Iterable[str]) -> int:
        """Return the bits of all other values of a fact."""
        return self.mask_values(fact, self.facts[fact].keys() - set(values))


def split_mask(mask: int) -> dict[str, int]:
    """Return the bitsets in which a mask has bits, and these bits."""
    lengths = range(0, mask.bit_length(), BITSET_WIDTH)
    bitsets = {
        f"{BITSET_PREFIX}{n}": mask >> at & (1 << BITSET_WIDTH) - 1 for n, at in enumerate(lengths)
    }
    return {bitset: bits for bitset, bits in bitsets.items() if bits}


def assign_coding_bits(codebook: Codebook) -> BitPositions:
    """Return where codings stand: the same for every rulebook over the codebook."""
    return BitPositions(_inputs(codebook))


def assign_rulebook_bits(rulebook: Rulebook) -> BitPositions:
    """Return where codings stand and, after them, the facts that a rulebook concludes and reads."""
    read = {fact for stage in rulebook.stages for fact in stage.reads}
    inputs = _inputs(rulebook.codebook)
    concluded = dict.fromkeys(rule.fact for rule in rulebook.rules)
    later = [f for f in concluded if f in read and f not in inputs and f not in SETS]
    return BitPositions(inputs, {fact: rulebook.domain(fact) for fact in later})


def _inputs(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    return {FORM: tuple(codebook.forms), **{i.id: i.domain for i in codebook.indicators.values()}}
