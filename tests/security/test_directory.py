"""Sign-in against a real LDAP directory (slapd on loopback, with TLS) and a real OpenID Connect provider."""

import datetime as dt
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from oidc_provider_mock import User, run_server_in_thread

from app.cli import catalogue
from app.factory import build
from app.security.ldap import Directory, DirectoryUnreachableError
from app.security.oidc import Provider
from tests.security.conftest import Client
from tests.world import PASSWORD, Body, World

SLAPD = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PEOPLE = {
    "clerk": "目录里的口令-1",
    "stranger": "目录里的口令-2",
    "stopped": "目录里的口令-3",
    "a,b+c": "目录里的口令-4",
}
USER_DN = "uid={name},ou=people,dc=city"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("目录局", people={"11": 1})
    for name in ("clerk", "stopped", "root"):
        world.account(name, "unit_clerk", unit=made.id)
    with world.owner.begin() as connection:
        connection.exec_driver_sql("UPDATE ab_user SET active = false WHERE username = 'stopped'")
    return made


def certificate(directory: Path) -> Path:
    """A certificate of localhost, its own authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = directory / "tls.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A directory of four people; its port and its certificate."""
    if SLAPD is None:
        assert not os.environ.get("CI"), "slapd has to be there in CI: scripts/slapd.sh installs it"
        pytest.skip("slapd is not installed: scripts/slapd.sh installs it where it may")
    home = tmp_path_factory.mktemp("slapd")
    tls = certificate(home)
    (home / "data").mkdir()
    schemas = "".join(f"include /etc/ldap/schema/{s}.schema\n" for s in ("core", "cosine", "inetorgperson"))
    (home / "slapd.conf").write_text(
        f"{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"TLSCertificateFile {tls}\nTLSCertificateKeyFile {tls}\n"
        f'database mdb\nsuffix "dc=city"\nrootdn "cn=root,dc=city"\ndirectory {home}/data\n'
    )
    entries = ["dn: dc=city\nobjectClass: domain\ndc: city\n",
               "dn: ou=people,dc=city\nobjectClass: organizationalUnit\nou: people\n"]  # fmt: skip
    for name, password in PEOPLE.items():
        escaped = name.replace(",", "\\,").replace("+", "\\+")
        entries.append(
            f"dn: uid={escaped},ou=people,dc=city\nobjectClass: inetOrgPerson\nuid: {name}\ncn: x\nsn: x\n"
            f"userPassword: {password}\n"
        )
    conf = ["-f", str(home / "slapd.conf")]
    subprocess.run([SLAPD, "-T", "add", *conf], input="\n".join(entries), text=True, check=True, capture_output=True)
    server, port = started(conf)
    yield port, tls
    server.terminate()
    server.wait()


def started(conf: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers; where somebody was quicker at its port, on another one."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [str(SLAPD), *conf, "-h", f"ldap://127.0.0.1:{port}", "-d", "0"], stderr=subprocess.DEVNULL
        )
        while server.poll() is None:
            try:
                if Directory(f"ldap://127.0.0.1:{port}", USER_DN).knows("clerk", PEOPLE["clerk"]):
                    return server, port
            except DirectoryUnreachableError:
                time.sleep(0.05)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that is taken and answers nobody."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def application(world: World, **doors: Any) -> Callable[[], Client]:
    catalogue.compile_all()
    app: Flask = build(app_url=world.app_url, signin_url=world.signin_url, secret=secrets.token_bytes(32),
                       keys=world.keys, **doors)  # fmt: skip
    with world.owner.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sign_in_attempt")
    return lambda: Client(app.test_client())


def way_of(world: World) -> str:
    return str(world.value("SELECT way FROM sign_in ORDER BY id DESC LIMIT 1"))


# ---- LDAP -------------------------------------------------------------------------------------------------------


