"""Statements about other libraries: exactly the contents of their tables."""

import pytest

import actcalc
from actcalc.activations.activation import Activation
from actcalc.catalogue.lookup import one_of_each
from actcalc.frameworks.registry import FRAMEWORKS
from actcalc.teaching.elsewhere import differences, found_in, slopes_at_kink


@pytest.mark.parametrize("f", one_of_each(), ids=lambda f: f.name)
def test_statements_about_a_framework_are_in_its_table(f: Activation) -> None:
    said = found_in(f.name).split(", ")
    assert said != [""]
    for library in FRAMEWORKS.values():
        assert (library.name in said) == (f.name in library.table)
    for i in range(len(f.kinks)):
        assert {library.split()[0] for library in slopes_at_kink(f, i)} <= set(said)


def test_where_activations_are_found() -> None:
    assert "tensorflow" not in found_in("mish")
    assert found_in("exponential") == ", ".join([*FRAMEWORKS, "ggml", "tinygrad"])
    assert found_in("hard_mish") == "timm"


def test_differences_elsewhere() -> None:
    assert differences("leaky_relu") == (
        "slope=0.2 by default (tensorflow, keras), slope=0.3 by default (keras.layers)"
    )
    assert differences("selu") == "its two constants cut short (mlx, tinygrad)"
    assert differences("tanh") == ""


def test_slopes_at_kinks_are_told_with_the_parameters_they_are_known_for() -> None:
    assert slopes_at_kink(actcalc.activation("leaky_relu"), 0)["tensorflow"] == "slope"
    assert slopes_at_kink(actcalc.activation("leaky_relu", slope="0.5"), 0) == {}
    assert slopes_at_kink(actcalc.activation("elu", alpha=2), 0)["nnlib"] == "1"
    assert slopes_at_kink(actcalc.activation("threshold", threshold=0, value=1), 0) == {}
