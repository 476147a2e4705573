use std::collections::BTreeSet;

use axum::http::Method;
use bursar_api::Code;
use serde_json::{Value, json};

use crate::app::App;

/// Every route, sorted.
const ROUTES: &[&str] = &[
    "DELETE /v1/accounts/{id}/assets/{asset}",
    "DELETE /v1/accounts/{id}/custom_plan",
    "DELETE /v1/accounts/{id}/payment_methods/{method}",
    "DELETE /v1/accounts/{id}/subscription/scheduled_change",
    "GET /docs",
    "GET /healthz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /problems",
    "GET /problems/{code}",
    "GET /readyz",
    "GET /v1/accounts/{id}",
    "GET /v1/accounts/{id}/assets",
    "GET /v1/accounts/{id}/assets/{asset}",
    "GET /v1/accounts/{id}/assets/{asset}/content",
    "GET /v1/accounts/{id}/assets/{asset}/thumbnail",
    "GET /v1/accounts/{id}/auto_topup",
    "GET /v1/accounts/{id}/balance",
    "GET /v1/accounts/{id}/billing_details",
    "GET /v1/accounts/{id}/events",
    "GET /v1/accounts/{id}/features/{feature}",
    "GET /v1/accounts/{id}/holds",
    "GET /v1/accounts/{id}/invoices",
    "GET /v1/accounts/{id}/invoices/{invoice}",
    "GET /v1/accounts/{id}/invoices/{invoice}.pdf",
    "GET /v1/accounts/{id}/payment_methods",
    "GET /v1/accounts/{id}/purge_certificates",
    "GET /v1/accounts/{id}/receipts/{receipt}",
    "GET /v1/accounts/{id}/setup_sessions/{session}",
    "GET /v1/accounts/{id}/statement",
    "GET /v1/accounts/{id}/storage",
    "GET /v1/accounts/{id}/subscription",
    "GET /v1/accounts/{id}/subscription/refund",
    "GET /v1/catalog",
    "GET /v1/widget/balance",
    "GET /v1/widget/events",
    "POST /v1/accounts",
    "POST /v1/accounts/{id}/assets",
    "POST /v1/accounts/{id}/charges",
    "POST /v1/accounts/{id}/charges/{charge}/refund",
    "POST /v1/accounts/{id}/credits",
    "POST /v1/accounts/{id}/exports",
    "POST /v1/accounts/{id}/holds",
    "POST /v1/accounts/{id}/holds/{hold}/capture",
    "POST /v1/accounts/{id}/holds/{hold}/extend",
    "POST /v1/accounts/{id}/holds/{hold}/release",
    "POST /v1/accounts/{id}/invoices/{invoice}/pay",
    "POST /v1/accounts/{id}/invoices/{invoice}/refund",
    "POST /v1/accounts/{id}/payment_methods",
    "POST /v1/accounts/{id}/payment_methods/{method}/default",
    "POST /v1/accounts/{id}/quotes",
    "POST /v1/accounts/{id}/setup_sessions",
    "POST /v1/accounts/{id}/subscription",
    "POST /v1/accounts/{id}/subscription/cancel",
    "POST /v1/accounts/{id}/subscription/pause",
    "POST /v1/accounts/{id}/subscription/preview",
    "POST /v1/accounts/{id}/subscription/refund",
    "POST /v1/accounts/{id}/subscription/resume",
    "POST /v1/accounts/{id}/topups",
    "POST /v1/batch",
    "POST /v1/portal_sessions",
    "POST /v1/provider/sandbox/webhooks",
    "POST /v1/provider/stripe/webhooks",
    "POST /v1/test_clock/accounts/{id}/advance",
    "POST /v1/widget_tokens",
    "PUT /v1/accounts/{id}/assets/{asset}/content",
    "PUT /v1/accounts/{id}/auto_topup",
    "PUT /v1/accounts/{id}/billing_details",
    "PUT /v1/accounts/{id}/custom_plan",
];

async fn document() -> (App, Value) {
    let app = App::new().await;
    let document = app.get("/openapi.json").send().await.expect(200);
    (app, document)
}

/// Every operation as method, path and description.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operation = |path: &String, (method, operation): (&String, &Value)| {
        (method.clone(), path.clone(), operation.clone())
    };
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |it| operation(path, it))
        })
        .collect()
}

#[tokio::test]
async fn the_document() {
    let (app, _) = document().await;
    let mut document = serde_json::to_value(bursar_api::document(&app.state)).unwrap();
    document["info"]["version"] = json!("…");
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn every_route_is_in_it() {
    let (_, document) = document().await;
    let found: BTreeSet<String> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ROUTES);
}

/// What is documented is served: no address is unknown, no method refused.
#[tokio::test]
async fn every_operation_in_it_is_served() {
    let (app, document) = document().await;
    app.account("a").await;
    for (method, path, _) in operations(&document) {
        let address = path.replace("{id}", "a").replace("{code}", "internal");
        // Of the two inboxes only that of the provider in use is there.
        if path.contains("/stripe/") {
            continue;
        }
        let method: Method = method.to_uppercase().parse().unwrap();
        // The stream has no end; that it starts is tested elsewhere.
        if path.ends_with("/events") {
            continue;
        }
        let reply = app.call(method, &address).send().await;
        let code = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let code = code["code"].as_str().unwrap_or_default();
        assert!(!["route_not_found", "method_not_allowed", "internal"].contains(&code), "{path}");
    }
}

