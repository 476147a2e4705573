"""The same for pages: what browsers send to the portal, the playground, and the sandbox's card forms.

There is no document of them, so pages.json lists what they take. Nothing that is sent to them may be the
server's fault; what they say is tested elsewhere.
"""

import atexit
import json
import os
import re
import sys
from collections import Counter, defaultdict

import requests
import schemathesis

sys.path.insert(0, os.path.dirname(os.environ["GENERATED_HOOKS"]))
import customers  # noqa: E402
from customers import CHOICE, URL, WORDS, real  # noqa: E402

# After how many requests somebody else signs in.
STAYS = 25
STATUSES = defaultdict(Counter)

# Forms as the pages send them, since chance hardly makes one that is taken.
TAKEN = {
    "/portal/billing-details": {"name": "Ada", "company": "", "address": "1 Road", "country": "DE", "vat_id": ""},
    "/portal/credits": {"pack": "small"},
    "/portal/credits/auto-top-up": {"pack": "small", "threshold": "10", "cap": "100"},
    "/portal/cancel": {"reason": "too dear"},
    "/sandbox/setup/{secret}": {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"},
}


class Visitor:
    """A customer in a browser."""

    def __init__(self):
        makers = [customers.subscriber, customers.stranger, customers.with_unpaid_invoice, customers.going_down]
        self.customer, self.left = CHOICE.choice(makers)(), STAYS
        self.names = {name: "nothing" for name in ("hold", "asset", "method", "invoice", "session")}
        self.names.update(self.customer.names)
        url = self.customer.post("/v1/portal_sessions", {"account": self.customer.id})["url"]
        browser = requests.Session()
        page = browser.get(url, timeout=60)
        assert page.ok, f"{url}: {page.status_code}"
        self.cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        self.mark = re.search('name="mark" value="([^"]+)"', page.text).group(1)
        names = self.names
        names["spend"] = names.get("charge", names["hold"])
        setup = self.customer.own("setup_sessions", {})["url"]
        names["secret"] = setup.rsplit("/", 1)[1]


WHO = {"visitor": None}


def visitor():
    who = WHO["visitor"]
    if who is None or who.left == 0:
        who = WHO["visitor"] = Visitor()
    who.left -= 1
    return who


@schemathesis.hook
def before_call(context, case, kwargs):
    who = visitor()
    for parameter in list(case.path_parameters or {}):
        if parameter in who.names and CHOICE.random() < 0.7:
            case.path_parameters[parameter] = who.names[parameter]
        elif parameter in WORDS and CHOICE.random() < 0.7:
            case.path_parameters[parameter] = CHOICE.choice(WORDS[parameter])
    for field, value in list((case.query or {}).items()):
        if field == "account" and CHOICE.random() < 0.8:
            case.query[field] = who.customer.id
        elif field in WORDS and CHOICE.random() < 0.6:
            case.query[field] = CHOICE.choice(WORDS[field])
    taken = TAKEN.get(case.path) if CHOICE.random() < 0.5 else None
    if taken or CHOICE.random() < 0.95:
        case.headers["Cookie"] = who.cookie
    case.headers["X-Bursar-Playground"] = "1"
    if isinstance(case.body, dict):
        case.body = real(case.body, who.names)
        case.body.update(taken or {})
        for field in case.body:
            if field in ("method", "asset") and CHOICE.random() < 0.8:
                case.body[field] = who.names[field]
            elif field == "mark" and (taken or CHOICE.random() < 0.9):
                case.body[field] = who.mark


@schemathesis.hook
def after_call(context, case, response):
    STATUSES[case.operation.label][response.status_code] += 1
    if response.status_code == 401 or case.path == "/portal/sign-out":
        WHO["visitor"] = None


@atexit.register
def tell():
    with open(os.environ["GENERATED_STATUSES"], "w") as file:
        json.dump(STATUSES, file, indent=1, sort_keys=True)
