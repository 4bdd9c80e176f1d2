"""Limitations of the roads that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

LIMITATIONS = Limitations("roads")
