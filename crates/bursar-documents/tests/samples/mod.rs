//! Documents to look at and to test with.
#![allow(dead_code, reason = "each test file uses some of these")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "samples are constants; a wrong one should stop at once"
)]

pub(crate) mod records;

use bursar_core::time::Timestamp;
use bursar_documents::{
    Buyer, Document, Kind, Line, Method, PageSize, Payment, Quantity, Rate, Reference, Seller,
    Settlement, Tax, TaxCategory, TaxLine, Totals,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn untaxed(category: TaxCategory) -> Tax {
    let rate = Rate::ZERO;
    Tax { category, rate }
}

pub(crate) fn vat(percent: u8) -> Tax {
    Tax { category: TaxCategory::Standard, rate: Rate::percent(percent) }
}

pub(crate) fn line(description: &str, quantity: i32, unit_price: i64, tax: Tax) -> Line {
    Line {
        description: description.to_owned(),
        period: None,
        quantity: Quantity::whole(quantity),
        unit_price,
        net: i64::from(quantity) * unit_price,
        tax,
    }
}

/// Sums taxes and totals from the lines, fully paid.
pub(crate) fn sum(document: &mut Document) {
    let mut taxes: Vec<TaxLine> = Vec::new();
    for line in &document.lines {
        match taxes.iter_mut().find(|tax| tax.tax == line.tax) {
            Some(tax) => tax.net += line.net,
            None => {
                taxes.push(TaxLine { tax: line.tax, net: line.net, amount: 0, note: String::new() })
            }
        }
    }
    for tax in &mut taxes {
        let exact = i128::from(tax.net) * i128::from(tax.tax.rate.0);
        tax.amount = i64::try_from((exact * 2 + 1_000_000).div_euclid(2_000_000)).unwrap();
    }
    let net = document.lines.iter().map(|line| line.net).sum::<i64>();
    let tax = taxes.iter().map(|tax| tax.amount).sum::<i64>();
    document.taxes = taxes;
    document.totals = Totals { net, tax, gross: net + tax, paid: net + tax, due: 0 };
}

/// An upgrade in the middle of a month, paid by card.
pub(crate) fn invoice() -> Document {
    let mut document = Document {
        kind: Kind::Invoice { credited_by: None },
        number: "INV-2026-000123".to_owned(),
        issued_at: at("2026-03-14T10:30:00Z"),
        zone: "Europe/Berlin".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        seller: Seller {
            name: "ScriptKit GmbH".to_owned(),
            address: vec!["Lindenstraße 20".to_owned(), "10969 Berlin".to_owned()],
            country: "DE".parse().ok(),
            vat_id: Some("DE123456789".to_owned()),
            tax_id: None,
            registration: Some("HRB 12345, Amtsgericht Charlottenburg".to_owned()),
            email: Some("billing@scriptkit.example".to_owned()),
        },
        buyer: Buyer {
            name: "Ada Sørensen".to_owned(),
            company: "Nordlicht Film ApS".to_owned(),
            address: vec!["Vesterbrogade 12, 3. sal".to_owned(), "1620 København V".to_owned()],
            country: Some("DK".parse().unwrap()),
            vat_id: None,
            account: "acc_ada".parse().unwrap(),
        },
        tax_name: "VAT".to_owned(),
        lines: vec![
            Line {
                period: Some((at("2026-03-14T10:30:00Z"), at("2026-03-31T22:00:00Z"))),
                ..line("Starter plan, monthly: unused time", 1, -1_630, vat(19))
            },
            Line {
                period: Some((at("2026-03-14T10:30:00Z"), at("2026-03-31T22:00:00Z"))),
                ..line("Professional plan, monthly: remaining time", 1, 5_003, vat(19))
            },
            line("Credit pack, 1,000 credits", 2, 7_500, vat(19)),
        ],
        taxes: Vec::new(),
        totals: Totals { net: 0, tax: 0, gross: 0, paid: 0, due: 0 },
        payment: Some(Payment {
            method: Method::Card { brand: "Visa".to_owned(), last_four: "4242".to_owned() },
            paid_at: at("2026-03-14T10:30:05Z"),
        }),
        due_at: None,
        notes: vec!["Thank you. Credit packs never expire.".to_owned()],
        page: PageSize::A4,
    };
    sum(&mut document);
    document
}

/// Every sample, by its name.
pub(crate) fn all() -> Vec<(&'static str, Document)> {
    let mut all = vec![
        ("invoice", invoice()),
        ("letter", letter()),
        ("sixty_lines", lines(60)),
        ("credit_note", credit_note()),
        ("yen", yen()),
        ("dinar", dinar()),
        ("cyrillic", cyrillic()),
        ("greek", greek()),
        ("scripts", scripts()),
        ("long_words", long_words()),
        ("unpaid", unpaid()),
        ("reverse_charge", reverse_charge()),
        ("several_rates", several_rates()),
        ("out_of_scope", out_of_scope()),
        ("export", export()),
        ("sparse", sparse()),
    ];
    all.extend(records::all());
    all
}

/// A seller without a VAT id, on American paper.
pub(crate) fn letter() -> Document {
    let mut document = invoice();
    document.page = PageSize::Letter;
    document.currency = "USD".parse().unwrap();
    document.zone = "America/Los_Angeles".parse().unwrap();
    document.seller = Seller {
        name: "ScriptKit, Inc.".to_owned(),
        address: vec!["500 Howard Street".to_owned(), "San Francisco, CA 94105".to_owned()],
        country: "US".parse().ok(),
        vat_id: None,
        tax_id: Some("12-3456789".to_owned()),
        registration: None,
        email: Some("billing@scriptkit.example".to_owned()),
    };
    document.buyer.address = vec!["1 Main Street".to_owned(), "Austin, TX 78701".to_owned()];
    document.buyer.country = Some("US".parse().unwrap());
    document.tax_name = "Sales tax".to_owned();
    let tax = Tax { category: TaxCategory::Standard, rate: Rate(82_500) };
    document.lines = vec![Line {
        period: Some((at("2026-03-14T17:30:00Z"), at("2027-03-14T17:30:00Z"))),
        ..line("Studio plan, yearly", 1, 214_900, tax)
    }];
    sum(&mut document);
    document
}

/// A table of `count` lines.
pub(crate) fn lines(count: i32) -> Document {
    let mut document = invoice();
    document.lines = (1..=count)
        .map(|number| {
            let period =
                (number % 3 == 0).then(|| (at("2026-02-28T23:00:00Z"), at("2026-03-31T22:00:00Z")));
            let tax = if number % 5 == 0 { vat(7) } else { vat(19) };
            let what = format!("Video generation, cinematic, batch {number:03}");
            Line { period, ..line(&what, number, 1_250 + i64::from(number), tax) }
        })
        .collect();
    sum(&mut document);
    document
}

/// A refund of the first invoice, on its card.
pub(crate) fn credit_note() -> Document {
    let mut document = invoice();
    document.kind = Kind::CreditNote {
        corrects: Reference {
            number: "INV-2026-000123".to_owned(),
            issued_at: at("2026-03-14T10:30:00Z"),
        },
        settlement: Settlement::Refund,
        reason: "Full refund within 7 days of the first subscription".to_owned(),
    };
    document.number = "CN-2026-000007".to_owned();
    document.issued_at = at("2026-03-18T09:00:00Z");
    document.lines = vec![Line {
        period: Some((at("2026-03-14T10:30:00Z"), at("2026-04-14T09:30:00Z"))),
        ..line("Professional plan, monthly", 1, 8_900, vat(19))
    }];
    document.payment = Some(Payment {
        method: Method::Card { brand: "Mastercard".to_owned(), last_four: "4444".to_owned() },
        paid_at: at("2026-03-18T09:00:02Z"),
    });
    document.notes.clear();
    sum(&mut document);
    document
}

/// A currency without decimals, and a buyer in Japanese.
pub(crate) fn yen() -> Document {
    let mut document = invoice();
    document.currency = "JPY".parse().unwrap();
    document.zone = "Asia/Tokyo".parse().unwrap();
    document.tax_name = "消費税 (JCT)".to_owned();
    document.buyer.company = "株式会社さくら映像".to_owned();
    document.buyer.name = "山田 太郎".to_owned();
    document.buyer.address =
        vec!["千代田区丸の内1丁目9番1号".to_owned(), "東京都 100-0005".to_owned()];
    document.buyer.country = Some("JP".parse().unwrap());
    document.lines = vec![
        line("Professional plan, monthly", 1, 13_400, vat(10)),
        line("Credit pack, 2,500 credits", 12, 22_800, vat(10)),
    ];
    sum(&mut document);
    document
}

/// A currency with three decimals, which EN 16931 has no room for, and a buyer in Arabic.
pub(crate) fn dinar() -> Document {
    let mut document = invoice();
    document.currency = "KWD".parse().unwrap();
    document.zone = "Asia/Kuwait".parse().unwrap();
    document.buyer.company = "شركة النور للإنتاج الفني ذ.م.م".to_owned();
    document.buyer.name = "فاطمة الصباح".to_owned();
    document.buyer.address =
        vec!["شارع الخليج العربي 15".to_owned(), "مدينة الكويت 13001".to_owned()];
    document.buyer.country = Some("KW".parse().unwrap());
    document.lines = vec![
        line("Professional plan, monthly", 1, 27_345, vat(5)),
        line("Credit pack, 300 credits", 40, 7_675, vat(5)),
    ];
    sum(&mut document);
    document
}

pub(crate) fn cyrillic() -> Document {
    let mut document = invoice();
    document.buyer.company = "ТОВ «Київська кіностудія»".to_owned();
    document.buyer.name = "Олександра Шевченко-Ґалаґан".to_owned();
    document.buyer.address = vec!["вул. Васильківська, буд. 1".to_owned(), "03022 Київ".to_owned()];
    document.buyer.country = Some("UA".parse().unwrap());
    document.notes = vec!["Благодарим вас! Дякуємо! Благодаря!".to_owned()];
    document
}

pub(crate) fn greek() -> Document {
    let mut document = invoice();
    document.buyer.company = "Ελληνική Ψηφιακή Παραγωγή Α.Ε.".to_owned();
    document.buyer.name = "Ἀλέξανδρος Παπαδόπουλος".to_owned();
    document.buyer.address = vec!["Οδός Ερμού 25".to_owned(), "105 63 Αθήνα".to_owned()];
    document.buyer.country = Some("GR".parse().unwrap());
    document.buyer.vat_id = Some("EL123456789".to_owned());
    document
}

/// All that the fallback fonts are for, and what no font has.
pub(crate) fn scripts() -> Document {
    let mut document = invoice();
    document.buyer.company = "한국영상제작소 주식회사 🎬".to_owned();
    document.buyer.name = "חברת ההפקות בע״מ".to_owned();
    document.buyer.address = vec![
        "北京市朝阳区建国门外大街1号".to_owned(),
        "กรุงเทพมหานคร 10110".to_owned(),
        "मुंबई 400001".to_owned(),
        "Երևան · თბილისი".to_owned(),
        "ភ្នំពេញ".to_owned(),
    ];
    document.notes = vec![
        "Mixed: invoice 15 של חברת ABC בע״מ and شركة XYZ 2026, thank you.".to_owned(),
        "Vietnamese, Polish, Turkish: Nguyễn Thị Hồng Đào, Łódź, İstanbul, Čeněk, Ţepeş".to_owned(),
    ];
    document
}

/// Words longer than any column.
pub(crate) fn long_words() -> Document {
    let mut document = invoice();
    let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    document.seller.name = format!("{word} mit beschränkter Haftung");
    document.seller.email = Some(format!("{}@example.com", "rechnung".repeat(9)));
    document.buyer.company = word.repeat(2);
    document.buyer.name = format!("Prof. Dr. {}", "Anna-Maria-".repeat(12));
    document.lines = vec![
        line(word, 1, 2_900, vat(19)),
        line(&"https://example.com/a/very/long/path/".repeat(5), 1, 2_900, vat(19)),
        line(&"A description of many words that goes on. ".repeat(8), 1, 99_999_999_999, vat(19)),
    ];
    document.notes = vec![word.repeat(4)];
    document.number = format!("INV-{}", "2026".repeat(14));
    sum(&mut document);
    document
}

/// Nothing paid yet.
pub(crate) fn unpaid() -> Document {
    let mut document = invoice();
    document.payment = None;
    document.totals.due = document.totals.gross;
    document.totals.paid = 0;
    document.due_at = Some(at("2026-03-28T10:30:00Z"));
    document
}

/// A business in another member state accounts for the tax itself.
pub(crate) fn reverse_charge() -> Document {
    let mut document = invoice();
    document.buyer.vat_id = Some("DK12345678".to_owned());
    for line in &mut document.lines {
        line.tax = untaxed(TaxCategory::ReverseCharge);
    }
    sum(&mut document);
    document.taxes[0].note =
        "Reverse charge: VAT to be accounted for by the recipient, Article 196 of Council \
         Directive 2006/112/EC."
            .to_owned();
    document
}

/// Each category that can be on one invoice, and a part paid.
pub(crate) fn several_rates() -> Document {
    let mut document = invoice();
    document.lines = vec![
        line("Professional plan, monthly", 1, 8_900, vat(19)),
        Line {
            quantity: Quantity::from_micro(2_500_000),
            net: 12_498,
            ..line("Onboarding, hours", 1, 4_999, vat(7))
        },
        line("Printed manual", 3, 1_995, untaxed(TaxCategory::ZeroRated)),
        line("Training", 1, 50_000, untaxed(TaxCategory::Exempt)),
    ];
    sum(&mut document);
    document.taxes[3].note = "Exempt under § 4 No. 21 UStG.".to_owned();
    document.totals.paid = 20_000;
    document.totals.due = document.totals.gross - 20_000;
    document.due_at = Some(at("2026-04-14T10:30:00Z"));
    document
}

/// A seller who has nothing to do with this tax, known by a tax number alone.
pub(crate) fn out_of_scope() -> Document {
    let mut document = letter();
    document.buyer.vat_id = Some("DK12345678".to_owned());
    for line in &mut document.lines {
        line.tax = untaxed(TaxCategory::OutOfScope);
    }
    sum(&mut document);
    document
}

/// Sold to a country outside of the seller's tax area.
pub(crate) fn export() -> Document {
    let mut document = cyrillic();
    for line in &mut document.lines {
        line.tax = untaxed(TaxCategory::Export);
    }
    sum(&mut document);
    document
}

/// As little as a document may say: a consumer known by a name, a seller outside of any tax.
pub(crate) fn sparse() -> Document {
    let mut document = invoice();
    document.seller.address.clear();
    document.seller.vat_id = None;
    document.seller.registration = None;
    document.seller.email = None;
    document.buyer.company.clear();
    document.buyer.address.clear();
    document.buyer.country = None;
    document.notes.clear();
    document.payment = None;
    document.lines =
        vec![line("Starter plan, monthly", 1, 2_900, untaxed(TaxCategory::OutOfScope))];
    sum(&mut document);
    document
}
