"""Signing in for programs, and one's own account."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from aiportal.accounts import COOKIE_NAME, KEEP, Session, TokenPair, User
from aiportal.api.csrf import require_same_origin
from aiportal.api.deps import PortalDep, PrincipalDep, is_by_cookie
from aiportal.api.requests import PortalRoute
from aiportal.api.session_cookie import clear_session_cookie, start_session
from aiportal.errors import AuthenticationFailed, PermissionDenied
from aiportal.principal import Role

__all__ = [
    "Login",
    "Logout",
    "PasswordChange",
    "Profile",
    "ProfileChanges",
    "RefreshToken",
    "SessionList",
    "SignedIn",
    "address_of",
    "router",
]

router = APIRouter(prefix="/api/auth", tags=["accounts"], route_class=PortalRoute)
Username = Annotated[
    str, Field(min_length=1, max_length=320, validation_alias=AliasChoices("username", "email"))
]


class Login(BaseModel):
    """username: the user name or the email."""

    username: Username
    password: str


class RefreshToken(BaseModel):
    refresh_token: str


class Logout(BaseModel):
    """refresh_token: of the sign-in to end, where no access token or cookie says which."""

    refresh_token: str | None = None


class ProfileChanges(BaseModel):
    """What is left out stays as it is. email: null removes it."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    email: str | None = None


class PasswordChange(BaseModel):
    """current_password: only an account that has none yet may leave it out."""

    current_password: str | None = None
    new_password: str


class Profile(BaseModel):
    id: str
    username: str
    email: str | None
    name: str
    role: Role
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls.model_validate(user, from_attributes=True)


class SignedIn(BaseModel):
    """expires_in: seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a word of OAuth, no secret
    expires_in: int
    user: Profile

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        return cls(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in=pair.expires_in_s,
            user=Profile.of(pair.user),
        )


class SessionList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Session]
    has_more: Literal[False] = False


@router.post("/register", status_code=201)
async def register() -> Profile:
    """Sign up. Off on this portal: administrators make accounts."""
    raise PermissionDenied(
        "Sign-up is off on this portal. Ask an administrator for an account.", code="signup_off"
    )


@router.post("/login")
async def login(body: Login, request: Request, response: Response, portal: PortalDep) -> SignedIn:
    """Exchange a name and a password for tokens. Five failures in 15 minutes pause it: 429."""
    user = await portal.credentials.sign_in(
        body.username, body.password, address=address_of(request)
    )
    return _signed_in(response, await portal.tokens.issue(user))


@router.post("/refresh")
async def refresh(body: RefreshToken, response: Response, portal: PortalDep) -> SignedIn:
    """Exchange a refresh token for a new pair. A token that comes twice ends its sign-in."""
    return _signed_in(response, await portal.tokens.refresh(body.refresh_token))


@router.post("/logout", status_code=204)
async def logout(
    request: Request, response: Response, portal: PortalDep, body: Logout | None = None
) -> None:
    """End the sign-in of the refresh token in the body, the bearer token or the cookie."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(COOKIE_NAME)
    if body is not None and body.refresh_token is not None:
        await portal.tokens.revoke(body.refresh_token)
    elif scheme.lower() == "bearer":
        await portal.tokens.revoke_access(bearer.strip())
    elif cookie is not None:
        require_same_origin(request)
        await portal.sessions.end(cookie)
        clear_session_cookie(response, request, portal.settings)
    else:
        raise AuthenticationFailed("Nothing in this call says which sign-in to end.")


@router.get("/me")
async def me(portal: PortalDep, principal: PrincipalDep) -> Profile:
    """The caller's account."""
    return Profile.of(await portal.users.get(principal, principal.user_id))


@router.patch("/me")
async def update_me(body: ProfileChanges, portal: PortalDep, principal: PrincipalDep) -> Profile:
    """Change one's name or email."""
    given = body.model_fields_set
    user = await portal.users.update_own(
        principal,
        name=body.name if "name" in given else KEEP,
        email=body.email if "email" in given else KEEP,
    )
    return Profile.of(user)


@router.post("/password", status_code=204)
async def change_password(
    body: PasswordChange,
    request: Request,
    response: Response,
    portal: PortalDep,
    principal: PrincipalDep,
) -> None:
    """Set one's password. All sign-ins end but that of the browser that asks."""
    await portal.users.change_own_password(
        principal, current=body.current_password, new=body.new_password
    )
    if is_by_cookie(request):
        await start_session(request, response, portal, principal.user_id)


@router.get("/sessions")
async def sessions(request: Request, portal: PortalDep, principal: PrincipalDep) -> SessionList:
    """The browsers that are signed in, newest first."""
    current = request.cookies.get(COOKIE_NAME)
    return SessionList(data=await portal.sessions.list(principal, current=current))


@router.delete("/sessions", status_code=204)
async def revoke_sessions(
    request: Request, portal: PortalDep, principal: PrincipalDep, keep_current: bool = False
) -> None:
    """Sign out everywhere: browsers and tokens; with `keep_current` not in the browser that asks.

    API keys stay.
    """
    current = request.cookies.get(COOKIE_NAME) if keep_current else None
    await portal.sessions.revoke_all(principal, but=current)


@router.delete("/sessions/{session_id}", status_code=204)
async def revoke_session(session_id: str, portal: PortalDep, principal: PrincipalDep) -> None:
    """Sign one browser out."""
    await portal.sessions.revoke(principal, session_id)


def address_of(request: Request) -> str:
    """Where the call comes from, for counting failures."""
    return request.client.host if request.client is not None else "local"


def _signed_in(response: Response, pair: TokenPair) -> SignedIn:
    response.headers["cache-control"] = "no-store"
    return SignedIn.of(pair)
