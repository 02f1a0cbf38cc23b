"""The patches still fit the code, so that ``make mutations`` does what it says."""

import pytest

from deploy.sandbox.children import CHECKOUT
from tests.mutations.__main__ import DoesNotFitError, patched
from tests.mutations.safeguards import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.safeguard)
def test_it_fits_and_has_a_scenario(mutation: Mutation) -> None:
    text = (CHECKOUT / mutation.file).read_text()
    changed = patched(text, mutation)
    assert changed != text
    compile(changed, mutation.file, "exec")
    file, _, name = mutation.test.partition("::")
    assert f"def {name}(" in (CHECKOUT / file).read_text()


def test_a_patch_that_does_not_fit_is_named() -> None:
    stale = Mutation("revision check", "consumer/core/decide.py", "no such line", "", "")
    with pytest.raises(DoesNotFitError, match=r"revision check: consumer/core/decide\.py holds 'no such line' 0 times"):
        patched("another text", stale)


def test_every_safeguard_is_there_once() -> None:
    names = [one.safeguard for one in MUTATIONS]
    assert len(set(names)) == len(names)
