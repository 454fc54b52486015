"""The words of a page in its languages; numbers and formulas are the same in all."""

from collections.abc import Mapping

from actcalc.errors import ActcalcError, join_names, quote

Words = Mapping[str, str]

_ENGLISH: Words = {
    # Parts of the page.
    "graph": "Graph of g and g' with a point, its tangent and the little triangle",
    "numbers": "Numbers at the point",
    "controls": "Controls",
    "hint": "Drag the point, or move it with the arrow keys; Page Up and Page Down take ten steps.",
    "exactness": "= exact, \N{ALMOST EQUAL TO} the exact value rounded once",
    "curve": "Curve",
    "points": "Points",
    "zoom": "Zoom",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "zoom_off": "The whole picture",
    "z_field": "z, type a number",
    "width_slider": "Width of the triangle",
    "parameter_slider": "Parameter {name}",
    "no_script": "This page needs JavaScript to draw the graph and move the point.",
    "own_scales": "Each curve has a scale of its own; the axis is that of {name}.",
    # The triangle.
    "width": "width",
    "height": "height",
    "slope": "height / width",
    "slope_left": "height / width, left",
    "slope_right": "height / width, right",
    # The slope from a.
    "shortcut": "g' from a",
    "with_a": "g' = {formula}, with a = g(z)",
    "in_float64": "computed in float64 it is {value}",
    "none": "none: {reason}",
    # Kinks and jumps.
    "at_kink": "at the kink",
    "at_jump": "at the jump",
    "subgradients": "subgradients",
    "slopes": "slopes",
    "kink": "{kind} {left} (left) to {right} (right); g' is undefined, returned {value} ({rule})",
    "jump": "g jumps from {below} to {above}; slopes {left} (left) and {right} (right);"
    " g' is undefined, returned {value} ({rule})",
    "returned": "returned",
    "jumps": "(jumps from {left} to {right})",
    # Announcements as the point moves.
    "said": "{name} at z = {z}: g {g}, g' {dg}",
    "said_kink": "{name} at z = {z}, a kink: g {g}, g' returned {dg}",
    "said_jump": "{name} at z = {z}, a jump: g {g}, g' returned {dg}",
    "snapped": "{z} is not on this page; the nearest point is {nearest}",
    "outside": "{z} is outside: points go from {low} to {high}",
    "no_number": "{text} is not a number: type for example 0.5",
    # Reasons why there is no slope from a.
    "two_z_minimum": "near the minimum two different z give the same a, with different slopes",
    "two_z": "two different z give the same a, with different slopes",
    "many_z": "many different z give the same a, with two different slopes",
    "even": "g is even, so a shows neither the sign of z nor that of the slope",
    "even_value": "g is even, so the value shows neither the sign of z nor that of the slope",
    "formula": "it is a formula, whose inverse is unknown",
    "no_closed_form": "has no solution in closed form",
}

_UKRAINIAN: Words = {
    "graph": "Графік g та g' з точкою, дотичною і маленьким трикутником",
    "numbers": "Числа в точці",
    "controls": "Керування",
    "hint": "Тягніть точку або рухайте її клавішами зі стрілками; Page Up і Page Down — на десять кроків.",
    "exactness": "= точно, \N{ALMOST EQUAL TO} точне значення, округлене один раз",
    "curve": "Крива",
    "points": "Точки",
    "zoom": "Масштаб",
    "zoom_in": "Збільшити",
    "zoom_out": "Зменшити",
    "zoom_off": "Увесь графік",
    "z_field": "z, введіть число",
    "width_slider": "Ширина трикутника",
    "parameter_slider": "Параметр {name}",
    "no_script": "Щоб намалювати графік і рухати точку, цій сторінці потрібен JavaScript.",
    "own_scales": "Кожна крива має власний масштаб; вісь показує масштаб {name}.",
    "width": "ширина",
    "height": "висота",
    "slope": "висота / ширина",
    "slope_left": "висота / ширина, ліворуч",
    "slope_right": "висота / ширина, праворуч",
    "shortcut": "g' через a",
    "with_a": "g' = {formula}, де a = g(z)",
    "in_float64": "у float64 виходить {value}",
    "none": "немає: {reason}",
    "at_kink": "у точці зламу",
    "at_jump": "у точці стрибка",
    "subgradients": "субградієнти",
    "slopes": "нахили",
    "kink": "{kind} від {left} (ліворуч) до {right} (праворуч); g' не визначена, повернуто {value} ({rule})",
    "jump": "g стрибає від {below} до {above}; нахили {left} (ліворуч) і {right} (праворуч);"
    " g' не визначена, повернуто {value} ({rule})",
    "returned": "повернуто",
    "jumps": "(стрибає від {left} до {right})",
    "said": "{name} при z = {z}: g {g}, g' {dg}",
    "said_kink": "{name} при z = {z}, злам: g {g}, g' повернуто {dg}",
    "said_jump": "{name} при z = {z}, стрибок: g {g}, g' повернуто {dg}",
    "snapped": "{z} не обчислено; найближча обчислена точка — {nearest}",
    "outside": "{z} поза межами: є точки від {low} до {high}",
    "no_number": "{text} — не число: напишіть, наприклад, 0.5",
    "two_z_minimum": "поблизу мінімуму одному a відповідають два z і два нахили",
    "two_z": "одному a відповідають два z і два нахили",
    "many_z": "одному a відповідає багато z і два нахили",
    "even": "g парна, тож a не вказує знака z і нахилу",
    "even_value": "g парна, тож значення не вказує знака z і нахилу",
    "formula": "це формула, а вона не вказує своєї оберненої",
    "no_closed_form": "не має розв'язку у скінченному вигляді",
}

LOCALES: Mapping[str, Words] = {"en": _ENGLISH, "uk": _UKRAINIAN}
_REASONS = ("two_z_minimum", "two_z", "many_z", "even_value", "even", "formula", "no_closed_form")


def words_of(locale: str) -> Words:
    """The words of a language, by its code. Raises ActcalcError if there are none."""
    if locale in LOCALES:
        return LOCALES[locale]
    raise ActcalcError(f"must be {join_names(LOCALES)}, not {quote(locale)}", about="locale")


def reason_in(words: Words, reason: str) -> str:
    """A reason why there is no slope from a, translated as far as the words have it."""
    for key in _REASONS:
        if reason.endswith(_ENGLISH[key]):
            return reason.removesuffix(_ENGLISH[key]) + words[key]
    return reason
