//! The customer who asks for a page, with the account as it is now.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bursar_core::account::Account;
use bursar_engine::View;
use bursar_engine::visits::Visit;

use super::cookie;
use super::note::{self, Note};
use crate::page::problem::PageProblem;
use crate::page::words::Locale;
use crate::state::Portal;

/// A customer who is signed in. Taking one costs a page its one read of the account, and what is known
/// of the name.
pub(crate) struct Customer {
    /// The session.
    pub(crate) visit: Visit,
    /// The account at this moment.
    pub(crate) view: View,
    /// How figures read to the customer.
    pub(crate) locale: Locale,
    /// What the page before wants said.
    pub(crate) note: Option<Note>,
    /// The name, if it is known.
    pub(crate) name: Option<String>,
    /// What the cookie says.
    pub(super) token: String,
}

impl Customer {
    /// The account.
    pub(crate) fn account(&self) -> &Account {
        &self.view.account
    }

    /// The same with the account as it is now, after something was done to it.
    ///
    /// # Errors
    /// [`PageProblem`] if the account can't be read.
    pub(crate) async fn again(self, portal: &Portal) -> Result<Self, PageProblem> {
        let view = portal.engine().view(&self.visit.account).await?;
        let view = view.ok_or_else(|| PageProblem::signed_out(self.visit.return_url.clone()))?;
        Ok(Self { view, ..self })
    }

    /// Does the session still go on? Asking doesn't make it last longer.
    pub(crate) async fn is_still_in(&self, portal: &Portal) -> bool {
        matches!(portal.engine().visits().peek(&self.token).await, Ok(Some(_)))
    }

    /// Who has the cookie that was sent.
    ///
    /// # Errors
    /// The page that says that nobody is signed in.
    pub(crate) async fn of(parts: &Parts, portal: &Portal) -> Result<Self, PageProblem> {
        let engine = portal.engine();
        let token = cookie::token(&parts.headers, portal.config());
        let token = token.ok_or_else(|| PageProblem::signed_out(None))?;
        let Some(visit) = engine.visits().find(&token).await? else {
            let left = engine.visits().left(&token).await?;
            return Err(PageProblem::signed_out(left));
        };
        let view = engine.view(&visit.account).await?;
        let view = view.ok_or_else(|| PageProblem::signed_out(visit.return_url.clone()))?;
        let name = engine.store().contact(&visit.account).await?.name;
        let note = note::take(&parts.headers, engine.visits());
        Ok(Self { visit, view, locale: Locale::of(&parts.headers), note, name, token })
    }
}

impl FromRequestParts<Portal> for Customer {
    type Rejection = PageProblem;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, PageProblem> {
        Self::of(parts, portal).await
    }
}
