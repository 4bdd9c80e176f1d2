"""The fragment of the SDK's health: each sign with its limit and how it stands against it."""

from __future__ import annotations

from atalaya.site.markup.templating import fragment

health = fragment("health")
