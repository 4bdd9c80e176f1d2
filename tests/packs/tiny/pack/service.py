"""What the loopback service answers: the degrees of a town, as many as its name has letters."""

from __future__ import annotations

from atalaya.harness.serving import Answer, Lives, Turn, to_json

TOWNS = "/towns/"


class Service(Lives):
    """Towns and their weather."""

    def routed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        """The degrees of a town; of all else, an echo."""
        if not turn.path.startswith(TOWNS):
            return super().routed(turn, headers, stamp)
        town = turn.path.removeprefix(TOWNS)
        return Answer(200, to_json({"town": town, "degrees": len(town)}), headers, None)
