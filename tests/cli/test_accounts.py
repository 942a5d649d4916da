"""The three administrators of a new installation: made once, by three names, with passwords to be changed."""

import pytest
from click.testing import CliRunner
from werkzeug.security import check_password_hash

from app.cli import accounts, settings
from tests.world import World


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "owner_url", lambda: world.owner_url)
    return lambda *names: CliRunner().invoke(accounts.accounts_group, ["first", *names])


def test_one_person_is_not_two_administrators(world: World, run) -> None:
    refused = run("zhang", "zhang", "wang")
    assert refused.exit_code == 1
    assert "zhang" in refused.output
    assert world.value("SELECT count(*) FROM account WHERE kind <> 'service'") == 0


def test_the_three_are_made_once_and_have_to_change_their_passwords(world: World, run) -> None:
    done = run("zhang", "li", "wang")
    assert done.exit_code == 0, done.output
    kinds = "SELECT string_agg(a.kind, ',' ORDER BY a.kind) FROM account a JOIN credential c USING (user_id) WHERE c.must_change"
    assert world.value(kinds) == "auditor,security_admin,system_admin"
    password = world.value("SELECT password FROM ab_user WHERE username = 'zhang'")
    assert password.startswith("scrypt:")
    given = [line.split()[-1] for line in done.output.splitlines() if line.startswith("  ")]
    assert len(given) == 3
    assert all(len(word) >= 16 for word in given)
    assert check_password_hash(password, given[0]), "the word shown is the password, of which a hash is kept"
    again = run("sun", "qian", "zhou")
    assert again.exit_code == 1
    assert world.value("SELECT count(*) FROM account WHERE kind <> 'service'") == 3
