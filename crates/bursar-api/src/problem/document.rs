//! Problems in the OpenAPI document: per operation, its codes by status, each with an example.

use serde_json::json;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Ref, RefOr, Response};

use super::{Code, PROBLEM_JSON, page};

/// Adds codes to an operation's responses.
pub(crate) fn add(operation: &mut Operation, codes: &[Code]) {
    for code in codes {
        let status = code.status().as_str().to_owned();
        let responses = &mut operation.responses.responses;
        let response = responses.entry(status).or_insert_with(|| RefOr::T(Response::new("")));
        if let RefOr::T(response) = response {
            add_to(response, *code);
        }
    }
}

fn add_to(response: &mut Response, code: Code) {
    let schema = Ref::from_schema_name("Problem");
    let content = response.content.entry(PROBLEM_JSON.to_owned());
    let content = content.or_insert_with(|| RefOr::T(Content::new(Some(schema))));
    let RefOr::T(content) = content else { return };
    let example = Ref::new(format!("#/components/examples/{}", code.as_str()));
    content.examples.insert(code.as_str().to_owned(), RefOr::Ref(example));
    let codes: Vec<String> = content.examples.keys().map(|code| format!("`{code}`")).collect();
    response.description = codes.join(", ");
}

/// An example of each code, which responses refer to.
pub(crate) fn examples() -> impl Iterator<Item = (String, RefOr<Example>)> {
    Code::ALL.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.title()).value(Some(example(*code)));
        (code.as_str().to_owned(), RefOr::T(example.build()))
    })
}

fn example(code: Code) -> serde_json::Value {
    let mut problem = json!({
        "type": page(code),
        "title": code.title(),
        "status": code.status().as_u16(),
        "code": code.as_str(),
        "detail": code.meaning(),
        "request_id": "req_3k7m2p9x4v8n6qaz",
    });
    if let (Code::InsufficientCredits, Some(problem)) = (code, problem.as_object_mut()) {
        problem.insert(
            "detail".to_owned(),
            "Needs 80 credits, has 35 available, 20 held: short 45.".into(),
        );
        for (member, credits) in [("need", 80), ("available", 35), ("held", 20), ("short", 45)] {
            problem.insert(member.to_owned(), credits.into());
        }
    }
    problem
}
