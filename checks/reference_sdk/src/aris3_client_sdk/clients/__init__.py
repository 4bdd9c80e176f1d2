"""Which clients are there?"""

from .auth_client import AuthClient
from .base import BaseClient
from .exports_client import ExportsClient
from .health_client import HealthClient
from .reports_client import ReportsClient

__all__ = ["AuthClient", "BaseClient", "ExportsClient", "HealthClient", "ReportsClient"]
