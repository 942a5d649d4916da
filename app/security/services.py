"""What an application serves with: its database, its sign-in engine, its keys."""

from dataclasses import dataclass

from flask import Flask, current_app

from app.db import Database, SignInDatabase
from app.domain.crypto import KeyRing


@dataclass(frozen=True, slots=True)
class Services:
    """Held once for each application, under ``extensions``."""

    database: Database
    signin: SignInDatabase
    keys: KeyRing


def install(app: Flask, services: Services) -> None:
    """Give an application its services."""
    app.extensions["bianzhi"] = services


def services() -> Services:
    """The services of the running application."""
    found: Services = current_app.extensions["bianzhi"]
    return found
