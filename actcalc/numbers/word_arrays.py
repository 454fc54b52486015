"""Read many decimal words at a time: the floats that ``float`` gives, in a fraction of the time.

The digits of a word, at most nineteen, make a whole number, which is divided by a power of ten as a pair of
float64 (Clinger, How to read floating point numbers accurately, 1990, for the case of one float64). ``float``
reads words with exponents, and those whose rounding stays undecided.
"""

import numpy as np

from actcalc.numbers.error_free import two_product
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.numerals import LONGEST

_MOST_DIGITS = 19
"""The most digits that always make a whole number below 2**64."""
_TENS = np.array([float(10**k) for k in range(23)])
"""The powers of ten that are exact in float64."""
_KEPT = np.array([2**64 - 2 ** (64 - 8 * n) for n in range(8)] + [2**64 - 1], np.uint64)
"""Masks that keep the last n of eight bytes."""


def read_floats(source: bytes) -> Array | None:
    """The float64 nearest to each decimal number of a text separated by white space, or None.

    None means that some word is not a decimal number, or is too long.
    """
    padded = np.frombuffer(b" " * 24 + source + b" ", np.uint8)
    is_space = (padded == 32) | (padded - np.uint8(9) < 5)
    is_digit = padded - np.uint8(48) < 10
    others = np.flatnonzero(~(is_space | is_digit))
    starts, ends = _words(is_space)
    if len(starts) == 0:
        return np.zeros(0)
    if (ends - starts).max() > LONGEST:
        return None
    # Anything but a leading sign and a single point makes a word irregular.
    kinds = padded[others]
    at = np.searchsorted(starts, others, side="right") - 1
    is_sign = ((kinds == 43) | (kinds == 45)) & (others == starts[at])
    is_point = kinds == 46
    is_point[1:] &= ~(is_point[:-1] & (at[1:] == at[:-1]))
    irregular = np.zeros(len(starts), bool)
    irregular[at[~(is_sign | is_point)]] = True
    points = at[is_point]
    places = np.zeros(len(starts), np.int64)
    places[points] = ends[points] - others[is_point] - 1
    digits = np.frombuffer(padded.tobytes().translate(None, b"+-."), np.uint8)
    first, last = _words((digits == 32) | (digits - np.uint8(9) < 5))
    if len(first) != len(starts):
        return None  # a word without digits
    count = last - first
    irregular |= (count > _MOST_DIGITS) | (places >= len(_TENS))
    whole = _whole_numbers(digits, last, np.minimum(count, _MOST_DIGITS))
    with np.errstate(all="ignore"):
        result, certain = _quotients(whole, _TENS[np.minimum(places, 22)])
    negative = padded[starts] == 45
    result[negative] *= -1
    for i in np.flatnonzero(irregular | ~certain).tolist():
        word = padded[starts[i] : ends[i]].tobytes()
        if word.translate(None, b"0123456789.eE+-"):
            return None
        try:
            result[i] = float(word)
        except ValueError:
            return None
    return result


def _words(is_space: Array) -> tuple[Array, Array]:
    """Where words start and end; there is space before the first and after the last."""
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    return edges[::2], edges[1::2]


def _whole_numbers(digits: Array, ends: Array, count: Array) -> Array:
    """The whole numbers made of the ``count`` digits, at most nineteen, that end before ``ends``."""
    # The eight bytes from each place on as a little-endian number
    words = np.ndarray((len(digits) - 7,), "<u8", digits, 0, (1,))
    total = np.zeros(len(ends), np.uint64)
    for group in range(3):
        left = count - 8 * group
        if group and left.max() <= 0:
            break
        x = words[ends - 8 * (group + 1)] & 0x0F0F0F0F0F0F0F0F & _KEPT[np.clip(left, 0, 8)]
        x = x * 10 + (x >> 8) & 0x00FF00FF00FF00FF
        x = x * 100 + (x >> 16) & 0x0000FFFF0000FFFF
        x = x * 10**4 + (x >> 32) & 0xFFFFFFFF
        total += x * 10 ** (8 * group)
    return total


def _quotients(whole: Array, power: Array) -> tuple[Array, Array]:
    """Quotients rounded once, and where their rounding is certain."""
    near = whole.astype(np.float64)
    rest = (whole - to_integers(near, np.uint64)).view(np.int64).astype(np.float64)
    quotient = near / power
    if not rest.any():  # both are float64
        return quotient, np.ones(len(whole), bool)
    product, lost = two_product(quotient, power)
    more = ((near - product) - lost + rest) / power
    doubt = abs(more) * 2.0**-50 + quotient * 2.0**-100
    low, high = quotient + (more - doubt), quotient + (more + doubt)
    certain = (low == high) | (rest == 0)
    return np.where(rest == 0, quotient, low), certain