def test_the_directory_decides_and_our_users_say_who_it_is(world: World, body: Body, slapd: tuple[int, Path]) -> None:
    new = application(world, LDAP=Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN, local_users=("root",)))
    clerk = new()
    assert clerk.sign_in("clerk", PEOPLE["clerk"]).location == "/"
    assert clerk.get("/disclosure").status_code == 200
    assert way_of(world) == "ldap"
    assert new().sign_in("clerk", PASSWORD).status_code == 401  # our own hash is not asked any more
    assert new().sign_in("root", PASSWORD).location == "/"  # but for whom it is kept against the directory's failure
    assert new().sign_in("root", "x").status_code == 401


def test_the_directory_proves_once_more_who_signed_in_by_it(world: World, body: Body, slapd: tuple[int, Path]) -> None:
    new = application(world, LDAP=Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN, local_users=("root",)))
    for name, right, wrong in (("clerk", PEOPLE["clerk"], PASSWORD), ("root", PASSWORD, PEOPLE["clerk"])):
        user = new()
        user.sign_in(name, right)
        user.get("/login/again")
        assert user.post("/login/again?next=/account/", {"proof": wrong}).status_code == 422
        assert user.post("/login/again?next=/account/", {"proof": right}).location == "/account/"


def test_whom_only_the_directory_knows_is_told_so_and_not_registered(
    world: World, body: Body, slapd: tuple[int, Path]
) -> None:
    new = application(world, LDAP=Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN))
    before = world.value("SELECT count(*) FROM ab_user")
    for name in ("stranger", "stopped"):
        answer = new().sign_in(name, PEOPLE[name])
        assert answer.status_code == 403
        assert "系统管理员" in answer.get_data(as_text=True)
        assert new().sign_in(name, "wrong").status_code == 401
    assert world.value("SELECT count(*) FROM ab_user") == before


def test_a_shut_door_is_not_opened_by_the_directory(world: World, body: Body, slapd: tuple[int, Path]) -> None:
    new = application(world, LDAP=Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN))
    for _ in range(5):
        new().sign_in("clerk", "wrong")
    assert new().sign_in("clerk", PEOPLE["clerk"]).status_code == 429


@pytest.mark.parametrize(
    ("name", "password"),
    [("clerk", ""), ("", "x"), ("clerk,ou=people", PEOPLE["clerk"]), ("*", PEOPLE["clerk"]), ("clerk\0", "x"),
     ("clerk)(uid=*", PEOPLE["clerk"])],
)  # fmt: skip
def test_no_empty_password_and_no_crafted_name_is_accepted(slapd: tuple[int, Path], name: str, password: str) -> None:
    assert not Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN).knows(name, password)


def test_a_name_with_signs_of_the_directorys_own_language_is_one_name(slapd: tuple[int, Path]) -> None:
    assert Directory(f"ldap://127.0.0.1:{slapd[0]}", USER_DN).knows("a,b+c", PEOPLE["a,b+c"])


def test_the_password_travels_under_tls_to_the_right_server_only(slapd: tuple[int, Path], tmp_path: Path) -> None:
    port, tls = slapd
    address = f"ldap://localhost:{port}"
    assert Directory(address, USER_DN, ca_file=str(tls), start_tls=True).knows("clerk", PEOPLE["clerk"])
    with pytest.raises(DirectoryUnreachableError):
        Directory(address, USER_DN, ca_file=str(certificate(tmp_path)), start_tls=True).knows("clerk", PEOPLE["clerk"])
    with pytest.raises(ValueError, match="TLS"):
        Directory("ldap://directory.example", USER_DN)


def test_a_directory_that_does_not_answer_is_said_to(world: World, body: Body, silent: int) -> None:
    new = application(world, LDAP=Directory(f"ldap://127.0.0.1:{silent}", USER_DN))
    answer = new().sign_in("clerk", "x")
    assert answer.status_code == 503
    assert "目录" in answer.get_data(as_text=True)


