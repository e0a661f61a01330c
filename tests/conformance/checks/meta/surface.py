"""The surface of the Marketing API as the SDK knows it: each method's parameters and enums, each node's fields."""

import ast
import importlib
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import Any

from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adimage import AdImage
from facebook_business.adobjects.adlabel import AdLabel
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.minimumbudget import MinimumBudget
from facebook_business.apiconfig import ads_api_config
from facebook_business.typechecker import TypeChecker

VERSION = ads_api_config["API_VERSION"]
# What the edges of an account, or of what is in it, list.
EDGES: dict[str, type] = {
    "campaigns": Campaign,
    "campaignsbylabels": Campaign,
    "adsets": AdSet,
    "adsetsbylabels": AdSet,
    "ads": Ad,
    "adsbylabels": Ad,
    "adcreatives": AdCreative,
    "adcreativesbylabels": AdCreative,
    "adlabels": AdLabel,
    "adimages": AdImage,
    "advideos": AdVideo,
    "insights": AdsInsights,
    "minimum_budgets": MinimumBudget,
    "adaccounts": AdAccount,
}
NODES = (Campaign, AdSet, Ad, AdCreative, AdLabel, AdVideo, AdReportRun)


@dataclass(frozen=True)
class Method:
    """A method of the API."""

    name: str  # `POST AdAccount campaigns`
    params: dict[str, str]
    enums: dict[str, Any]
    target: type

    @property
    def checker(self) -> TypeChecker:
        """The SDK's own checker of parameters."""
        return TypeChecker(self.params, self.enums)


@cache
def methods_of(node: type) -> dict[tuple[str, str], Method]:
    """The methods of a class by verb and edge."""
    module = importlib.import_module(node.__module__)
    found = {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(node)))
    for function in tree.body[0].body:
        if isinstance(function, ast.FunctionDef):
            method = _read(node, function, vars(module))
            if method:
                found[method[0]] = method[1]
    return found


def _read(node: type, function: ast.FunctionDef, names: dict[str, Any]) -> tuple[tuple[str, str], Method] | None:
    names = dict(names)
    parts: dict[str, Any] = {}
    call: ast.Call | None = None
    for part in ast.walk(function):
        if isinstance(part, ast.ImportFrom) and part.module:
            module = importlib.import_module(part.module)
            names |= {alias.name: getattr(module, alias.name) for alias in part.names}
    for part in ast.walk(function):
        if isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") in ("param_types", "enums"):
            parts[part.targets[0].id] = eval(compile(ast.Expression(part.value), "sdk", "eval"), names)  # noqa: S307
        if isinstance(part, ast.Call) and getattr(part.func, "id", "") == "FacebookRequest":
            call = part
    if call is None or "param_types" not in parts:
        return None
    words = {k.arg: k.value for k in call.keywords}
    verb, edge = ast.literal_eval(words["method"]), ast.literal_eval(words["endpoint"]).strip("/")
    target = names.get(getattr(words["target_class"], "id", ""), node)
    enums = {name: [v for v in values if isinstance(v, str)] for name, values in parts.get("enums", {}).items()}
    name = f"{verb} {node.__name__} {edge}".strip()
    return (verb, edge), Method(name, parts["param_types"], enums, target)


@cache
def fields_of(node: type) -> frozenset[str]:
    """The names of a class's fields."""
    fields = getattr(node, "Field", None)
    return frozenset(v for k, v in vars(fields).items() if not k.startswith("_")) if fields else frozenset()


def class_of_field(node: type, field: str) -> type | None:
    """The class of what a field, or an edge that is read as one, holds. None if that is no object with fields."""
    if field in EDGES and ("GET", field) in methods_of(node):
        return EDGES[field]
    kind = getattr(node, "_field_types", {}).get(field, "")
    name = kind.removeprefix("list<").removesuffix(">")
    if not name or not name[0].isupper():
        return None
    try:
        module = importlib.import_module(f"facebook_business.adobjects.{name.lower()}")
    except ModuleNotFoundError:
        return None
    return getattr(module, name, None)
