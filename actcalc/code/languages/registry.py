"""Writes units in any language, whose module is imported on use."""

from importlib import import_module

from actcalc.code.expression import Unit
from actcalc.code.language import LANGUAGES


def write(unit: Unit, language: str) -> str:
    """A unit as a file in one of LANGUAGES."""
    text: str = import_module(f"actcalc.code.languages.{LANGUAGES[language].name}").write(unit)
    return text
