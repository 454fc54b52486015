"""Formulas as source: in working precision or correctly rounded, in the languages of kernels."""
