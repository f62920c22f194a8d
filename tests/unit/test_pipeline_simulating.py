"""Drafts tried on simulated participants, by jobs: once, whatever is killed, and at nobody else's cost."""

import sys
from typing import Any

import pytest

from server.pipeline.simulating import (
    MOST_TRIES,
    AllHeld,
    Order,
    Simulating,
    SimulationFailed,
    Simulator,
    TalkHeld,
    Told,
)
from server.store import simulations as simulations_module
from server.store.fingerprints import DesignChanged, fingerprint
from server.store.jobs import LEASE_MS, Job, Jobs
from server.store.organizations import Tenant
from server.store.paging import Window
from server.store.simulations import (
    LEAST_LATELY,
    MOST_WAITING,
    SIMULATE,
    Simulation,
    SimulationNotFound,
    Simulations,
    TooManyWaiting,
    UnderWay,
)
from server.store.snapshots import BlueprintNotFound
from tests.support.small_study import small_blueprint
from tests.support.store import Store, open_store


async def asked(store: Store, seeds: int = 1) -> Simulation:
    """A simulation of the store's blueprint."""
    design = await store.blueprints.design(store.tenant, store.blueprint.id)
    return await simulations(store).ask(store.tenant, store.blueprint.id, design, seeds)


async def asked_by(store: Store, tenant: Tenant) -> Simulation:
    """A simulation of a new blueprint of this organization's."""
    draft = await store.blueprints.create(tenant, small_blueprint())
    return await simulations(store).ask(tenant, draft.id, await store.blueprints.design(tenant, draft.id), 1)


async def renamed(store: Store, name: str) -> None:
    await store.blueprints.edit(store.tenant, store.blueprint.id, lambda _: {"name": name})


def simulations(store: Store) -> Simulations:
    return Simulations(store.database, store.clock)


def simulating(store: Store, *program: str, longest_work: float = 60.0) -> Simulating:
    simulator = Simulator(program, longest_work=longest_work) if program else Simulator()
    return Simulating(simulations(store), simulator)


async def claimed(store: Store) -> Job:
    job = await Jobs(store.database, store.clock).claim([SIMULATE])
    assert job is not None
    return job


async def found(store: Store, one: Simulation) -> Simulation:
    return await simulations(store).find(store.tenant, store.blueprint.id, one.id)


async def test_a_draft_is_tried_by_every_participant_and_what_came_of_it_is_kept(storage: str) -> None:
    async with open_store(storage) as store:
        one = await asked(store, seeds=2)
        await simulating(store).simulate(await claimed(store))
        tried = await found(store, one)
        page = await simulations(store).page(store.tenant, store.blueprint.id, Window())
        others = await simulations(store).page(
            Tenant(store.tenant.organization_id, test_mode=True), store.blueprint.id, Window()
        )

    assert ("completed", None) == (tried.status, tried.error)
    assert tried.results is not None
    personas = [summary["persona"] for summary in tried.results["personas"]]
    assert len(set(personas)) == len(personas) >= 10
    assert 2 * len(personas) == tried.talks_held == tried.talks_planned == tried.results["total"]["talks"]
    assert [tried] == list(page.data)
    assert not others.data


async def test_a_draft_whose_server_was_killed_over_it_is_tried_again_and_told_once(storage: str) -> None:
    async with open_store(storage) as store:
        one = await asked(store)
        first = await claimed(store)
        begun = await simulations(store).begin(one.id)
        nobody = await Jobs(store.database, store.clock).claim([SIMULATE])
        store.clock.now += LEASE_MS + 1
        again = await claimed(store)
        await simulating(store).simulate(again)
        tried = await found(store, one)
        await simulating(store).simulate(first)  # the dead come back
        after = await found(store, one)

    assert begun is not None
    assert nobody is None
    assert (1, "completed") == (again.attempts, tried.status)
    assert tried == after


async def test_a_draft_that_takes_its_server_down_each_time_is_given_up(storage: str) -> None:
    async with open_store(storage) as store:
        one = await asked(store)
        for _ in range(MOST_TRIES):
            await claimed(store)
            store.clock.now += LEASE_MS + 1
        await simulating(store).simulate(await claimed(store))
        tried = await found(store, one)

    assert "failed" == tried.status
    assert "It was begun 3 times and never came to an end: the server broke down meanwhile." == tried.error


async def test_a_draft_that_never_comes_to_an_end_says_what_went_wrong_the_last_time(storage: str) -> None:
    async with open_store(storage) as store:
        one = await asked(store)
        jobs = Jobs(store.database, store.clock)
        for _ in range(MOST_TRIES):
            await jobs.retry(await claimed(store), "ValueError: the last of them", delay_ms=0)
        await simulating(store).simulate(await claimed(store))
        tried = await found(store, one)

    assert tried.error is not None
    assert "ValueError: the last of them" in tried.error


