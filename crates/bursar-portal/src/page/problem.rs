//! Why there is no page, said to people: what happened, and what to do now.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bursar_engine::Failure;
use bursar_store::StoreError;

/// A page that says why there isn't another.
#[derive(Clone, Debug)]
pub(crate) struct PageProblem {
    pub(crate) status: StatusCode,
    /// What happened, in a few words.
    pub(crate) title: String,
    /// What happened, in a sentence.
    pub(crate) detail: String,
    /// The way on, if there is one.
    pub(crate) next: Option<Step>,
}

/// A way on.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What the link says.
    pub(crate) label: String,
    pub(crate) url: String,
}

impl PageProblem {
    /// A problem without a way on.
    pub(crate) fn new(status: StatusCode, title: &str, detail: impl Into<String>) -> Self {
        Self { status, title: title.to_owned(), detail: detail.into(), next: None }
    }

    /// With a way on.
    #[must_use]
    pub(crate) fn leading(self, label: &str, url: impl Into<String>) -> Self {
        Self { next: Some(Step { label: label.to_owned(), url: url.into() }), ..self }
    }

    /// There is nothing at this address; `what` says what was looked for.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", format!("There is no {what} here."))
            .leading("Go to billing", "/portal")
    }

    /// Nobody is signed in. `return_url` is where the customer came from, if that is known.
    pub(crate) fn signed_out(return_url: Option<String>) -> Self {
        let problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "You are signed out",
            "For your safety billing closes after half an hour without use. Open it again from the \
             app; nothing was lost.",
        );
        match return_url {
            Some(url) => problem.leading("Back to the app", url),
            None => problem,
        }
    }

    /// What was sent can't be a form of ours.
    pub(crate) fn bad_form(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "That didn't work", detail)
            .leading("Go to billing", "/portal")
    }

    /// A form that didn't come from one of our pages.
    pub(crate) fn forged() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "That form has expired",
            "It was made before you signed in, or by another site. Nothing was changed. Open the page \
             again and repeat what you did.",
        )
        .leading("Go to billing", "/portal")
    }

    /// Storage, or somebody that we depend on, doesn't answer.
    pub(crate) fn unavailable(why: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%why, "a page is not available");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again in a moment",
            "Billing can't be reached right now. Nothing was changed, and nothing was charged.",
        )
        .leading("Try again", "/portal")
    }

    /// A mistake of ours; `why` is for the log.
    pub(crate) fn defect(why: &dyn std::fmt::Display) -> Self {
        tracing::error!(%why, "a page failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            "This is our mistake, not yours. It has been noted.",
        )
        .leading("Go to billing", "/portal")
    }

    /// What a refusal of the framework means; `None` if the status is no refusal.
    pub(crate) fn bare(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::not_found("page")),
            StatusCode::METHOD_NOT_ALLOWED => {
                let problem = Self::bad_form("This address is not meant to be used like that.");
                Some(Self { status, ..problem })
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Some(Self { status, ..Self::bad_form("What you sent is too large.") })
            }
            status if status.is_client_error() => {
                Some(Self { status, ..Self::bad_form("What you sent could not be read.") })
            }
            _ => None,
        }
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for PageProblem {
    fn from(error: StoreError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<Failure> for PageProblem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(rejection) => {
                let detail = format!("{rejection}.");
                Self { status: StatusCode::CONFLICT, ..Self::bad_form(detail) }
            }
            Failure::KeyReused => Self::forged(),
            Failure::Unknown(why) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "We don't know yet whether that worked",
                "Look at your billing page in a moment before you try again. Sending the same form \
                 again is safe: it takes effect once.",
            )
            .noted(&why)
            .leading("Go to billing", "/portal"),
            Failure::Defect => Self::defect(&failure),
            other => Self::unavailable(&other),
        }
    }
}

impl PageProblem {
    fn noted(self, why: &str) -> Self {
        tracing::error!(why, "the outcome of a form is unknown");
        self
    }
}
