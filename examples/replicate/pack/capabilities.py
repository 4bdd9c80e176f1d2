"""The names of the contract, and where it puts them."""

from atalaya.harness.api import Vocabulary

NAMES = {"Client": "client", "ReplicateError": "exceptions", "ModelError": "exceptions"}
VOCABULARY = Vocabulary(package="replicate", prefix="REPLICATE_", names={n: f"replicate.{NAMES[n]}:{n}" for n in NAMES})
