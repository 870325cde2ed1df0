"""Figures of a training run as a person writes them."""

import math


def score(value: float) -> str:
    """A metric from 0 to 1 in four cells: `.681`, `1.00`."""
    thousandths = round(value * 1000)
    return "1.00" if thousandths >= 1000 else f".{max(thousandths, 0):03d}"


def change(value: float) -> str:
    """A difference of two scores with its direction as a sign: `▲ .024`, `▼ .010`, `= .000`."""
    thousandths = round(value * 1000)
    sign = "▲" if thousandths > 0 else "▼" if thousandths < 0 else "="
    return f"{sign} {score(abs(value))}"


def loss(value: float) -> str:
    """A loss as it was logged, to four decimals; very large or small ones in powers of ten."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "none"
    return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 10_000 else power(value)


def power(value: float) -> str:
    """`3.1e-5`, `1e-4`: two digits and a power of ten."""
    if value == 0:
        return "0"
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"


def precise(value: float) -> str:
    """A figure as it was logged, to four digits: `3.125e-5`, `71.25`, `0.04`."""
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:.4g}"
    digits, _, exponent = f"{value:.3e}".partition("e")
    return f"{digits.rstrip('0').removesuffix('.')}e{int(exponent)}"


def short(value: float) -> str:
    """A positive figure in few digits: `0.31`, `2.4`, `71`, `1.2e4`."""
    if value >= 9_999.5 or 0 < value < 0.005:
        return power(value)
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"
