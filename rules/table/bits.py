"""Facts as bits: each value that a fact may have is one bit, and the bits are cut into words.

Of an episode the bit of each coding is set, then those of what is concluded. A premise holds if
the bit of one of its values is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from softbalance.rules.model import FORM, SETS, Codebook, Rulebook
from softbalance.schemas.fields import VALUES

#: As many bits of a word leave the sign of a 64-bit integer alone.
WORD_BITS = 62
#: The columns of words are called so, and numbered.
WORD = "__word_"


class Bits:
    """Where the values of facts stand.

    Made of the values that inputs can take, one of which each has, and those of facts that are
    concluded. The place of a fact depends on those before it alone; it is in one word if it fits.
    """

    def __init__(
        self, inputs: Mapping[str, tuple[str, ...]], concluded: Mapping[str, tuple[str, ...]] = {}
    ) -> None:
        self.inputs = frozenset(inputs)
        self.facts: dict[str, dict[str, int]] = {}
        place = 0
        for fact, values in {**inputs, **concluded}.items():
            if place % WORD_BITS + len(values) > WORD_BITS >= len(values):
                place += -place % WORD_BITS
            self.facts[fact] = {value: 1 << place + i for i, value in enumerate(values)}
            place += len(values)
        self.words = [f"{WORD}{n}" for n in range(-(-place // WORD_BITS))]

    def mask(self, fact: str, values: Iterable[str]) -> int:
        """Return the bits of some values of a fact."""
        return sum(self.facts[fact][value] for value in set(values))

    def forbidden(self, fact: str, values: Iterable[str]) -> int:
        """Return the bits of all other values of a fact."""
        return self.mask(fact, self.facts[fact].keys() - set(values))


def parts(mask: int) -> dict[str, int]:
    """Return the words in which a mask has bits, and these bits."""
    lengths = range(0, mask.bit_length(), WORD_BITS)
    words = {f"{WORD}{n}": mask >> at & (1 << WORD_BITS) - 1 for n, at in enumerate(lengths)}
    return {word: bits for word, bits in words.items() if bits}


def codings_bits(codebook: Codebook) -> Bits:
    """Return where codings stand: the same for every rulebook over the codebook."""
    return Bits(_inputs(codebook))


def rulebook_bits(rulebook: Rulebook) -> Bits:
    """Return where codings stand and, after them, the facts that a rulebook concludes and reads."""
    read = {fact for stage in rulebook.stages for fact in stage.reads}
    inputs = _inputs(rulebook.codebook)
    concluded = dict.fromkeys(rule.fact for rule in rulebook.rules)
    later = [f for f in concluded if f in read and f not in inputs and f not in SETS]
    return Bits(inputs, {fact: rulebook.domain(fact) for fact in later})


def _inputs(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    return {FORM: tuple(codebook.forms), **dict.fromkeys(codebook.indicators, VALUES)}
