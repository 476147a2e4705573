"""Customers that requests can be made for, each with one of everything.

Nothing of it is random: what a run does follows from its seed.
"""

import itertools
import os
import random
import struct
import zlib

import requests

URL = os.environ["GENERATED_URL"]
KEY = os.environ["GENERATED_KEY"]
CHOICE = random.Random(int(os.environ["GENERATED_SEED"]))
COUNT = itertools.count()

# Words that stand for something, by the names of their fields.
WORDS = {
    "operation": ["image", "image_remix", "image_upscale", "video", "video_export"],
    "quality": ["standard", "hd"],
    "plan": ["starter", "professional", "studio"],
    "pack": ["small", "medium", "large", "xl"],
    "feature": ["video_editor", "image_generation", "asset_vault"],
    "token": ["pm_card_visa", "pm_card_amex", "pm_card_chargeDeclined", "pm_card_authenticationRequired"],
    "country": ["US", "DE", "GB"],
    "currency": ["USD"],
    "by": ["1d", "1mo", "1y"],
    "return_url": ["https://app.example/settings"],
    "media_type": ["image/png", "video/mp4", "application/pdf"],
    "code": ["insufficient_credits", "internal"],
    "interval": ["month", "year"],
    "month": ["2026-01", "2027-12"],
    "order": ["newest", "largest"],
    "action": ["spend", "hold", "give"],
    "vat_id": ["DE123456789", ""],
}


def picture(kind, pixel):
    """The smallest PNG picture, of one pixel."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, kind, 0, 0, 0)
    pixels = zlib.compress(b"\0" + pixel)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


# Opaque, and half transparent: their thumbnails are of two types.
PICTURES = [picture(2, b"\x50\x90\xf0"), picture(6, b"\x50\x90\xf0\x80")]


class Customer:
    """One account, and what it has by the names of the paths' parameters."""

    made = 0
    session = requests.Session()

    def __init__(self):
        Customer.made += 1
        self.id = f"made-{Customer.made}"
        self.calls = 0
        self.post("/v1/accounts", {"id": self.id})
        self.names = {"id": self.id}

    def send(self, method, path, **more):
        """Sends what must work."""
        self.calls += 1
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": f"{self.id}:{self.calls}"}
        reply = self.session.request(method, f"{URL}{path}", headers=headers, timeout=60, **more)
        assert reply.ok, f"{method} {path}: {reply.status_code}: {reply.text}"
        return reply.json()

    def post(self, path, body=None):
        return self.send("POST", path, json=body)

    def own(self, what, body=None):
        return self.post(f"/v1/accounts/{self.id}/{what}", body)

    def pays(self, token="pm_card_visa"):
        self.names["method"] = self.own("payment_methods", {"token": token})["id"]

    def subscribes(self, plan="professional"):
        sold = self.own("subscription", {"plan": plan, "interval": "month"})
        if sold.get("invoice"):
            self.names["invoice"] = sold["invoice"]["id"]
            self.names["payment"] = sold["payment"]["id"]

    def spends(self):
        self.own("credits", {"credits": 1000, "class": "promo", "reason": "to try things out"})
        charge = self.own("charges", {"credits": 1, "reason": "a charge"})
        self.names["charge"] = self.names["receipt"] = charge["id"]
        self.holds()

    def holds(self):
        self.names["hold"] = self.own("holds", {"credits": 2, "reason": "a hold", "ttl_seconds": 3600})["id"]

    def stores(self):
        asset = {"kind": "image", "name": "a.png", "size": 1000, "media_type": "image/png"}
        self.names["asset"] = self.own("assets", asset)["id"]
        self.send("PUT", f"/v1/accounts/{self.id}/assets/{self.names['asset']}/content", data=PICTURES[Customer.made % 2])

    def has_everything(self):
        self.pays("pm_card_mastercard")
        spare = self.names["method"]
        self.pays()
        self.names["method"] = spare
        self.subscribes()
        self.spends()
        self.stores()
        self.names["session"] = self.own("setup_sessions", {})["id"]
        return self


def subscriber():
    return Customer().has_everything()


def stranger():
    """Can pay, and has no plan."""
    customer = Customer()
    customer.pays()
    return customer


def leaving():
    customer = subscriber()
    customer.own("subscription/cancel", {})
    return customer


def going_down():
    customer = subscriber()
    customer.subscribes("starter")
    return customer


def with_untouched_topup():
    customer = subscriber()
    customer.names["invoice"] = customer.own("topups", {"pack": "small"})["invoice"]["id"]
    return customer


def with_own_plan():
    customer = subscriber()
    price = {"amount": 900, "currency": "USD"}
    plan = {"name": "Own", "price_month": price, "price_year": price, "allowance": 10}
    body = {**plan, "storage_bytes": 1000, "features": []}
    customer.send("PUT", f"/v1/accounts/{customer.id}/custom_plan", json=body)
    return customer


def with_unpaid_invoice():
    """Its renewal was declined, and the card that it has now asks its customer first."""
    customer = Customer()
    customer.pays()
    customer.subscribes()
    customer.pays("pm_card_chargeCustomerFail")
    customer.post(f"/v1/test_clock/accounts/{customer.id}/advance", {"by": "1mo"})
    page = customer.send("GET", f"/v1/accounts/{customer.id}/invoices")
    customer.names["invoice"] = page["data"][0]["id"]
    customer.pays("pm_card_authenticationRequired")
    return customer


def uploading():
    customer = subscriber()
    file = {"kind": "vault", "name": "a", "size": 100_000, "media_type": "text/plain"}
    customer.names["asset"] = customer.own("assets", file)["id"]
    return customer


# Which operation needs whom in order to succeed; the others take a subscriber.
FITTING = {
    "change_subscription": stranger,
    "resume_subscription": leaving,
    "drop_scheduled_change": going_down,
    "refund_topup": with_untouched_topup,
    "remove_custom_plan": with_own_plan,
    "pay_invoice": with_unpaid_invoice,
    "put_asset_content": uploading,
}


def fitting(operation):
    """Somebody new for whom the operation can succeed."""
    return FITTING.get(operation, subscriber)()


def real(body, names):
    """The body with words that mean something, and the account whose it is."""
    if isinstance(body, list):
        return [real(item, names) for item in body]
    if not isinstance(body, dict):
        return body
    made = {}
    for field, value in body.items():
        if isinstance(value, str) and field in WORDS and CHOICE.random() < 0.7:
            value = CHOICE.choice(WORDS[field])
        elif isinstance(value, str) and field == "account":
            value = names["id"]
        elif isinstance(value, str) and field == "hold":
            value = names["hold"]
        elif isinstance(value, str) and field == "idempotency_key":
            value = f"generated-{next(COUNT)}"
        else:
            value = real(value, names)
        made[field] = value
    return made
