"""What must hold of a request beyond its form: operations, update masks, fields that only the server sets."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from checks import messages
from checks.messages import IMMUTABLE, OUTPUT_ONLY, REQUIRED
from checks.methods import Method

_VERBS = ("create", "update", "remove")


def problems(method: Method, request: Message) -> Iterator[str]:
    """What is wrong with a request that has the right form."""
    if method.customer and not request.customer_id:
        request.customer_id = method.customer  # part of the path
    yield from _missing(request, method.name)
    for place, operation in operations(request):
        for problem in _operation(operation):
            yield f"{place}: {problem}"


def operations(request: Message) -> Iterator[tuple[str, Message]]:
    """The operations of a mutate request: `campaign_operation`, or `operations` where a method knows one kind."""
    if "mutate_operations" in request.DESCRIPTOR.fields_by_name:
        for outer in request.mutate_operations:
            kind = outer.WhichOneof("operation")
            yield (kind, getattr(outer, kind)) if kind else ("mutate_operations", outer)
    elif "operations" in request.DESCRIPTOR.fields_by_name:
        for operation in request.operations:
            yield "operations", operation
    elif "operation" in request.DESCRIPTOR.fields_by_name:
        yield "operation", request.operation


def verb_of(operation: Message) -> str | None:
    """`create`, `update` or `remove`."""
    oneof = operation.DESCRIPTOR.oneofs_by_name.get("operation")
    return operation.WhichOneof("operation") if oneof else None


def _operation(operation: Message) -> Iterator[str]:
    verb = verb_of(operation)
    if verb is None:
        yield "an operation that does nothing"
    elif verb not in _VERBS:
        yield f"an operation that is not known here: {verb}"
    elif verb == "remove":
        if not operation.remove:
            yield "remove without a resource name"
    elif verb == "create":
        if _has_mask(operation) and operation.HasField("update_mask"):
            yield "create with an update mask"
        yield from _missing(operation.create, "create")
        yield from _not_writable(operation.create, "create", frozenset({OUTPUT_ONLY}))
    else:
        yield from _update(operation)


def _has_mask(operation: Message) -> bool:
    return "update_mask" in operation.DESCRIPTOR.fields_by_name


def _update(operation: Message) -> Iterator[str]:
    resource, masked = operation.update, set()
    if not resource.resource_name:
        yield "update without a resource name"
    if not _has_mask(operation) or not operation.update_mask.paths:
        yield "update without an update mask"
        return
    for path in operation.update_mask.paths:
        masked.add(path)
        yield from _masked(resource, path)
    for path in _set_paths(resource, ""):
        # An empty message says which one of a oneof is meant; the mask names what is cleared in it.
        covered = path in masked or any(mask.startswith(f"{path}.") for mask in masked)
        if not covered and path != "resource_name":
            yield f"update.{path} is set but not in the update mask"


def _masked(resource: Message, path: str) -> Iterator[str]:
    """Whether a path of an update mask exists and may be written."""
    message: Descriptor | None = resource.DESCRIPTOR
    for name in path.split("."):
        field = messages.field(message, name) if message else None
        if field is None or message is None:
            yield f"update mask: {resource.DESCRIPTOR.name} has no field {path}"
            return
        forbidden = messages.behaviours(message)[messages.api_name(field)] & {OUTPUT_ONLY, IMMUTABLE}
        if forbidden:
            yield f"update mask: {path} is {', '.join(sorted(forbidden)).lower()}"
            return
        message = None if field.is_repeated else field.message_type
    if message and message.fields:
        yield f"update mask: {path} has fields of its own, which must be named"


def _set_paths(message: Message, prefix: str) -> Iterator[str]:
    """The paths of all fields that are set, as an update mask would name them."""
    for field, value in message.ListFields():
        path = prefix + messages.api_name(field)
        if messages.is_ads(field.message_type) and not field.is_repeated and value.ListFields():
            yield from _set_paths(value, f"{path}.")
        else:
            yield path


def _children(message: Message) -> Iterator[tuple[str, Message]]:
    for field, value in message.ListFields():
        if messages.is_ads(field.message_type):
            for child in value if field.is_repeated else [value]:
                yield messages.api_name(field), child


def _not_writable(message: Message, place: str, forbidden: frozenset[str]) -> Iterator[str]:
    behaviours = messages.behaviours(message.DESCRIPTOR)
    for field, _ in message.ListFields():
        name = messages.api_name(field)
        if found := behaviours[name] & forbidden:
            yield f"{place}.{name} is {', '.join(sorted(found)).lower()}"
    for name, child in _children(message):
        yield from _not_writable(child, f"{place}.{name}", forbidden)


def _missing(message: Message, place: str) -> Iterator[str]:
    """Required fields that are not set. An update names only what it changes, so nothing is required below it."""
    present = {messages.api_name(field) for field, _ in message.ListFields()}
    for name, found in messages.behaviours(message.DESCRIPTOR).items():
        if REQUIRED in found and name not in present:
            yield f"{place}.{name} is required"
    for name, child in _children(message):
        if name not in _VERBS:
            yield from _missing(child, f"{place}.{name}")
