//! `/v1/accounts/{id}/features/{feature}`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::entitlements::entitlement;
use bursar_core::id::Key;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::FeaturePath;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::wire::Shown;

/// Whether an account may use a feature.
#[derive(Debug, Serialize, ToSchema)]
struct Entitlement {
    /// The feature.
    #[schema(example = "video_editor")]
    feature: String,
    /// May it?
    allowed: bool,
    /// Why, in a sentence.
    #[schema(example = "Starter does not include Video Editor.")]
    reason: String,
    /// The lowest plan that has the feature, if the account may not use it.
    #[schema(value_type = Option<String>, example = "professional")]
    unlocked_by: Option<Shown<Key>>,
}

/// Ask whether an account may use a feature
#[utoipa::path(get, path = "/v1/accounts/{id}/features/{feature}", tag = "catalog",
    operation_id = "check_feature",
    responses((status = 200, description = "Whether it may, and why", body = Entitlement)))]
pub(crate) async fn check(
    State(api): State<ApiState>,
    FeaturePath(id, feature): FeaturePath,
) -> Result<Response, Problem> {
    let view = view(&api, &id).await?;
    let catalog = api.engine().catalog();
    let found = entitlement(&view.account, catalog, &feature).ok_or_else(|| {
        let known: Vec<String> = catalog.features.iter().map(|it| it.key.to_string()).collect();
        let detail = format!("Unknown feature {feature:?}; the catalog has {}.", known.join(", "));
        Problem::new(Code::FeatureNotFound, detail).with(|members| members.known = known)
    })?;
    let body = Entitlement {
        feature,
        allowed: found.allowed,
        reason: found.reason,
        unlocked_by: found.unlocked_by.map(Shown),
    };
    Ok(reply::json(StatusCode::OK, &body))
}
