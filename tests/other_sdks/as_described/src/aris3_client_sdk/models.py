"""Models of sign-in and the stored session."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TokenResponse(BaseModel):
    model_config = ConfigDict(extra="allow")

    access_token: str
    token_type: str = "bearer"
    must_change_password: bool = False
    trace_id: str | None = None


class UserResponse(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    username: str | None = None
    email: str | None = None
    tenant_id: str | None = None
    store_id: str | None = None
    role: str | None = None
    status: str | None = None
    trace_id: str | None = None


class SessionData(BaseModel):
    model_config = ConfigDict(extra="allow")

    access_token: str | None = None
    user: UserResponse | None = None
    env_name: str | None = None
