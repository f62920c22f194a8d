"""The documentation as it is served: whole, by the policy of all pages, and kept by browsers until it
changes."""

from pathlib import Path

from tests.support.running_server import running_server


async def test_the_documentation_names_every_operation_and_loads_nothing_from_elsewhere(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path) as server:
        page = await server.http.get("/docs")
        again = await server.http.get("/docs", headers={"If-None-Match": page.headers["etag"]})
        style = await server.http.get("/static/docs/docs.css")
        described = await server.http.get("/api/v1/openapi.json")
        known = await server.http.get(
            "/api/v1/openapi.json", headers={"If-None-Match": described.headers["etag"]}
        )
    ids = [said["operationId"] for methods in described.json()["paths"].values() for said in methods.values()]

    assert [200, 304, 200, 200, 304] == [e.status_code for e in (page, again, style, described, known)]
    assert [] == [name for name in ids if f'<h3 id="{name}">' not in page.text]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert "gzip" == page.headers["content-encoding"]
    assert f"{server.origin}/api/v1/agents" in page.text


async def test_who_opens_the_bare_address_is_told_where_to_go(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        front = await server.http.get("/", headers={"Accept": "text/html"})
        nowhere = await server.http.get("/nowhere")

    assert [200, 404] == [front.status_code, nowhere.status_code]
    assert 'href="/docs"' in front.text
    assert "make run" in front.text
    assert f"{server.origin}/api/v1/blueprints --json @my-study.json" in front.text
    assert "<script" not in front.text
