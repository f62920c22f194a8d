"""What an organization can look up of what was done on its behalf: runs that were deleted, operators who were
called."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from dialog.judgement import Distress
from server.api.house import house_of
from server.api.studies.conventions import ListOf, Reader, cursor, errors, listed
from server.api.studies.leading import DeletionReceipt, receipt_object
from server.api.studies.posts import PostObject, post_object
from server.store.deletions import Deletions
from server.store.operator_pages import OperatorPage, OperatorPages
from server.store.paging import Window

router = APIRouter(tags=["Organization"])


class DeletionReceiptList(ListOf[DeletionReceipt]):
    """A page of receipts, newest first."""


class OperatorPageObject(PostObject):
    """A call of the organization's `paging_webhook`: that somebody must look at a run at once."""

    run_id: str
    seq: int = Field(description="Of the event in the run's log that it is about.")
    level: Distress
    object: Literal["operator_page"]


class OperatorPageList(ListOf[OperatorPageObject]):
    """A page of calls, newest first."""


def operator_page_object(page: OperatorPage) -> dict[str, Any]:
    """A call as the API shows it."""
    return post_object(page, "operator_page")


@router.get(
    "/deletion-receipts",
    response_model=DeletionReceiptList,
    responses=errors(),
    summary="List deletion receipts",
)
async def list_receipts(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("del_"))]
) -> Response:
    """Which runs were deleted, newest first: by a request (`api`), or after the time for which the
    organization keeps them (`retention`)."""
    house = house_of(request)
    page = await Deletions(house.database, house.recordings).page(key.tenant, window)
    return listed(page, map(receipt_object, page.data))


@router.get(
    "/operator-pages", response_model=OperatorPageList, responses=errors(), summary="List calls of operators"
)
async def list_operator_pages(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("pag_"))]
) -> Response:
    """When an operator was to be called, and what became of it, newest first."""
    page = await OperatorPages(house_of(request).database).page(key.tenant, window)
    return listed(page, map(operator_page_object, page.data))
