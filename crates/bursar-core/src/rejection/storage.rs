//! Why something can't be stored or deleted.

use alloc::format;
use alloc::string::{String, ToString};

use crate::id::{AssetId, Key};
use crate::readable::{size, size_up};
use crate::time::Timestamp;

/// There is no room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("storage is full: {} of {} are used{}{}", size(*.used_bytes), size(*.quota_bytes), also_reserved(*.reserved_bytes), needed(*.need_bytes, *.short_bytes))]
pub struct StorageFull {
    /// Bytes of stored assets.
    pub used_bytes: u64,
    /// Bytes reserved for uploads under way.
    pub reserved_bytes: u64,
    /// Bytes that the plan has.
    pub quota_bytes: u64,
    /// Bytes that the new asset takes; 0 if that isn't known yet.
    pub need_bytes: u64,
    /// Bytes that would have to be free besides.
    pub short_bytes: u64,
    /// The smallest plan that would have room.
    pub upgrade: Option<Key>,
    /// Its name for people.
    pub upgrade_name: Option<String>,
    /// Bytes that it has; 0 if there is none.
    pub upgrade_bytes: u64,
}

fn also_reserved(reserved_bytes: u64) -> String {
    match reserved_bytes {
        0 => String::new(),
        some => format!(", {} are reserved for uploads under way", size(some)),
    }
}

fn needed(need_bytes: u64, short_bytes: u64) -> String {
    match need_bytes {
        0 => String::new(),
        some => format!("; needs {}: short {}", size_up(some), size_up(short_bytes)),
    }
}

impl StorageFull {
    /// Both ways out.
    pub fn fix(&self) -> String {
        let delete = match self.need_bytes {
            0 => "Delete assets that are not needed".to_string(),
            _ => format!(
                "Delete assets and uploads that are not needed, {} of them",
                size_up(self.short_bytes)
            ),
        };
        match &self.upgrade_name {
            Some(name) => {
                format!("{delete}, or upgrade to {name} with {}.", size(self.upgrade_bytes))
            }
            None => format!("{delete}; no plan has room for this, so for more ask support."),
        }
    }
}

/// Why something can't be stored or deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageRejection {
    /// No room for it.
    #[error(transparent)]
    Full(#[from] StorageFull),
    /// A file of nothing.
    #[error("an asset has at least 1 byte")]
    Empty,
    /// Larger than a file may be.
    #[error("an upload may have at most {}, not {}", size(*.most_bytes), size_up(*.given_bytes))]
    TooLarge {
        /// How large it would be.
        given_bytes: u64,
        /// The most.
        most_bytes: u64,
    },
    /// More came than was reserved.
    #[error("{reserved_bytes} bytes were reserved for this upload, and {given_bytes} came")]
    ExceedsReservation {
        /// How much came.
        given_bytes: u64,
        /// What was reserved.
        reserved_bytes: u64,
    },
    /// As many uploads as may be under way are.
    #[error("{most} uploads are under way, the most there may be at once")]
    TooManyUploads {
        /// The most.
        most: u32,
    },
    /// There has never been a subscription.
    #[error("the account has no running subscription, and so no storage")]
    NotSubscribed,
    /// The subscription has ended: nothing new is stored.
    #[error("the subscription ended on {ended_at}{}", until(*.kept_until))]
    SubscriptionEnded {
        /// When.
        ended_at: Timestamp,
        /// Until when what there is can be read, exported and deleted; `None` if it is gone.
        kept_until: Option<Timestamp>,
    },
    /// No file or upload of that id.
    #[error("there is no {asset} on this account")]
    NotFound {
        /// The id.
        asset: AssetId,
    },
    /// Its upload took too long.
    #[error("the upload of {asset} is over: it was open until {expired_at}")]
    UploadExpired {
        /// The asset.
        asset: AssetId,
        /// Until when it was open.
        expired_at: Timestamp,
    },
    /// It is there already; a file never changes.
    #[error("{asset} is stored already")]
    AlreadyStored {
        /// The asset.
        asset: AssetId,
    },
    /// It is known already.
    #[error("this is known already")]
    NothingNew,
}

fn until(kept_until: Option<Timestamp>) -> String {
    match kept_until {
        Some(at) => {
            format!(
                "; what is stored can be read, exported and deleted until {at}, and nothing added"
            )
        }
        None => String::new(),
    }
}

impl StorageRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "storage_full",
            Self::Empty => "asset_empty",
            Self::TooLarge { .. } => "asset_too_large",
            Self::ExceedsReservation { .. } => "exceeds_reservation",
            Self::TooManyUploads { .. } => "too_many_uploads",
            Self::NotSubscribed => "not_subscribed",
            Self::SubscriptionEnded { .. } => "subscription_ended",
            Self::NotFound { .. } => "asset_not_found",
            Self::UploadExpired { .. } => "upload_expired",
            Self::AlreadyStored { .. } => "asset_already_stored",
            Self::NothingNew => "nothing_new",
        }
    }

    /// What would fix it.
    pub fn fix(&self) -> String {
        let fix = match self {
            Self::Full(full) => return full.fix(),
            Self::Empty => "Store a file that has something in it.",
            Self::TooLarge { .. } => "Store it in parts, or make it smaller.",
            Self::ExceedsReservation { .. } => "Reserve again with the size that it has.",
            Self::TooManyUploads { .. } => "Finish or delete uploads under way.",
            Self::NotSubscribed | Self::SubscriptionEnded { .. } => {
                "Subscribe: POST /v1/accounts/{id}/subscription."
            }
            Self::NotFound { .. } => "List them: GET /v1/accounts/{id}/assets.",
            Self::UploadExpired { .. } => "Reserve again, and upload at once.",
            Self::AlreadyStored { .. } => "Store another version as another asset.",
            Self::NothingNew => "Nothing to do.",
        };
        fix.to_string()
    }
}
