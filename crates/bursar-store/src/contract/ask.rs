//! Commands that tests and measurements ask for.

use bursar_core::account::command::{
    AddPaymentMethod, AdjustCredits, BuyTopup, ChangePlan, Charge, Command, LinkCustomer,
    NoteErased, Open, PaymentOutcome, PlaceHold, RegisterExternal, ReserveUpload, SettlePayment,
    SpendRequest, StoreAsset,
};
use bursar_core::account::payments::PaymentMethod;
use bursar_core::catalog::{AssetKind, Class, Interval};
use bursar_core::id::{AccountId, AssetId, IdempotencyKey, PaymentId};
use bursar_core::pricing::UsageRequest;
use bursar_core::provider::{Card, PaymentRef};
use bursar_core::time::ZoneName;
use xxhash_rust::xxh3::xxh3_128;

use super::catalog::whole;

/// A command on an account.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The account.
    pub account: AccountId,
    /// The caller's idempotency key.
    pub key: Option<IdempotencyKey>,
    /// The command.
    pub command: Command,
}

impl Ask {
    /// Without a key.
    pub fn new(account: &str, command: Command) -> Self {
        Self { account: account.parse().unwrap(), key: None, command }
    }

    /// Under a key.
    #[must_use]
    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.parse().unwrap());
        self
    }

    /// Open an account.
    pub fn open(account: &str) -> Self {
        let (zone, currency) = (ZoneName::utc(), None);
        Self::new(account, Command::Open(Open { zone, currency }))
    }

    /// Give whole credits that never expire.
    pub fn give(account: &str, credits: i64) -> Self {
        let given = AdjustCredits {
            credits: whole(credits),
            class: Class::Topup,
            reason: "a gift".parse().unwrap(),
            expires_at: None,
        };
        Self::new(account, Command::AdjustCredits(given))
    }

    /// Give the account its customer at the provider.
    pub fn link(account: &str) -> Self {
        let customer = format!("cus_{account}").parse().unwrap();
        Self::new(account, Command::LinkCustomer(LinkCustomer { customer, seed: seed(account) }))
    }

    /// Pay with a card from now on.
    pub fn pay_with(account: &str, method: &str) -> Self {
        let method = PaymentMethod {
            reference: method.parse().unwrap(),
            card: Some(Card {
                brand: "visa".to_owned(),
                last4: "4242".parse().unwrap(),
                exp_month: 12,
                exp_year: 2099,
                fingerprint: None,
            }),
            mandate: None,
        };
        Self::new(account, Command::AddPaymentMethod(AddPaymentMethod { method, default: true }))
    }

    /// Ask for a plan, monthly; it begins when the payment is settled.
    pub fn subscribe(account: &str, plan: &str) -> Self {
        Self::change_plan(account, plan, Interval::Month)
    }

    /// Ask for a plan on an interval.
    pub fn change_plan(account: &str, plan: &str, interval: Interval) -> Self {
        let change = ChangePlan { plan: plan.to_owned(), interval, confirms: None };
        Self::new(account, Command::ChangePlan(change))
    }

    /// Ask for a pack of credits.
    pub fn buy(account: &str) -> Self {
        Self::new(account, Command::BuyTopup(BuyTopup { pack: "hundred".to_owned() }))
    }

    /// Say what became of a payment, under the provider's name [`reference`] for it.
    pub fn settle(account: &str, payment: PaymentId, outcome: PaymentOutcome) -> Self {
        let reference = Some(reference(payment));
        Self::new(account, Command::SettlePayment(SettlePayment { payment, reference, outcome }))
    }

    /// Say that the account's payment of that number, from 1, took the money.
    pub fn paid(account: &str, number: u32) -> Self {
        Self::settle(account, payment_id(account, number), PaymentOutcome::Succeeded)
    }

    /// Open an account and subscribe it to a plan: five commands.
    pub fn subscriber(account: &str, plan: &str) -> [Self; 5] {
        [
            Self::open(account),
            Self::link(account),
            Self::pay_with(account, "pm_card_visa"),
            Self::subscribe(account, plan),
            Self::paid(account, 1),
        ]
    }

    /// Charge one image.
    pub fn charge(account: &str) -> Self {
        let charge = Charge { spend: image(), reference: None };
        Self::new(account, Command::Charge(charge))
    }

    /// Reserve room for an image.
    pub fn reserve(account: &str, bytes: u64) -> Self {
        let reference = Some("job-1".parse().unwrap());
        let reserve = ReserveUpload { kind: AssetKind::Image, bytes, reference };
        Self::new(account, Command::ReserveUpload(reserve))
    }

    /// Say that a file has been uploaded.
    pub fn store(account: &str, asset: AssetId, bytes: u64, attempt: u64) -> Self {
        Self::new(account, Command::StoreAsset(StoreAsset { asset, bytes, attempt }))
    }

    /// Count a video that the app keeps.
    pub fn external(account: &str, bytes: u64) -> Self {
        let external = RegisterExternal { kind: AssetKind::Video, bytes, reference: None };
        Self::new(account, Command::RegisterExternal(external))
    }

    /// Delete a file.
    pub fn delete(account: &str, asset: AssetId) -> Self {
        Self::new(account, Command::DeleteAsset(asset))
    }

    /// Say that nothing is left of files of a vault.
    pub fn erased(account: &str, vault: u32, assets: Vec<AssetId>) -> Self {
        Self::new(account, Command::NoteErased(NoteErased { vault, assets }))
    }

    /// Hold one image's price.
    pub fn hold(account: &str) -> Self {
        let hold =
            PlaceHold { spend: image(), ttl: None, reference: Some("job-1".parse().unwrap()) };
        Self::new(account, Command::PlaceHold(hold))
    }
}

fn image() -> SpendRequest {
    SpendRequest::Operation(UsageRequest {
        operation: "image".to_owned(),
        model: None,
        quality: None,
        units: None,
        attributes: Vec::new(),
    })
}

/// What ids of an account's payments are made from, unlike any other account's.
fn seed(account: &str) -> [u8; 16] {
    xxh3_128(account.as_bytes()).to_be_bytes()
}

/// The id of the account's payment of that number, from 1.
pub fn payment_id(account: &str, number: u32) -> PaymentId {
    PaymentId::numbered(seed(account), number)
}

/// What the provider calls a payment. Letters only: a long run of digits could be a card number.
pub fn reference(payment: PaymentId) -> PaymentRef {
    let letter = |c: char| match c.to_digit(16) {
        Some(digit) => char::from(b'a' + u8::try_from(digit).unwrap()),
        None => c,
    };
    let name: String = payment.to_string().trim_start_matches("pay_").chars().map(letter).collect();
    format!("pi_{name}").parse().unwrap()
}
