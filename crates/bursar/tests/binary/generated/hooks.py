"""What Schemathesis can't know of this API: who its customers are, and what else must hold.

Requests are made from the document alone. Before one is sent, what it names is made real, most of the
time: an account that exists and what belongs to it, a plan that is sold. What was made wrong on purpose
stays wrong.
"""

import atexit
import json
import os
import re
import sys
from collections import Counter, defaultdict

import schemathesis

sys.path.insert(0, os.path.dirname(os.environ["GENERATED_HOOKS"]))
import customers  # noqa: E402
from customers import CHOICE, COUNT, WORDS, real  # noqa: E402

# How often a customer serves before there is a new one.
SERVES = 6

PATH, HEADER, QUERY, BODY = (
    getattr(schemathesis.core.parameters.ParameterLocation, name) for name in ("PATH", "HEADER", "QUERY", "BODY")
)


# Fields whose form no schema tells whole.
WORDED = {
    "address", "amount", "by", "company", "country", "credits", "currency", "email", "features", "highlights",
    "name", "reason", "return_url", "threshold", "time_zone", "to", "token", "units", "vat_id",
}


class Serving:
    """The customer whom an operation is tried on, and how often it was."""

    def __init__(self):
        self.customer, self.left, self.calls = None, 0, 0

    def is_for_nobody(self):
        """Now and then it is nobody: an account that doesn't exist, or whatever was made."""
        self.calls += 1
        return self.calls % 4 == 3

    def names(self, operation, succeeded):
        # Whoever was changed by a success serves no more, where a success uses somebody up.
        if self.left == 0 or (succeeded and operation in customers.FITTING):
            self.customer, self.left = customers.fitting(operation), SERVES
        self.left -= 1
        return self.customer.names


SERVING = defaultdict(Serving)
SUCCEEDED = set()
STATUSES = defaultdict(Counter)


def name_of(case):
    return case.operation.definition.raw.get("operationId", case.operation.label)


def is_wrong(case, location):
    meta = case._meta
    component = meta.components.get(location) if meta else None
    return component is not None and component.mode.is_negative


def is_about(case, field):
    """Was it made wrong by this field?"""
    about = case._meta.phase.data
    return any(field in str(part) for part in (about.description, about.location, *about.mutations))


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = name_of(case)
    right = case._meta is None or case._meta.generation.mode.is_positive
    if right and SERVING[operation].is_for_nobody():
        return
    names = SERVING[operation].names(operation, operation in SUCCEEDED)
    SUCCEEDED.discard(operation)
    # In a chain the ids come from the replies before.
    if not is_wrong(case, PATH) and not case._override.path_parameters:
        for parameter in list(case.path_parameters or {}):
            if parameter in names:
                case.path_parameters[parameter] = names[parameter]
            elif parameter in WORDS:
                case.path_parameters[parameter] = CHOICE.choice(WORDS[parameter])
    if not is_wrong(case, HEADER) and case.headers is not None:
        # A key stands for one request; a repeat of another one is tried, but seldom.
        if "Idempotency-Key" in case.headers and CHOICE.random() < 0.9:
            case.headers["Idempotency-Key"] = f"generated-{next(COUNT)}"
        if "If-Match" in case.headers and CHOICE.random() < 0.8:
            case.headers["If-Match"] = "*"
    if isinstance(case.body, dict):
        if not is_wrong(case, BODY):
            case.body = real(case.body, names)
        elif isinstance(case.body.get("account"), str) and not is_about(case, "account"):
            # What is wrong with it is something else.
            case.body["account"] = names["id"]


@schemathesis.hook
def after_call(context, case, response):
    operation = name_of(case)
    STATUSES[case.operation.label][response.status_code] += 1
    if response.status_code < 300:
        SUCCEEDED.add(operation)


@atexit.register
def tell():
    with open(os.environ["GENERATED_STATUSES"], "w") as file:
        json.dump(STATUSES, file, indent=1, sort_keys=True)


def problem(response):
    kind = (response.headers.get("content-type") or [""])[0]
    return response.json() if kind == "application/problem+json" else None


@schemathesis.check
def documented_code(ctx, response, case):
    """A refusal's code is one of those that the document names for the operation and the status."""
    refused = problem(response)
    documented = case.operation.definition.raw.get("responses", {}).get(str(response.status_code))
    if refused is None or documented is None or response.request.method != case.operation.method.upper():
        return
    examples = documented.get("content", {}).get("application/problem+json", {}).get("examples", {})
    assert refused["code"] in examples, f"{refused['code']} isn't documented here: {refused['detail']}"


@schemathesis.check
def accepted_form(ctx, response, case):
    """What the document allows of a field isn't refused for its form, only for what it says."""
    refused = problem(response)
    if refused is None or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    about_form = ("malformed_request", "malformed_json", "invalid_request", "invalid_idempotency_key")
    if refused["code"] not in about_form or is_said_in_words(refused):
        return
    raise AssertionError(f"{refused['code']}: {refused}")


def is_said_in_words(refused):
    """Rules that the document has in words: about fields together, about amounts, about addresses."""
    return (
        "known" in refused
        or "field" not in refused
        or refused["field"].rsplit(".")[-1] in WORDED
        # To a schema 5.0 is a whole number; here it is a decimal one.
        or re.search(r"whole number.*; it is -?[0-9]+\.[0-9]+\.$", refused["detail"])
        or refused["detail"] == f"The field `{refused['field']}` is missing."
    )


@schemathesis.check
def problems_are_complete(ctx, response, case):
    """Whatever is refused is a problem whose status is the reply's, with the id of its request."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    refused = problem(response)
    assert refused is not None, f"{response.status_code} is no problem document"
    assert refused["status"] == response.status_code, refused
    assert refused["request_id"] == response.headers["x-request-id"][0], refused
