//! The plain tables, row by row.

use bursar_core::id::{AccountId, AssetId};

use crate::registry::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, PortalLink, PortalSession,
};

/// A plain table: what is beside the journal and can't be made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainTable {
    /// Who is behind accounts.
    Contacts,
    /// What invoices say of customers.
    BillingDetails,
    /// What is known of files.
    AssetDetails,
    /// API keys.
    ApiKeys,
    /// Settings, and what workers remember.
    Settings,
    /// The catalogs that were in force.
    Catalogs,
    /// Links into the portal.
    PortalLinks,
    /// Customers who look at the portal.
    PortalSessions,
}

impl PlainTable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Contacts,
        Self::BillingDetails,
        Self::AssetDetails,
        Self::ApiKeys,
        Self::Settings,
        Self::Catalogs,
        Self::PortalLinks,
        Self::PortalSessions,
    ];

    /// What every store calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::BillingDetails => "billing_details",
            Self::AssetDetails => "asset_details",
            Self::ApiKeys => "api_keys",
            Self::Settings => "settings",
            Self::Catalogs => "catalogs",
            Self::PortalLinks => "portal_links",
            Self::PortalSessions => "portal_sessions",
        }
    }
}

/// A row of a plain table, whole: also what no caller of the [`Registry`](crate::Registry) ever sees, such
/// as the place that an erased row keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainRow {
    /// Of [`PlainTable::Contacts`].
    Contact(AccountId, Contact),
    /// Of [`PlainTable::BillingDetails`]: a revision, `None` if it was erased.
    BillingDetails(AccountId, u32, Option<BillingDetails>),
    /// Of [`PlainTable::AssetDetails`].
    AssetDetails(AccountId, AssetId, AssetDetails),
    /// Of [`PlainTable::ApiKeys`].
    ApiKey(ApiKeyRecord),
    /// Of [`PlainTable::Settings`]: its name and its value.
    Setting(String, Vec<u8>),
    /// Of [`PlainTable::Catalogs`].
    Catalog(CatalogRecord),
    /// Of [`PlainTable::PortalLinks`].
    PortalLink(PortalLink),
    /// Of [`PlainTable::PortalSessions`].
    PortalSession(PortalSession),
}

impl PlainRow {
    /// Which row it is, for messages: nothing personal, nothing secret.
    pub fn name(&self) -> String {
        match self {
            Self::Contact(account, _) => format!("account {account}"),
            Self::BillingDetails(account, revision, _) => {
                format!("account {account}, revision {revision}")
            }
            Self::AssetDetails(account, asset, _) => format!("account {account}, {asset}"),
            Self::ApiKey(key) => format!("key {}", key.id),
            Self::Setting(name, _) => format!("setting {name}"),
            Self::Catalog(catalog) => format!("version {}", catalog.version),
            Self::PortalLink(link) => format!("a link of account {}", link.account),
            Self::PortalSession(session) => format!("a session of account {}", session.account),
        }
    }
}
