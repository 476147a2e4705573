//! What the fake Stripe remembers, and how it answers.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

/// A status and a body.
pub(super) type Reply = (u16, Value);
type Fields = HashMap<String, String>;

#[derive(Default)]
pub struct Books {
    made: usize,
    customers: BTreeMap<String, Value>,
    methods: BTreeMap<String, Value>,
    /// In order of their making.
    pub intents: Vec<Value>,
    setups: BTreeMap<String, Value>,
    sessions: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    /// Every charge that took money: intent and amount. What a bank statement shows.
    pub taken: Vec<(String, i64)>,
    /// What webhooks tell, in order.
    pub events: Vec<(String, Value)>,
}

fn missing(param: &str) -> Reply {
    let message = format!("No such {param}");
    (
        404,
        json!({"error": {"type": "invalid_request_error", "code": "resource_missing",
            "param": param, "message": message}}),
    )
}

fn refused(code: &str, message: &str) -> Reply {
    (400, json!({"error": {"type": "invalid_request_error", "code": code, "message": message}}))
}

/// Stripe answers 400 for what a parameter names, 404 for what the path names.
fn missing_param(param: &str) -> Reply {
    (400, missing(param).1)
}

fn card_error(code: &str, intent: Option<&Value>, method: &Value) -> Reply {
    let mut error = json!({"type": "card_error", "code": "card_declined", "decline_code": code,
        "message": "Your card was declined.", "payment_method": method});
    if code == "authentication_required" {
        error["code"] = json!(code);
    }
    if let Some(intent) = intent {
        error["payment_intent"] = intent.clone();
    }
    (402, json!({"error": error}))
}

/// `(last four, decline when charged, authenticates, may be attached)` of a test token.
fn card(token: &str) -> Option<(&'static str, Option<&'static str>, bool, bool)> {
    Some(match token {
        "pm_card_visa" => ("4242", None, false, true),
        "pm_card_chargeCustomerFail" => ("0341", Some("generic_decline"), false, true),
        "pm_card_chargeDeclined" => ("0002", Some("generic_decline"), false, false),
        "pm_card_chargeDeclinedInsufficientFunds" => {
            ("9995", Some("insufficient_funds"), false, false)
        }
        "pm_card_authenticationRequired" => ("3184", None, true, true),
        _ => return None,
    })
}

