//! Every problem there is: the one table from codes to statuses, titles and explanations.
//!
//! Rejections of the core know nothing of HTTP; their codes meet their statuses here.

use axum::http::StatusCode;

/// Writes the enum and its table from one list.
macro_rules! codes {
    ($($code:ident $status:ident $name:literal, $title:literal, $meaning:literal;)*) => {
        /// A problem's stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// Every code, by status.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// Its name, which never changes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// The status of the reply.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)* }
            }

            /// What it is, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)* }
            }

            /// What it means and what to do, for its page.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning,)* }
            }
        }
    };
}

codes! {
    MalformedJson BAD_REQUEST "malformed_json", "The body is not JSON",
        "The body is cut off, is not UTF-8 or breaks JSON's grammar. The detail names the place.";
    MalformedRequest BAD_REQUEST "malformed_request", "The request could not be read",
        "The connection broke or the request breaks HTTP's grammar. Send it again.";
    IdempotencyKeyRequired BAD_REQUEST "idempotency_key_required", "An Idempotency-Key is required",
        "Whatever moves credits or changes a plan needs an Idempotency-Key header, so that a repeat \
         after a lost reply takes effect once. Use one key per effect, such as your job's id.";
    InvalidIdempotencyKey BAD_REQUEST "invalid_idempotency_key", "The Idempotency-Key is not usable",
        "A key has 1 to 255 letters, digits or any of _ - . : / + = , @ # ~ and is sent once.";
    WebhookNotBelieved BAD_REQUEST "webhook_not_believed", "The message is not believed",
        "A message of the payment provider must be signed with the secret that is configured here, and \
         recently. Nothing of it was read.";

    ApiKeyMissing UNAUTHORIZED "api_key_missing", "An API key is required",
        "Send the header Authorization: Bearer followed by a key of this installation.";
    ApiKeyUnknown UNAUTHORIZED "api_key_unknown", "The API key does not work",
        "The key is unknown, has expired or belongs to the other mode (test or live).";
    WidgetTokenUnknown UNAUTHORIZED "widget_token_unknown", "The widget's token does not work",
        "Send the header Authorization: Bearer followed by a token that POST /v1/widget_tokens made here, \
         unchanged. An API key is no such token, and belongs in no browser.";
    WidgetTokenExpired UNAUTHORIZED "widget_token_expired", "The widget's token has expired",
        "Tokens of widgets are short-lived. Make a new one: POST /v1/widget_tokens.";

    InsufficientCredits PAYMENT_REQUIRED "insufficient_credits", "Not enough credits",
        "The operation needs more credits than are available. The members need, available, held and \
         short say how many. Held credits are reserved by jobs that are running.";
    SubscriptionEnded PAYMENT_REQUIRED "subscription_ended", "The subscription has ended",
        "What is left of the balance is frozen until the account subscribes again.";
    PaymentMethodRequired PAYMENT_REQUIRED "payment_method_required", "Nothing to pay with",
        "The account has no payment method. Add one: POST /v1/accounts/{id}/payment_methods.";
    CardExpired PAYMENT_REQUIRED "card_expired", "The card has expired",
        "The default card has expired by the account's clock. Add another, or make another the default.";
    PaymentFailed PAYMENT_REQUIRED "payment_failed", "The payment failed",
        "No money was taken and nothing was changed. The member decline_code says why, in the words of \
         the payment provider, and the member payment has the payment. A new attempt needs a new \
         Idempotency-Key.";
    PaymentMethodRefused PAYMENT_REQUIRED "payment_method_refused", "The payment method was refused",
        "The bank refuses this payment method, and it was not added. The member decline_code says why.";

    MissingScope FORBIDDEN "missing_scope", "The API key may not do this",
        "The key lacks the scope that this route needs; the detail names both.";
    FeatureNotInPlan FORBIDDEN "feature_not_in_plan", "The plan does not include this",
        "The operation or model needs a feature that the account's plan lacks. The member unlocked_by \
         names the lowest plan that has it.";
    TestModeOnly FORBIDDEN "test_mode_only", "This works in test mode only",
        "Test clocks don't exist in live mode, where time is real.";

    RouteNotFound NOT_FOUND "route_not_found", "There is no such page",
        "Nothing is served at this address. The API is listed at /docs.";
    AccountNotFound NOT_FOUND "account_not_found", "There is no such account",
        "No account has this id. Create it with POST /v1/accounts.";
    HoldNotFound NOT_FOUND "hold_not_found", "There is no such hold",
        "The account has no hold of this id, open or ended.";
    ChargeNotFound NOT_FOUND "charge_not_found", "There is no such charge",
        "The account has no charge of this id.";
    FeatureNotFound NOT_FOUND "feature_not_found", "There is no such feature",
        "The catalog has no feature of this key; the member known lists those it has.";
    PaymentMethodNotFound NOT_FOUND "payment_method_not_found", "There is no such payment method",
        "The account has no payment method of this id.";
    SetupSessionNotFound NOT_FOUND "setup_session_not_found", "There is no such session",
        "The account has started no session of this id in which payment details are entered.";
    InvoiceNotFound NOT_FOUND "invoice_not_found", "There is no such invoice",
        "The account has no invoice or credit note of this id.";
    AssetNotFound NOT_FOUND "asset_not_found", "There is no such file",
        "The account's vault has no file and no upload of this id; it may have been deleted.";
    ThumbnailNotFound NOT_FOUND "thumbnail_not_found", "The file has no thumbnail",
        "Thumbnails are made of PNG, JPEG, GIF and WebP pictures that aren't damaged or extremely large. \
         Show the file itself or its kind.";
    NoCustomPlan NOT_FOUND "no_custom_plan", "There is no plan of the account's own",
        "The account is offered the catalog's plans only.";

    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed", "The method is not allowed here",
        "The address exists, with the methods that the Allow header lists.";

    AccountExists CONFLICT "account_exists", "The account exists already",
        "An account has this id. Use it, or choose another id.";
    HoldEnded CONFLICT "hold_ended", "The hold has ended",
        "A hold ends once: by a final capture, a release, or when its time runs out. The members how \
         and at say which and when.";
    ExceedsHold CONFLICT "exceeds_hold", "The capture costs more than is held",
        "Capture less, or send allow_overage to take the rest from the balance.";
    TooManyHolds CONFLICT "too_many_holds", "Too many holds are open",
        "The account has as many open holds as the catalog allows. Capture or release some.";
    QuoteExpired CONFLICT "quote_expired", "The quote has expired",
        "A quote binds until its expires_at. Ask for a new one.";
    StorageFull CONFLICT "storage_full", "Storage is full",
        "New files, and operations that make one, are refused until files are deleted or the plan is \
         upgraded. The members used_bytes, reserved_bytes, quota_bytes, need_bytes and short_bytes say how \
         much, and unlocked_by names the smallest plan that would have room.";
    TooManyUploads CONFLICT "too_many_uploads", "Too many uploads are under way",
        "The account has as many unfinished uploads as the catalog allows. Finish or delete some.";
    AssetAlreadyStored CONFLICT "asset_already_stored", "The file is there already",
        "A file never changes. Store another version as another file, and delete this one.";
    UploadExpired CONFLICT "upload_expired", "The time to upload is over",
        "What was reserved for the upload was given back when its time ran out; the member at says when. \
         Reserve again.";
    AssetNotUploaded CONFLICT "asset_not_uploaded", "The file isn't there yet",
        "Its place is reserved, and its content has not been uploaded.";
    AssetExternal CONFLICT "asset_external", "The file is kept by the app",
        "The app registered this file with its size only and keeps the content itself.";
    NothingSpent CONFLICT "nothing_spent", "Nothing has been spent",
        "Only captured or charged credits can be refunded, once their hold has ended.";
    RefundTooLarge CONFLICT "refund_too_large", "More than is left to refund",
        "The members spent and left say what was spent and what has not been refunded yet.";
    NotEnoughToTake CONFLICT "not_enough_to_take", "Not that many credits to take",
        "An adjustment takes credits of one class, at most what is available of it.";
    BalanceTooLarge CONFLICT "balance_too_large", "The balance would become too large",
        "The balance would leave the range of numbers.";
    PlanCreditsWithoutPeriod CONFLICT "plan_credits_without_period", "Plan credits need a period",
        "Plan credits expire with the period, and the account has no subscription.";
    AlreadyOnPlan CONFLICT "already_on_plan", "The account is on that plan already",
        "Nothing would change. To undo a scheduled change, DELETE it.";
    NotSubscribed CONFLICT "not_subscribed", "No subscription is running",
        "Subscribe first: POST /v1/accounts/{id}/subscription.";
    SubscriptionCanceling CONFLICT "subscription_canceling", "The subscription is cancelled",
        "It runs until the end of its period. Resume it before changing the plan.";
    NotCanceling CONFLICT "not_canceling", "The subscription is not cancelled",
        "There is no cancellation to take back.";
    NothingScheduled CONFLICT "nothing_scheduled", "No change is scheduled",
        "There is no scheduled change to undo.";
    PauseNotOffered CONFLICT "pause_not_offered", "A subscription can't be paused",
        "Cancel it and subscribe again later: data is kept for a while after the end, and the detail \
         says for how long.";
    StalePreview CONFLICT "stale_preview", "The preview no longer holds",
        "The amount, the plan, the card or the period has changed since the preview was made, or it is \
         too old. Nothing was changed. Make a new preview and show it before confirming.";
    PaymentPending CONFLICT "payment_pending", "A payment is on its way",
        "Another payment for the same is with the bank. Its outcome must be known first.";
    TooManyPayments CONFLICT "too_many_payments", "Too many top-ups are on their way",
        "Wait for the outcome of one of them.";
    RenewalUnpaid CONFLICT "renewal_unpaid", "The invoice of this period is not paid",
        "While a renewal is unpaid there is nothing to prorate. Pay the invoice that the member invoice \
         names, or cancel.";
    CustomerNotLinked CONFLICT "customer_not_linked", "The payment provider doesn't know the account",
        "A payment method can be noted once the account is linked to a customer of the provider. Adding one through the API does both.";
    PaymentMethodExists CONFLICT "payment_method_exists", "The payment method is there already",
        "Make it the default if it should be paid with.";
    AlreadyDefault CONFLICT "already_default", "This is what the account pays with already",
        "There is nothing to change.";
    TooManyPaymentMethods CONFLICT "too_many_payment_methods", "Too many payment methods",
        "Remove one before adding another.";
    LastPaymentMethod CONFLICT "last_payment_method", "The last payment method stays",
        "A running subscription needs something to pay with. Add another first, or cancel.";
    InvoiceNotOpen CONFLICT "invoice_not_open", "The invoice is not open",
        "It is paid already, or it was taken back by a credit note.";
    NotRefundable CONFLICT "not_refundable", "This is not a refundable top-up",
        "Only the invoice of a top-up whose money has not been returned can be refunded.";
    TopupTouched CONFLICT "topup_touched", "Credits of the top-up are spent or held",
        "Only a top-up of which nothing is spent or held can be refunded. Give credits instead.";
    RefundWindowOver CONFLICT "refund_window_over", "It is too late for a refund",
        "Only the first subscription can be refunded, and only for a while; the member at says until \
         when.";
    PaymentDisputed CONFLICT "payment_disputed", "The payment is disputed",
        "The bank has taken the money back, or may. Refunding it as well would return it twice.";
    NothingToRefund CONFLICT "nothing_to_refund", "Nothing was paid",
        "The subscription cost nothing, so there is nothing to return.";
    OnCustomPlan CONFLICT "on_custom_plan", "The account is on its own plan",
        "Change the account to another plan before taking its own away.";
    NothingNew CONFLICT "nothing_new", "Nothing would change",
        "It is as it was asked for already.";

    VersionMismatch PRECONDITION_FAILED "version_mismatch", "The account has changed meanwhile",
        "The If-Match header names another version than the account has. Read it again and decide anew.";

    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large", "The body is too large",
        "The detail names the limit. Split a batch into several.";

    ExceedsReservation PAYLOAD_TOO_LARGE "exceeds_reservation", "The content is larger than was reserved",
        "An upload has at most the size that was declared for it. Nothing of it was kept. Reserve again \
         with the size that it has.";

    RangeNotSatisfiable RANGE_NOT_SATISFIABLE "range_not_satisfiable", "The file has no such part",
        "The Range header names a part after the end of the file. Content-Range says how large it is.";

    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type", "The body must be JSON",
        "Send Content-Type: application/json.";

    InvalidRequest UNPROCESSABLE_ENTITY "invalid_request", "The request is not valid",
        "A field is unknown, missing or has a value it can't have; the detail names it and what is \
         expected. Unknown fields are refused because a typo must not be ignored.";
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused",
        "The Idempotency-Key was used for another request",
        "A key stands for one request on an account, for ever. Use a new key for a new request.";
    InvalidCursor UNPROCESSABLE_ENTITY "invalid_cursor", "The cursor is not one of ours",
        "Pass the next of a page as the after of the following one, unchanged.";
    UnknownOperation UNPROCESSABLE_ENTITY "unknown_operation", "Unknown operation",
        "The rate card has no such operation; the member known lists those it has.";
    UnknownModel UNPROCESSABLE_ENTITY "unknown_model", "Unknown model",
        "The operation has no such model; the member known lists those it has.";
    UnknownQuality UNPROCESSABLE_ENTITY "unknown_quality", "Unknown quality",
        "The operation's model has no such quality; the member known lists those it has.";
    UnknownAttribute UNPROCESSABLE_ENTITY "unknown_attribute", "Unknown attribute or field",
        "The operation has no such attribute, and the request has no such field.";
    UnknownAttributeValue UNPROCESSABLE_ENTITY "unknown_attribute_value", "Unknown attribute value",
        "The attribute has no such value; the member known lists those it has.";
    TooManyUnits UNPROCESSABLE_ENTITY "too_many_units", "Too many units",
        "The operation takes fewer units at once. Split it.";
    TooManyCredits UNPROCESSABLE_ENTITY "too_many_credits", "Too many credits at once",
        "The catalog limits what one hold or charge may take. Split it.";
    NothingToSpend UNPROCESSABLE_ENTITY "nothing_to_spend", "The amount must be above 0",
        "Name an amount of credits above 0.";
    TtlOutOfRange UNPROCESSABLE_ENTITY "ttl_out_of_range", "The time to live is out of range",
        "A hold lives at least a second and at most what the catalog allows; it can be extended.";
    UnknownQuote UNPROCESSABLE_ENTITY "unknown_quote", "This is not a quote of ours",
        "Pass the id of a quote unchanged.";
    QuoteOfAnotherAccount UNPROCESSABLE_ENTITY "quote_of_another_account",
        "The quote was made for another account", "Ask for a quote for this account.";
    UnitsWithoutRate UNPROCESSABLE_ENTITY "units_without_rate", "Units have no price here",
        "The hold is for an amount of credits, so only credits can be captured from it.";
    ZeroAdjustment UNPROCESSABLE_ENTITY "zero_adjustment", "The adjustment is 0",
        "Name a positive amount to give or a negative one to take.";
    ExpiryInThePast UNPROCESSABLE_ENTITY "expiry_in_the_past", "The expiry is not in the future",
        "Name an expires_at after the account's present.";
    ExpiryOfTaking UNPROCESSABLE_ENTITY "expiry_of_taking", "Credits that are taken have no expiry",
        "Leave out expires_at.";
    TopupsNeverExpire UNPROCESSABLE_ENTITY "topups_never_expire", "Top-up credits never expire",
        "Leave out expires_at, or give promo credits.";
    UnknownPlan UNPROCESSABLE_ENTITY "unknown_plan", "Unknown plan",
        "The catalog has no such plan; the member known lists those it has.";
    UnknownPreview UNPROCESSABLE_ENTITY "unknown_preview", "This is not a preview of ours",
        "Pass the preview of a preview's reply unchanged, for the account, plan and interval that it was \
         made for.";
    UnknownPack UNPROCESSABLE_ENTITY "unknown_pack", "Unknown pack",
        "The catalog has no such pack; the member known lists those it has.";
    CapTooLow UNPROCESSABLE_ENTITY "cap_too_low", "The monthly cap allows no pack",
        "The cap must be in the account's currency and at least the price of one pack, tax included.";
    BadThreshold UNPROCESSABLE_ENTITY "bad_threshold", "The threshold must be above 0",
        "Automatic top-ups buy when less than the threshold can be spent.";
    AssetEmpty UNPROCESSABLE_ENTITY "asset_empty", "The file is empty",
        "A file has at least one byte.";
    AssetTooLarge UNPROCESSABLE_ENTITY "asset_too_large", "The file is too large",
        "The catalog limits the size of one file, whatever the plan's storage is.";
    MediaTypeNotAllowed UNPROCESSABLE_ENTITY "media_type_not_allowed", "Not a media type for this kind",
        "The catalog lists which media types each kind of file may have; the member known has those of \
         this kind.";
    ContentContradictsType UNPROCESSABLE_ENTITY "content_contradicts_type",
        "The content isn't what it is said to be",
        "The beginning of the content shows another type than media_type says, or not that one. Nothing \
         of it was kept.";
    UnknownFeature UNPROCESSABLE_ENTITY "unknown_feature", "Unknown feature",
        "A plan names features of the catalog: GET /v1/catalog lists them.";
    BadCustomPlan UNPROCESSABLE_ENTITY "bad_custom_plan", "The plan can't be offered",
        "Prices are 0 or more in the account's currency, and credits are 0 or more.";
    ProviderRefused UNPROCESSABLE_ENTITY "provider_refused", "The payment provider refuses this",
        "The request names something that the payment provider doesn't know or take, such as a token \
         that doesn't exist. Sending it again doesn't help.";
    CurrencyNotOffered UNPROCESSABLE_ENTITY "currency_not_offered", "The currency is not offered",
        "Leave out the currency, or name the catalog's.";
    ClockBackwards UNPROCESSABLE_ENTITY "clock_backwards", "Test clocks move forward only",
        "Name a time after the account's present.";
    ClockTooFar UNPROCESSABLE_ENTITY "clock_too_far", "Too far in one step",
        "One step of a test clock is at most 100 years.";
    BadSpan UNPROCESSABLE_ENTITY "bad_span", "This is not a span of time",
        "Write it like 61s, 1mo, 1y or P1M.";

    RateLimited TOO_MANY_REQUESTS "rate_limited", "Too many requests",
        "The key has made too many requests. Retry-After says when to go on.";

    Internal INTERNAL_SERVER_ERROR "internal", "Something went wrong here",
        "A fault of the server. Tell support the request_id; repeat changes with the same \
         Idempotency-Key.";

    StorageUnavailable SERVICE_UNAVAILABLE "storage_unavailable", "Storage is not available",
        "The database can't be read or written now: a full disk, a read-only directory, no \
         connection. Nothing was changed.";
    VaultUnavailable SERVICE_UNAVAILABLE "vault_unavailable", "The vault is not available",
        "Files can't be read or written now: a full disk, or an object store that doesn't answer. Nothing \
         was changed.";
    OutcomeUnknown SERVICE_UNAVAILABLE "outcome_unknown", "The outcome is not known",
        "The command may have been done. Sending it again with the same Idempotency-Key tells.";
    ProviderUnavailable SERVICE_UNAVAILABLE "provider_unavailable",
        "The payment provider is not available",
        "The payment provider can't be reached or doesn't answer. Nothing was changed; send it again in \
         a moment with the same Idempotency-Key.";
    ShuttingDown SERVICE_UNAVAILABLE "shutting_down", "The server is shutting down",
        "Nothing was changed. Send it again in a moment.";
}

impl Code {
    /// The code of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}