#[tokio::test]
async fn every_code_is_documented_at_some_operation() {
    let (_, document) = document().await;
    let text = document["paths"].to_string();
    // Of an address without the method there is no operation.
    let outside = [Code::MethodNotAllowed];
    for code in Code::ALL.iter().filter(|code| !outside.contains(code)) {
        let example = format!("\"#/components/examples/{}\"", code.as_str());
        assert!(text.contains(&example), "{}", code.as_str());
    }
}

#[tokio::test]
async fn everything_in_it_is_described() {
    let (_, document) = document().await;
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        for name in ["summary", "operationId"] {
            assert!(operation[name].is_string(), "{place}: {name}");
        }
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            let text = response["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{place}: {status}");
            // What the caller has already isn't sent again.
            let sent = status != "304";
            assert_eq!(response["content"].is_object(), sent, "{place}: {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter}");
        }
        if path.starts_with("/v1") && !path.starts_with("/v1/provider") {
            let security = &operation["security"][0];
            let is_widget = path.starts_with("/v1/widget/") && security["widget_token"].is_array();
            assert!(is_widget || security["api_key"][0].is_string(), "{place}");
            assert!(responses.contains_key("401"), "{place}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let nullable = property["oneOf"][0]["description"].is_string();
            assert!(nullable || property["description"].is_string(), "{name}.{field}");
        }
    }
}

/// The example of each request's body passes the check of its form, and a field that the schema
/// doesn't have is refused, with all those that it has.
#[tokio::test]
async fn bodies_are_read_as_documented() {
    let (app, document) = document().await;
    let schemas = &document["components"]["schemas"];
    let understood = [
        "none",
        "hold_not_found",
        "charge_not_found",
        "already_on_plan",
        "invoice_not_open",
        "not_refundable",
    ];
    for (number, (method, path, operation)) in operations(&document).into_iter().enumerate() {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let text = body.to_string();
        let Some((_, name)) = text.split_once("#/components/schemas/") else {
            continue;
        };
        let name = name.split('"').next().unwrap();
        let schema = &schemas[name];
        let account = format!("a{number}");
        app.subscriber(&account, "starter").await;
        let address = path.replace("{id}", &account).replace("{invoice}", "inv_1");
        let address = address.replace("{hold}", &format!("hold_{:0>32}", 1));
        let address = address.replace("{charge}", &format!("charge_{:0>32}", 1));
        let method: Method = method.to_uppercase().parse().unwrap();
        let send = |body: Value, key: &str| {
            app.call(method.clone(), &address).json(&body.to_string()).key(key).send()
        };
        let example = schema["example"].clone();
        assert!(example.is_object(), "{name}");
        let reply = send(example.clone(), &format!("example:{name}")).await;
        let code = reply.json()["code"].clone();
        assert!(understood.contains(&code.as_str().unwrap_or("none")), "{name}: {code}");
        if schema["additionalProperties"] != json!(false) {
            continue;
        }
        let mut wrong = example;
        wrong["zzz"] = json!("x");
        let problem = send(wrong, &format!("wrong:{name}")).await.problem(422, "invalid_request");
        let known: BTreeSet<&str> =
            problem["known"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let fields = schema["properties"].as_object().unwrap().keys().map(String::as_str);

        assert_eq!(known, fields.collect(), "{name}");
    }
}

/// A body that may be left out is not `null`, which is refused.
#[tokio::test]
async fn no_body_is_said_to_be_null() {
    let (app, document) = document().await;
    app.account("a").await;
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert!(!schema.to_string().contains("\"null\""), "{method} {path}: {schema}");
    }
    let opened = app.call(Method::POST, "/v1/accounts").json("null").key("one").send().await;
    opened.problem(422, "invalid_request");
}

/// What isn't JSON is bytes, of whatever kind it is.
#[tokio::test]
async fn files_are_bytes() {
    let (_, document) = document().await;
    let file = json!({"type": "string", "format": "binary"});
    let content = |path: &str, method: &str, at: &str| {
        let operation = &document["paths"][path][method];
        operation.pointer(at).unwrap_or_else(|| panic!("{path} has no {at}"))["schema"].clone()
    };
    let asset = "/v1/accounts/{id}/assets/{asset}/content";
    assert_eq!(content(asset, "get", "/responses/200/content/*~1*"), file);
    assert_eq!(content(asset, "get", "/responses/206/content/*~1*"), file);
    assert_eq!(content(asset, "put", "/requestBody/content/application~1octet-stream"), file);
    let thumbnail = "/v1/accounts/{id}/assets/{asset}/thumbnail";
    assert_eq!(content(thumbnail, "get", "/responses/200/content/image~1jpeg"), file);
    assert_eq!(content(thumbnail, "get", "/responses/200/content/image~1webp"), file);
    let exports = "/v1/accounts/{id}/exports";
    assert_eq!(content(exports, "post", "/responses/200/content/application~1zip"), file);
    let pdf = "/v1/accounts/{id}/invoices/{invoice}.pdf";
    assert_eq!(content(pdf, "get", "/responses/200/content/application~1pdf"), file);
}

/// The streams' documentation is of their messages, of which a balance is one.
#[tokio::test]
async fn streams_are_made_of_messages() {
    let (_, document) = document().await;
    for (path, name) in [
        ("/v1/accounts/{id}/events", "AccountMessage"),
        ("/v1/widget/events", "WidgetMessage"),
    ] {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
        let schema = &content["text/event-stream"]["schema"];
        assert_eq!(schema["$ref"], format!("#/components/schemas/{name}"), "{path}");
        let data = &document["components"]["schemas"][name]["properties"]["data"];
        assert_eq!(data["contentMediaType"], "application/json", "{data}");
    }
    assert!(document["components"]["schemas"]["AccountEvent"].is_object());
}