async def test_organizations_take_turns_however_many_drafts_one_of_them_asks_for(storage: str) -> None:
    subjects: list[str] = []
    async with open_store(storage) as store:
        eager = []
        for number in range(4):
            await renamed(store, f"{number}")
            eager.append((await asked(store)).id)
            store.clock.now += 1
        other = Tenant((await store.organizations.create("Another")).id, test_mode=False)
        late = [(await asked_by(store, other)).id]
        store.clock.now += 1
        jobs = Jobs(store.database, store.clock, first=LEAST_LATELY)
        for _ in range(6):
            store.clock.now += 1
            job = await jobs.claim([SIMULATE])
            assert job is not None
            subjects.append(job.subject)
            await simulations(store).begin(job.subject)
            store.clock.now += 1
            await simulations(store).fail(job.subject, "over")
            await jobs.complete(job)
            if len(subjects) == 2:
                late.append((await asked_by(store, other)).id)

    assert [eager[0], late[0], eager[1], late[1], *eager[2:]] == subjects


async def test_of_a_blueprint_the_newest_simulations_are_kept(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations_module, "MOST_KEPT", 2)
    async with open_store(storage) as store:
        waiting = await asked(store)
        over = []
        for number in range(4):
            await renamed(store, f"{number}")
            over.append(await asked(store))
            await simulations(store).fail(over[-1].id, "over")
        page = await simulations(store).page(store.tenant, store.blueprint.id, Window())

    assert [over[3].id, over[2].id, waiting.id] == [one.id for one in page.data]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", "ended with SIGSEGV"),
        ("hang", "took longer than"),
        ("garbage", "talks garbage"),
        ("stranger", "talks garbage"),
        ("flood", "talks garbage"),
        ("fail", "ended with exit code 1"),
        ("say nothing", "without a word"),
    ],
)
async def test_a_child_that_misbehaves_costs_this_draft_alone(mode: str, reason: str, storage: str) -> None:
    if mode != "crash" and "postgresql" in storage:
        pytest.skip("the child knows no database")
    program = (sys.executable, "-m", "tests.emulators.unruly_simulation", mode)
    async with open_store(storage) as store:
        one = await asked(store)
        longest = 1.0 if mode == "hang" else 60.0
        await simulating(store, *program, longest_work=longest).simulate(await claimed(store))
        tried = await found(store, one)
        again = await asked(store)

    assert "failed" == tried.status
    assert tried.error is not None
    assert reason in tried.error
    assert "pending" == again.status


async def test_a_program_that_is_not_there_is_a_failure_too() -> None:
    with pytest.raises(SimulationFailed, match="can't be started"):
        async for _ in Simulator(("/nowhere/python",)).hold(Order({}, 1)):
            pass


async def test_a_child_tells_of_each_talk_and_then_of_all() -> None:
    design = small_blueprint().model_dump(mode="json", by_alias=True)
    told: list[Told] = [one async for one in Simulator().hold(Order(design, 1))]

    *each, last = told
    assert [TalkHeld(number, len(each)) for number in range(1, len(each) + 1)] == each
    assert isinstance(last, AllHeld)
    assert (len(each), len(each)) == (last.talks, last.total.talks)


async def test_a_design_that_cannot_be_held_says_why() -> None:
    design = small_blueprint().model_dump(mode="json", by_alias=True)
    design["graph"]["entry_node"] = "nowhere"
    with pytest.raises(SimulationFailed, match="nowhere"):
        async for _ in Simulator().hold(Order(design, 1)):
            pass


async def test_the_same_design_is_tried_once_at_a_time_and_so_many_wait_at_most(storage: str) -> None:
    async with open_store(storage) as store:
        await asked(store)
        with pytest.raises(UnderWay):
            await asked(store)
        for number in range(MOST_WAITING - 1):
            await renamed(store, f"{number}")
            await asked(store)
        await renamed(store, "One more")
        with pytest.raises(TooManyWaiting):
            await asked(store)


async def test_simulations_go_with_their_blueprint(storage: str) -> None:
    async with open_store(storage) as store:
        draft = await store.blueprints.create(store.tenant, small_blueprint())
        design = await store.blueprints.design(store.tenant, draft.id)
        one = await simulations(store).ask(store.tenant, draft.id, design, 1)
        await store.blueprints.delete(store.tenant, draft.id)
        await simulating(store).simulate(await claimed(store))
        with pytest.raises(SimulationNotFound):
            await simulations(store).find(store.tenant, draft.id, one.id)
        with pytest.raises(BlueprintNotFound):
            await simulations(store).ask(store.tenant, draft.id, design, 1)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"metadata": {"wave": 2}}, True),
        ({"description": "Another"}, True),
        ({"name": "Another"}, False),
        ({"settings": {"max_duration_m": 9}}, False),
    ],
)
def test_a_fingerprint_is_of_what_a_participant_meets(change: dict[str, Any], same: bool) -> None:
    design: dict[str, Any] = {
        "name": "A",
        "agent": {},
        "graph": {},
        "settings": {},
        "metadata": {},
        "description": None,
    }

    assert same == (fingerprint(design) == fingerprint(design | change))


async def test_what_was_changed_while_it_was_judged_is_not_published(storage: str) -> None:
    async with open_store(storage) as store:
        design = await store.blueprints.design(store.tenant, store.blueprint.id)
        await renamed(store, "Another")
        with pytest.raises(DesignChanged):
            await store.blueprints.publish(store.tenant, store.blueprint.id, judged=fingerprint(design))
        standing = await store.blueprints.find(store.tenant, store.blueprint.id)

    assert ("draft", 1) == (standing.status, standing.version)