# ---- OpenID Connect ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    users = [User(sub="7001", claims={"preferred_username": "clerk", "amr": ["pwd"]}),
             User(sub="7002", claims={"preferred_username": "clerk", "amr": ["pwd", "otp"]}),
             User(sub="7003", claims={"preferred_username": "stranger"}),
             User(sub="7004", claims={"preferred_username": "stopped"}), User(sub="7005", claims={})]  # fmt: skip
    with run_server_in_thread(require_nonce=True, user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def new(world: World, body: Body, provider: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Client]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider is on loopback
    return application(
        world,
        SECOND_FACTOR_KINDS=("unit_clerk",),
        OIDC=Provider(f"{provider}/.well-known/openid-configuration", "bianzhi", "s" * 32, "preferred_username"),
    )


def there_and_back(client: Client, sub: str, start: str = "/login/oidc") -> str:
    """The way to the provider and back as a browser goes it; the address that leads back in."""
    assert "/login/oidc" in client.get("/login/").get_data(as_text=True)
    out = client.get(start)
    assert out.status_code == 302
    assert "code_challenge_method=S256" in out.location
    form = {"action": "deny"} if sub == "deny" else {"sub": sub}
    back = requests.post(out.location, data=form, allow_redirects=False, timeout=120)
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


def test_the_provider_says_who_it_is_and_our_users_who_that_is_here(world: World, new: Callable[[], Client]) -> None:
    client = new()
    answer = client.get(there_and_back(client, "7002", "/login/oidc?next=/disclosure"))
    assert answer.location == "/disclosure"
    assert client.get("/disclosure").status_code == 200
    assert way_of(world) == "oidc"


def test_a_sign_in_there_without_a_second_factor_still_needs_ours(new: Callable[[], Client]) -> None:
    client = new()
    assert client.get(there_and_back(client, "7001")).location == "/login/enrol"
    assert client.get("/disclosure").status_code == 302


def test_whoever_came_through_the_provider_proves_it_there_again(world: World, new: Callable[[], Client]) -> None:
    client = new()
    client.get(there_and_back(client, "7002"))
    before = world.value("SELECT max(id) FROM sign_in")
    page = client.get("/login/again?next=/account/").get_data(as_text=True)
    assert 'name="proof"' not in page
    again = "/login/oidc?again=1&next=%2Faccount%2F"
    assert again.replace("&", "&amp;") in page
    client.get("/account/")
    assert client.post("/login/again", {"proof": PASSWORD}).status_code == 422  # no password of ours is theirs
    client.get("/")
    assert "prompt=login" in client.get(again).location
    assert client.get(there_and_back(client, "7002", again)).location == "/account/"
    assert world.value("SELECT closed_at IS NOT NULL FROM sign_in WHERE id = :i", i=before), "one session goes on"


@pytest.mark.parametrize(("sub", "status"), [("7003", 403), ("7004", 403), ("7005", 401), ("deny", 401)])
def test_whom_our_users_do_not_name_is_refused_with_a_sentence(
    world: World, new: Callable[[], Client], sub: str, status: int
) -> None:
    before = world.value("SELECT count(*) FROM ab_user")
    client = new()
    answer = client.get(there_and_back(client, sub))
    assert answer.status_code == status
    assert "bz-alert-danger" in answer.get_data(as_text=True)
    assert client.get("/disclosure").status_code == 302
    assert world.value("SELECT count(*) FROM ab_user") == before


def test_a_statement_made_for_another_browser_is_worth_nothing(new: Callable[[], Client]) -> None:
    attacker, victim = new(), new()
    address = there_and_back(attacker, "7002")
    victim.get("/login/oidc")
    assert victim.get(address).status_code == 401
    assert victim.get("/disclosure").status_code == 302
    assert new().get("/login/oidc/back?code=x&state=y").status_code == 401


def test_a_provider_that_is_away_is_said_to_be(world: World, body: Body, silent: int) -> None:
    away = application(world, OIDC=Provider(f"http://127.0.0.1:{silent}/x", "bianzhi", "s" * 32))()
    answer = away.get("/login/oidc")
    assert answer.status_code == 503
    assert "bz-alert-danger" in answer.get_data(as_text=True)
    assert away.get("/login/oidc/back?code=x&state=y").status_code == 401


def test_where_no_provider_is_configured_there_is_no_way_to_one(client: Callable[..., Client]) -> None:
    for path in ("/login/oidc", "/login/oidc/back"):
        assert client().get(path).status_code == 404
