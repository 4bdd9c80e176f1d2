"""What do the service's JSON objects look like, and what is refused?

A model is a dataclass whose fields each name the function that reads them.
Unknown keys become attributes: a newer service may say more than this SDK knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date, datetime
from typing import Any, TypeVar

ModelType = TypeVar("ModelType", bound="Model")
Reader = Callable[[Any], Any]


def required(read: Reader) -> Any:
    return field(metadata={"read": read})


def optional(read: Reader) -> Any:
    return field(default=None, metadata={"read": read})


def defaulting(read: Reader, default: object) -> Any:
    return field(default=default, metadata={"read": read})


@dataclass(kw_only=True)
class Model:
    """Base of what crosses the wire. Raises ``ValueError``, naming the field, for what cannot be read."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value is None and item.default is None:
                continue
            try:
                setattr(self, item.name, item.metadata["read"](value))
            except (TypeError, ValueError) as cause:
                raise ValueError(f"{type(self).__name__}.{_wire_name(item)}: {cause}") from cause

    @classmethod
    def model_validate(cls: type[ModelType], data: object) -> ModelType:
        """Read a decoded JSON object."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise ValueError(f"{cls.__name__} is read from a JSON object, not from {type(data).__name__}")
        known = {_wire_name(item): item for item in fields(cls)}
        missing = [name for name, item in known.items() if item.default is MISSING and name not in data]
        if missing:
            raise ValueError(f"{cls.__name__} lacks {', '.join(missing)}")
        model = cls(**{item.name: data[name] for name, item in known.items() if name in data})
        vars(model).update({name: value for name, value in data.items() if name not in known})
        return model

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """The JSON object that this model is read from."""
        names = {item.name: _wire_name(item) for item in fields(self)}
        return {
            names.get(name, name): to_json(value)
            for name, value in vars(self).items()
            if not (exclude_none and value is None)
        }


def _wire_name(item: Field[Any]) -> str:
    """``from`` is no name in Python: it is spelled ``from_`` here."""
    return item.name.rstrip("_")


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text is wanted, not {value!r}")
    return value


def whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"a whole number is wanted, not {value!r}")
    return int(value)


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")
    return value


def mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"an object is wanted, not {value!r}")
    return dict(value)


def moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    iso = text(value)
    # Python 3.10 does not know that Z is UTC.
    return datetime.fromisoformat(iso[:-1] + "+00:00" if iso.endswith(("Z", "z")) else iso)


def day_or_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else text(value)


def to_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump()
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


@dataclass(kw_only=True)
class UserResponse(Model):
    """Who the service takes the caller for."""

    id: str | None = optional(text)
    username: str | None = optional(text)
    email: str | None = optional(text)
    role: str | None = optional(text)
    tenant_id: str | None = optional(text)
    store_id: str | None = optional(text)
    trace_id: str | None = optional(text)


@dataclass(kw_only=True)
class TokenResponse(Model):
    """The answer to a login."""

    access_token: str = field(metadata={"read": text}, repr=False)
    token_type: str = defaulting(text, "bearer")
    must_change_password: bool = defaulting(flag, False)
    trace_id: str | None = optional(text)


@dataclass(kw_only=True)
class SessionData(Model):
    """What a later process needs to go on where this one stopped."""

    access_token: str | None = field(default=None, metadata={"read": text}, repr=False)
    user: UserResponse | None = optional(UserResponse.model_validate)
    env_name: str | None = optional(text)