impl Books {
    pub(super) fn answer(&mut self, method: &str, path: &str, fields: &Fields) -> Reply {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["customers"]) => self.create_customer(fields),
            ("POST", ["setup_intents"]) => self.create_setup(fields),
            ("GET", ["setup_intents", id]) => found(self.setups.get(*id), "intent"),
            ("POST", ["checkout", "sessions"]) => self.create_session(fields),
            ("GET", ["checkout", "sessions", id]) => self.find_session(id, fields),
            ("GET", ["payment_methods", id]) => found(self.methods.get(*id), "payment_method"),
            ("POST", ["payment_methods", id, "attach"]) => self.attach(id, fields),
            ("POST", ["payment_methods", id, "detach"]) => self.detach(id),
            ("POST", ["payment_intents"]) => self.charge(fields),
            ("GET", ["payment_intents"]) => self.list_intents(fields),
            ("GET", ["payment_intents", id]) => {
                found(self.intents.iter().find(|it| it["id"] == *id), "intent")
            }
            ("POST", ["payment_intents", id, "cancel"]) => self.cancel(id),
            ("POST", ["refunds"]) => self.refund(fields),
            ("GET", ["refunds"]) => {
                let of = &fields["payment_intent"];
                let data: Vec<_> =
                    self.refunds.iter().filter(|it| it["payment_intent"] == *of).collect();
                (200, json!({"object": "list", "data": data, "has_more": false}))
            }
            _ => panic!("{method} {path} is not faked"),
        }
    }

    fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_fake{}", self.made)
    }

    fn tell(&mut self, kind: &str, object: &Value) {
        self.events.push((kind.to_owned(), object.clone()));
    }

    fn create_customer(&mut self, fields: &Fields) -> Reply {
        let id = self.id("cus");
        let made = json!({"id": id, "object": "customer", "email": fields.get("email")});
        self.customers.insert(id, made.clone());
        (200, made)
    }

    fn create_setup(&mut self, fields: &Fields) -> Reply {
        let customer = &fields["customer"];
        if !self.customers.contains_key(customer) {
            return missing_param("customer");
        }
        assert_eq!(fields["usage"], "off_session");
        let id = self.id("seti");
        let made = json!({"id": id, "object": "setup_intent", "customer": customer,
            "status": "requires_payment_method", "client_secret": format!("{id}_secret_1"),
            "payment_method": null, "mandate": null, "last_setup_error": null});
        self.setups.insert(id, made.clone());
        (200, made)
    }

    fn create_session(&mut self, fields: &Fields) -> Reply {
        assert_eq!(fields["mode"], "setup");
        for required in ["success_url", "customer", "payment_method_types[]"] {
            if !fields.contains_key(required) {
                return missing_param(required);
            }
        }
        let inner = Fields::from([
            ("customer".to_owned(), fields["customer"].clone()),
            ("usage".to_owned(), "off_session".to_owned()),
        ]);
        let (status, setup) = self.create_setup(&inner);
        if status != 200 {
            return (status, setup);
        }
        let id = self.id("cs");
        let made = json!({"id": id, "object": "checkout.session", "mode": "setup",
            "status": "open", "url": format!("https://checkout.stripe.com/c/pay/{id}"),
            "customer": fields["customer"], "setup_intent": setup["id"],
            "success_url": fields["success_url"], "cancel_url": fields.get("cancel_url")});
        self.sessions.insert(id, made.clone());
        (200, made)
    }

    fn find_session(&self, id: &str, fields: &Fields) -> Reply {
        let Some(mut session) = self.sessions.get(id).cloned() else {
            return missing("checkout.session");
        };
        if fields.get("expand[]").is_some_and(|what| what == "setup_intent") {
            let intent = session["setup_intent"].as_str().unwrap().to_owned();
            session["setup_intent"] = self.setups[&intent].clone();
        }
        (200, session)
    }

    /// What the customer does on Stripe's page; where the browser goes then.
    pub fn complete_session(&mut self, id: &str) -> String {
        let intent = self.sessions[id]["setup_intent"].as_str().unwrap().to_owned();
        self.confirm_setup(&intent);
        let session = self.sessions.get_mut(id).unwrap();
        session["status"] = json!("complete");
        session["url"] = json!(null);
        let session = session.clone();
        self.tell("checkout.session.completed", &session);
        session["success_url"].as_str().unwrap().to_owned()
    }

    /// What the customer does in the browser.
    pub fn confirm_setup(&mut self, id: &str) {
        let customer = self.setups[id]["customer"].clone();
        let method = self.new_method("pm_card_visa");
        self.methods.get_mut(&method).unwrap()["customer"] = customer;
        let setup = self.setups.get_mut(id).unwrap();
        setup["status"] = json!("succeeded");
        setup["payment_method"] = json!(method);
        let setup = setup.clone();
        self.tell("setup_intent.succeeded", &setup);
    }

    fn new_method(&mut self, token: &str) -> String {
        let id = self.id("pm");
        let last4 = card(token).unwrap().0;
        let made = json!({"id": id, "object": "payment_method", "type": "card", "customer": null,
            "card": {"brand": "visa", "last4": last4, "exp_month": 8, "exp_year": 2034,
                "fingerprint": format!("fp_{last4}"), "checks": {"cvc_check": "pass"}},
            "test_token": token});
        self.methods.insert(id.clone(), made);
        id
    }

    fn attach(&mut self, id: &str, fields: &Fields) -> Reply {
        let customer = fields["customer"].clone();
        if !self.customers.contains_key(&customer) {
            return missing_param("customer");
        }
        let id = match card(id) {
            Some((_, Some(code), _, false)) => return card_error(code, None, &json!(null)),
            Some(_) => self.new_method(id),
            None => id.to_owned(),
        };
        match self.methods.get_mut(&id) {
            Some(method) => {
                method["customer"] = json!(customer);
                (200, method.clone())
            }
            None => missing("payment_method"),
        }
    }

    fn detach(&mut self, id: &str) -> Reply {
        match self.methods.get_mut(id) {
            None => missing("payment_method"),
            Some(method) if method["customer"].is_null() => refused(
                "payment_method_unexpected_state",
                "The payment method you provided is not attached to a customer.",
            ),
            Some(method) => {
                method["customer"] = json!(null);
                method["detached"] = json!(true);
                (200, method.clone())
            }
        }
    }

    fn charge(&mut self, fields: &Fields) -> Reply {
        assert_eq!(fields["confirm"], "true");
        if !self.customers.contains_key(&fields["customer"]) {
            return missing_param("customer");
        }
        let amount: i64 = fields["amount"].parse().unwrap();
        if amount < 50 {
            return refused("amount_too_small", "Amount must be at least $0.50 usd");
        }
        let asked = fields["payment_method"].as_str();
        let method = match card(asked) {
            Some(_) => self.new_method(asked),
            None => asked.to_owned(),
        };
        let Some(method) = self.methods.get(&method).cloned() else {
            return missing_param("payment_method");
        };
        if method["detached"] == true {
            return refused(
                "payment_method_unexpected_state",
                "The provided PaymentMethod was previously used or detached.",
            );
        }
        let id = self.id("pi");
        let intent = json!({"id": id, "object": "payment_intent", "amount": amount,
            "currency": fields["currency"], "customer": fields["customer"],
            "client_secret": format!("{id}_secret_1"), "status": "requires_confirmation",
            "payment_method": method["id"], "description": fields["description"],
            "metadata": {"bursar_payment": fields["metadata[bursar_payment]"]},
            "next_action": null, "last_payment_error": null, "mandate": fields.get("mandate")});
        self.intents.push(intent);
        let place = self.intents.len() - 1;
        let (_, declined, authenticates, _) = card(method["test_token"].as_str().unwrap()).unwrap();
        let absent = fields.get("off_session").is_some_and(|it| it == "true");
        match (declined, authenticates, absent) {
            (None, false, _) => self.succeed(place),
            (Some(code), _, _) => self.decline(place, code, &method),
            (None, true, true) => self.decline(place, "authentication_required", &method),
            (None, true, false) => self.ask(place, fields.get("return_url")),
        }
    }

    fn succeed(&mut self, place: usize) -> Reply {
        let intent = &mut self.intents[place];
        intent["status"] = json!("succeeded");
        intent["last_payment_error"] = json!(null);
        intent["next_action"] = json!(null);
        let intent = intent.clone();
        let id = intent["id"].as_str().unwrap().to_owned();
        self.taken.push((id, intent["amount"].as_i64().unwrap()));
        self.tell("payment_intent.succeeded", &intent);
        (200, intent)
    }

    fn decline(&mut self, place: usize, code: &str, method: &Value) -> Reply {
        let intent = &mut self.intents[place];
        intent["status"] = json!("requires_payment_method");
        intent["payment_method"] = json!(null);
        let (_, body) = card_error(code, None, method);
        intent["last_payment_error"] = body["error"].clone();
        let intent = intent.clone();
        self.tell("payment_intent.payment_failed", &intent);
        card_error(code, Some(&intent), method)
    }

    fn ask(&mut self, place: usize, return_url: Option<&String>) -> Reply {
        let intent = &mut self.intents[place];
        intent["status"] = json!("requires_action");
        intent["next_action"] = match return_url {
            Some(back) => json!({"type": "redirect_to_url", "redirect_to_url":
                {"url": "https://hooks.stripe.example/3ds", "return_url": back}}),
            None => json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "3ds"}}),
        };
        (200, intent.clone())
    }

    /// What the customer does in the browser with the client secret.
    pub fn authenticate(&mut self, id: &str, approve: bool) {
        let place = self.intents.iter().position(|it| it["id"] == id).unwrap();
        match self.intents[place]["status"].as_str().unwrap() {
            "canceled" | "succeeded" => {}
            _ if approve => {
                self.succeed(place);
            }
            _ => {
                let intent = &mut self.intents[place];
                intent["status"] = json!("requires_payment_method");
                intent["last_payment_error"] = json!({"type": "card_error",
                    "code": "payment_intent_authentication_failure"});
                let intent = intent.clone();
                self.tell("payment_intent.payment_failed", &intent);
            }
        }
    }

    fn list_intents(&self, fields: &Fields) -> Reply {
        let limit: usize = fields["limit"].parse().unwrap();
        let newest_first =
            self.intents.iter().rev().filter(|it| it["customer"] == fields["customer"]);
        let mut rest: Vec<_> = newest_first.collect();
        if let Some(after) = fields.get("starting_after") {
            let place = rest.iter().position(|it| it["id"] == *after).unwrap();
            rest.drain(..=place);
        }
        let more = rest.len() > limit;
        rest.truncate(limit);
        (200, json!({"object": "list", "data": rest, "has_more": more}))
    }

    fn cancel(&mut self, id: &str) -> Reply {
        let Some(intent) = self.intents.iter_mut().find(|it| it["id"] == id) else {
            return missing("intent");
        };
        if matches!(intent["status"].as_str().unwrap(), "succeeded" | "canceled" | "processing") {
            return refused("payment_intent_unexpected_state", "You cannot cancel this.");
        }
        intent["status"] = json!("canceled");
        let intent = intent.clone();
        self.tell("payment_intent.canceled", &intent);
        (200, intent)
    }

    fn refund(&mut self, fields: &Fields) -> Reply {
        let intent = &fields["payment_intent"];
        let amount: i64 = fields["amount"].parse().unwrap();
        let paid: i64 = self.taken.iter().filter(|(id, _)| id == intent).map(|(_, it)| it).sum();
        let left = paid - self.refunded(intent);
        if left == 0 {
            return refused("charge_already_refunded", "Charge has already been refunded.");
        }
        if amount > left {
            let message =
                "Refund amount ($9.00) is greater than unrefunded amount on charge ($1.00)";
            return refused("parameter_invalid", message);
        }
        let made = json!({"id": self.id("re"), "object": "refund", "amount": amount,
            "currency": "usd", "payment_intent": intent, "status": "succeeded",
            "metadata": {"bursar_refund": fields["metadata[bursar_refund]"]}});
        self.refunds.push(made.clone());
        self.tell("refund.created", &made);
        (200, made)
    }

    fn refunded(&self, intent: &str) -> i64 {
        let of = self.refunds.iter().filter(|it| it["payment_intent"] == intent);
        of.map(|it| it["amount"].as_i64().unwrap()).sum()
    }

    /// What was taken and not returned for one of our ids, over all intents that carry it.
    pub fn kept(&self, payment: &str) -> i64 {
        let ours = self.intents.iter().filter(|it| it["metadata"]["bursar_payment"] == payment);
        ours.map(|intent| {
            let id = intent["id"].as_str().unwrap();
            let taken: i64 = self.taken.iter().filter(|(of, _)| of == id).map(|(_, it)| it).sum();
            taken - self.refunded(id)
        })
        .sum()
    }

    /// A customer disputes a payment.
    pub fn dispute(&mut self, intent: &str) {
        let dispute = json!({"id": self.id("dp"), "object": "dispute", "amount": 2900,
            "currency": "usd", "reason": "product_not_received", "status": "needs_response",
            "payment_intent": intent, "charge": "ch_1", "metadata": {},
            "evidence_details": {"due_by": 1_900_000_000, "has_evidence": false}});
        self.tell("charge.dispute.created", &dispute);
        let mut lost = dispute;
        lost["status"] = json!("lost");
        self.tell("charge.dispute.closed", &lost);
    }
}

fn found(object: Option<&Value>, param: &str) -> Reply {
    object.map_or_else(|| missing(param), |object| (200, object.clone()))
}
