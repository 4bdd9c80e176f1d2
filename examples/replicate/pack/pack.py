"""The declaration of the pack."""

from pathlib import Path

from atalaya.harness.declare import N_, family
from atalaya.harness.pack import Pack

NAME = "replicate"

PACK = Pack(
    name=NAME,
    module=f"{__package__}",
    folder=Path(__file__).parent,
    package="replicate",
    distribution="replicate",
    prefix="REPLICATE_",
    requirement="replicate==1.0.7",
    families=(family(f"{__package__}", "predictions"),),
    sections={"1": N_("README and docstrings")},
    events={"network-errors": ("predictions.*",)},
    credentials=("api_token",),
)
