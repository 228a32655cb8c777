"""One route's way past the framework's layers, for requests that come by the thousand."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.roles import RoleRoute


class Shortcut:
    """Hands POST requests that match a route to it, all others on to the application.

    Role and body limit hold as on the long way; an ApiError is for app.web.security to answer.
    """

    def __init__(self, app: ASGIApp, route: RoleRoute) -> None:
        self.app, self.route = app, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            found = self.route.path_regex.match(scope["path"])
            if found:
                scope["path_params"] = found.groupdict()
                await self.route.handle(scope, receive, send)
                return
        await self.app(scope, receive, send)
