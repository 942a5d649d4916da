"""目录登录: the organisation's LDAP directory checks the password; who a person is here, our own users say.

A bind under the user's own name, nothing else: no account of ours in the directory, no search, no registration.
"""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class DirectoryUnreachableError(Exception):
    """The directory does not answer, or not under TLS."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: its address, the names of its users, and who signs in without it (against its failure)."""

    uri: str
    user_dn: str  # such as "uid={name},ou=people,dc=foshan,dc=gov,dc=cn"
    ca_file: str | None = None
    start_tls: bool = False
    local_users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Passwords travel under TLS, or not off this machine."""
        parts = urlsplit(self.uri)
        if parts.scheme != "ldaps" and not self.start_tls and parts.hostname not in LOOPBACK:
            raise ValueError("ldap: TLS is needed (ldaps:// or start_tls)")
        if "{name}" not in self.user_dn:
            raise ValueError("ldap: user_dn has no {name}")

    def knows(self, name: str, password: str) -> bool:
        """Whether the directory accepts this password for this name.

        Raises:
            DirectoryUnreachableError: it does not answer.
        """
        if not name or not password or "\0" in name + password:
            return False  # a bind without a password is anonymous, and would succeed
        # Most installations have no directory: the library is read by those that have one.
        from ldap3 import SIMPLE, Connection, Server, Tls
        from ldap3.core.exceptions import LDAPException
        from ldap3.utils.dn import escape_rdn

        tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.ca_file)
        try:
            server = Server(self.uri, tls=tls, connect_timeout=5, get_info="NO_INFO")
            connection = Connection(
                server,
                user=self.user_dn.format(name=escape_rdn(name)),
                password=password,
                authentication=SIMPLE,
                receive_timeout=5,
            )
            if self.start_tls and not connection.start_tls():
                raise DirectoryUnreachableError
            accepted = bool(connection.bind())
            connection.unbind()
        except LDAPException as error:
            raise DirectoryUnreachableError from error
        return accepted
