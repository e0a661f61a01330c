"""Which messages a path of the API speaks."""

import re
from dataclasses import dataclass

import proto

from checks.messages import VERSION, service_message

_PATH = re.compile(r"/(v\d+)/(?:customers/(\d{10})/)?(\w+):(\w+)")
# Collections whose methods are not named after them.
_SPECIAL = {
    "customers:listAccessibleCustomers": "ListAccessibleCustomers",
    "geoTargetConstants:suggest": "SuggestGeoTargetConstants",
    "googleAds:mutate": "MutateGoogleAds",
    "googleAds:search": "SearchGoogleAds",
    "googleAds:searchStream": "SearchGoogleAdsStream",
}
_WITHOUT_CUSTOMER = {"customers:listAccessibleCustomers", "geoTargetConstants:suggest"}
_GET = {"customers:listAccessibleCustomers"}
_STREAM = {"googleAds:searchStream"}


class UnknownMethod(Exception):
    """There is no such method."""


@dataclass(frozen=True)
class Method:
    """A method of the API."""

    name: str
    customer: str | None
    request: type[proto.Message]
    response: type[proto.Message]
    is_stream: bool


def method_of(verb: str, path: str) -> Method:
    """The method of an HTTP verb and a path. Raises UnknownMethod."""
    found = _PATH.fullmatch(path)
    if not found:
        raise UnknownMethod(f"no path of the API: {path}")
    version, customer, collection, action = found.groups()
    name = f"{collection}:{action}"
    if version != VERSION:
        raise UnknownMethod(f"{name} of {version} instead of {VERSION}")
    stem = _SPECIAL.get(name)
    if not stem and action == "mutate" and customer:
        stem = f"Mutate{collection[:1].upper()}{collection[1:]}"
    request, response = (service_message(f"{stem}{end}") for end in ("Request", "Response"))
    if not request or not response:
        raise UnknownMethod(f"no method of the API: {name}")
    if bool(customer) == (name in _WITHOUT_CUSTOMER):
        raise UnknownMethod(f"{name} with{'' if customer else 'out'} a customer")
    if verb != ("GET" if name in _GET else "POST"):
        raise UnknownMethod(f"{verb} of {name}")
    return Method(name, customer, request, response, name in _STREAM)
