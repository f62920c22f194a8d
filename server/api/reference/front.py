"""What stands at `/`: for whoever has started the server and asks what now, and for participants whose link
lost its end on the way."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from server.api.house import house_of
from server.api.pages import FRESH
from server.api.reference.markup import Markup, element, prose, whole_page


async def front(request: Request) -> Response:
    """GET /: where to go from here."""
    page = front_page(house_of(request).settings.public_url)
    return HTMLResponse(page, headers={"Cache-Control": FRESH})


def front_page(origin: str) -> str:
    """The whole page, as HTML. `origin` is where programs reach the server."""
    curl = f'curl -H "Authorization: Bearer $KEY" {origin}/api/v1'
    main = element(
        "main",
        element("h1", "Vivavoce is running"),
        element("p", "A self-hosted real-time voice interview server."),
        _part(
            "You were invited to an interview",
            "Please open the link exactly as you were given it, up to its last sign: this address alone "
            "leads nowhere.",
        ),
        _part(
            "See how it is to take part",
            "`vivavoce demo` (or `make run`) serves a sample study. It prints a link to take part, and an "
            "API key with ready commands for transcript, answers and recording.",
        ),
        _part(
            "Bring your own study",
            "`vivavoce check my-study.json` finds what is wrong with a blueprint. `vivavoce keys create` "
            "makes a key; with it the file goes to this server as it is:",
            f"{curl}/blueprints --json @my-study.json",
            f"{curl}/blueprints/$ID/publish -X POST",
            f'{curl}/interview-runs --json \'{{"blueprint_id": "$ID"}}\'',
        ),
        element(
            "section",
            element("h2", "Write a program"),
            element("p", element("a", "Every operation, with a request to copy", href="/docs"), "."),
        ),
        class_="front",
    )
    return whole_page("Vivavoce", element("body", main))


def _part(heading: str, words: str, *commands: str) -> Markup:
    typed = element("pre", element("code", "\n".join(commands))) if commands else None
    return element("section", element("h2", heading), element("p", prose(words)), typed)


ROUTES = [Route("/", front)]
