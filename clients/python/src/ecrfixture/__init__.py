"""Tests against a stand-in for Amazon ECR that can be seeded, frozen, broken and questioned.

Six verbs: `world`, `seed`, `fault`, `advance`, `verify`, `finish`. A test gets a world of its own; nothing is shared
and nothing needs cleaning up. Under pytest ask for the fixture `ecr_world`; anywhere else write
`with ecrfixture.world() as world: …`.

Names are loaded on first use: importing this package imports neither grpc nor protobuf, so that the pytest plugin
costs nothing in runs that do not use it. Modules whose name starts with `_`, and `ecrfixture.control`, are internal.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecrfixture._fixture import EcrFixture as EcrFixture
    from ecrfixture._fixture import world as world
    from ecrfixture._world import World as World
    from ecrfixture.documents import Document as Document
    from ecrfixture.documents import cache_rule as cache_rule
    from ecrfixture.documents import image as image
    from ecrfixture.documents import principal as principal
    from ecrfixture.documents import quotas as quotas
    from ecrfixture.documents import registry as registry
    from ecrfixture.documents import repository as repository
    from ecrfixture.documents import secret as secret
    from ecrfixture.documents import surface as surface
    from ecrfixture.documents import tasks as tasks
    from ecrfixture.documents import template as template
    from ecrfixture.documents import throttles as throttles
    from ecrfixture.documents import upstream as upstream
    from ecrfixture.errors import BinaryNotFound as BinaryNotFound
    from ecrfixture.errors import ExpectationFailed as ExpectationFailed
    from ecrfixture.errors import FixtureError as FixtureError
    from ecrfixture.errors import IncompatibleVersion as IncompatibleVersion
    from ecrfixture.errors import Inconclusive as Inconclusive
    from ecrfixture.errors import InvalidRequest as InvalidRequest
    from ecrfixture.errors import LimitExceeded as LimitExceeded
    from ecrfixture.errors import RegistryError as RegistryError
    from ecrfixture.errors import StartFailed as StartFailed
    from ecrfixture.errors import Unavailable as Unavailable
    from ecrfixture.errors import Violation as Violation
    from ecrfixture.errors import WorldFinished as WorldFinished
    from ecrfixture.errors import WorldNotFound as WorldNotFound
    from ecrfixture.matchers import Expectation as Expectation
    from ecrfixture.matchers import Matcher as Matcher
    from ecrfixture.matchers import calls as calls
    from ecrfixture.predicates import Predicate as Predicate
    from ecrfixture.predicates import fact as fact
    from ecrfixture.records import Advanced as Advanced
    from ecrfixture.records import AppliedImage as AppliedImage
    from ecrfixture.records import Aws as Aws
    from ecrfixture.records import Blob as Blob
    from ecrfixture.records import Call as Call
    from ecrfixture.records import Clock as Clock
    from ecrfixture.records import Decision as Decision
    from ecrfixture.records import DockerConfig as DockerConfig
    from ecrfixture.records import Finding as Finding
    from ecrfixture.records import Gate as Gate
    from ecrfixture.records import Image as Image
    from ecrfixture.records import Login as Login
    from ecrfixture.records import NearMiss as NearMiss
    from ecrfixture.records import Report as Report
    from ecrfixture.records import RuleStatus as RuleStatus
    from ecrfixture.records import SeedResult as SeedResult
    from ecrfixture.records import ServerInfo as ServerInfo
    from ecrfixture.records import Stray as Stray
    from ecrfixture.records import Task as Task
    from ecrfixture.records import Timer as Timer
    from ecrfixture.records import Verdict as Verdict
    from ecrfixture.records import VerdictItem as VerdictItem
    from ecrfixture.rules import Rule as Rule
    from ecrfixture.rules import on as on

__version__ = "0.1.0"

_MODULE_OF = {
    "EcrFixture": "_fixture",
    "world": "_fixture",
    "World": "_world",
    "Document": "documents",
    "cache_rule": "documents",
    "image": "documents",
    "principal": "documents",
    "quotas": "documents",
    "registry": "documents",
    "repository": "documents",
    "secret": "documents",
    "surface": "documents",
    "tasks": "documents",
    "template": "documents",
    "throttles": "documents",
    "upstream": "documents",
    "BinaryNotFound": "errors",
    "ExpectationFailed": "errors",
    "FixtureError": "errors",
    "IncompatibleVersion": "errors",
    "Inconclusive": "errors",
    "InvalidRequest": "errors",
    "LimitExceeded": "errors",
    "RegistryError": "errors",
    "StartFailed": "errors",
    "Unavailable": "errors",
    "Violation": "errors",
    "WorldFinished": "errors",
    "WorldNotFound": "errors",
    "Expectation": "matchers",
    "Matcher": "matchers",
    "calls": "matchers",
    "Predicate": "predicates",
    "fact": "predicates",
    "Advanced": "records",
    "AppliedImage": "records",
    "Aws": "records",
    "Blob": "records",
    "Call": "records",
    "Clock": "records",
    "Decision": "records",
    "DockerConfig": "records",
    "Finding": "records",
    "Gate": "records",
    "Image": "records",
    "Login": "records",
    "NearMiss": "records",
    "Report": "records",
    "RuleStatus": "records",
    "SeedResult": "records",
    "ServerInfo": "records",
    "Stray": "records",
    "Task": "records",
    "Timer": "records",
    "Verdict": "records",
    "VerdictItem": "records",
    "Rule": "rules",
    "on": "rules",
}

__all__ = sorted([*_MODULE_OF, "__version__"])  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Loads a public name from the module that defines it."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
