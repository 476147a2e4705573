//! ScriptKit's catalog against its billing documentation, row by row.

use bursar_catalog::{cost_table, scriptkit};
use bursar_core::catalog::Plan;
use bursar_core::credits::Credits;
use bursar_core::pricing::{self, Quantity, UsageRequest};

fn plan(key: &str) -> Plan {
    scriptkit().unwrap().plan(&key.parse().unwrap()).unwrap().clone()
}

#[track_caller]
fn check_plan(key: &str, name: &str, month: i64, credits: &str, gigabytes: u64) {
    let plan = plan(key);
    assert_eq!(plan.name, name);
    assert_eq!(plan.price_month.amount, month * 100);
    assert_eq!(plan.allowance, Credits::parse(credits).unwrap());
    assert_eq!(plan.storage_bytes, gigabytes * 1_000_000_000);
}

#[test]
fn starter_29_a_month_400_credits_2_gb() {
    check_plan("starter", "Starter", 29, "400", 2);
}

#[test]
fn professional_89_a_month_1250_credits_10_gb_most_popular() {
    check_plan("professional", "Professional", 89, "1250", 10);
    assert!(plan("professional").popular && !plan("starter").popular && !plan("studio").popular);
}

#[test]
fn studio_199_a_month_3000_credits_50_gb() {
    check_plan("studio", "Studio", 199, "3000", 50);
}

#[test]
fn there_are_three_plans_in_this_order() {
    let plans = scriptkit().unwrap().plans;
    let keys: Vec<&str> = plans.iter().map(|plan| plan.key.as_str()).collect();
    assert_eq!(keys, ["starter", "professional", "studio"]);
}

/// "Save 10% with annual billing."
#[track_caller]
fn check_annual(key: &str, per_month: i64, total: i64) {
    let plan = plan(key);
    assert_eq!(plan.price_year.amount, total * 100);
    assert_eq!(plan.price_year_per_month.amount, per_month * 100);
}

#[test]
fn starter_annual_26_per_month_313_a_year() {
    check_annual("starter", 26, 313);
}

#[test]
fn professional_annual_80_per_month_961_a_year() {
    check_annual("professional", 80, 961);
}

#[test]
fn studio_annual_179_per_month_2149_a_year() {
    check_annual("studio", 179, 2149);
}

#[track_caller]
fn check_cost(label: &str, credits: &str) {
    let table = cost_table(&scriptkit().unwrap());
    let row = table.iter().find(|row| row.label == label).unwrap();
    assert_eq!(row.credits(), credits);
}

#[test]
fn standard_image_3_variations_costs_1_to_2() {
    check_cost("Standard Image (3 variations)", "1-2");
}

#[test]
fn hd_image_3_variations_costs_2_to_4() {
    check_cost("HD Image (3 variations)", "2-4");
}

#[test]
fn image_remix_edit_costs_1_to_2() {
    check_cost("Image Remix/Edit", "1-2");
}

#[test]
fn image_upscale_costs_1() {
    check_cost("Image Upscale", "1");
}

#[test]
fn video_generation_5_sec_costs_50_to_80() {
    check_cost("Video Generation (5 sec)", "50-80");
}

#[test]
fn video_export_720p_costs_5() {
    check_cost("Video Export (720p)", "5");
}

#[test]
fn video_export_1080p_costs_10() {
    check_cost("Video Export (1080p)", "10");
}

#[test]
fn video_export_4k_costs_25() {
    check_cost("Video Export (4K)", "25");
}

#[test]
fn nothing_else_costs_credits() {
    assert_eq!(cost_table(&scriptkit().unwrap()).len(), 8);
}

/// "Exact credit costs vary based on the AI model used and output complexity."
#[test]
fn costs_vary_by_model_and_complexity_within_the_range() {
    let catalog = scriptkit().unwrap();
    let price = |model: &str, audio: &str| {
        let request = UsageRequest {
            operation: "video".to_owned(),
            model: Some(model.to_owned()),
            quality: None,
            units: None,
            attributes: vec![("audio".to_owned(), audio.to_owned())],
        };
        pricing::price(&catalog, &request).unwrap().credits.to_string()
    };
    let prices = ["lantern-1", "crane-2", "longtake-3"]
        .map(|model| (price(model, "off"), price(model, "on")));
    let expected = [("50", "55"), ("60", "66"), ("73", "80")];
    assert_eq!(prices, expected.map(|(off, on)| (off.to_owned(), on.to_owned())));
}

/// An export has one price whatever its length: there is nothing to multiply it by.
#[test]
fn an_export_is_one_unit() {
    let catalog = scriptkit().unwrap();
    let export = catalog.operation(&"video_export".parse().unwrap()).unwrap();
    assert_eq!((export.default_units, export.max_units), (Quantity::ONE, Quantity::ONE));
    assert_eq!(export.feature.as_ref().unwrap().as_str(), "video_generation");
}

#[track_caller]
fn check_pack(key: &str, name: &str, credits: i64, price: i64) {
    let packs = scriptkit().unwrap().packs;
    let pack = packs.iter().find(|pack| pack.key.as_str() == key).unwrap();
    assert_eq!(pack.name, name);
    assert_eq!(pack.credits, Credits::from_whole(credits).unwrap());
    assert_eq!(pack.price.amount, price * 100);
    assert_eq!(packs.len(), 4);
}

#[test]
fn small_package_100_credits_for_10() {
    check_pack("small", "Small", 100, 10);
}

#[test]
fn medium_package_300_credits_for_25() {
    check_pack("medium", "Medium", 300, 25);
}

#[test]
fn large_package_1000_credits_for_75() {
    check_pack("large", "Large", 1_000, 75);
}

#[test]
fn xl_package_2500_credits_for_150() {
    check_pack("xl", "XL", 2_500, 150);
}

/// The row of the table "Feature Access by Plan": Starter, Professional, Studio.
#[track_caller]
fn check_feature(key: &str, name: &str, access: [bool; 3]) {
    let catalog = scriptkit().unwrap();
    let feature = catalog.features.iter().find(|feature| feature.key.as_str() == key).unwrap();
    assert_eq!(feature.name, name);
    let has: Vec<bool> =
        catalog.plans.iter().map(|plan| plan.features.contains(&feature.key)).collect();
    assert_eq!(has, access);
    assert_eq!(catalog.features.len(), 8);
}

#[test]
fn image_generation_on_every_plan() {
    check_feature("image_generation", "Image Generation", [true, true, true]);
}

#[test]
fn video_generation_on_every_plan() {
    check_feature("video_generation", "Video Generation", [true, true, true]);
}

#[test]
fn premium_ai_models_on_every_plan() {
    check_feature("premium_ai_models", "Premium AI Models", [true, true, true]);
}

#[test]
fn storyboard_mode_on_every_plan() {
    check_feature("storyboard_mode", "Storyboard Mode", [true, true, true]);
}

#[test]
fn asset_vault_on_every_plan() {
    check_feature("asset_vault", "Asset Vault", [true, true, true]);
}

#[test]
fn video_editor_from_professional() {
    check_feature("video_editor", "Video Editor", [false, true, true]);
}

#[test]
fn advanced_ai_on_studio_only() {
    check_feature("advanced_ai", "Advanced AI", [false, false, true]);
}

#[test]
fn priority_support_on_studio_only() {
    check_feature("priority_support", "Priority Support", [false, false, true]);
}

/// "Downgrades: take effect at next billing date", "refunds within 7 days", "data is preserved for
/// 30 days".
#[test]
fn the_promises_behind_the_tables() {
    use bursar_core::catalog::ChangeTiming;

    let catalog = scriptkit().unwrap();
    let day = 24 * 3_600;
    assert_eq!(catalog.support_email, "support@scriptkit.ai");
    assert_eq!(catalog.policies.changes.upgrade, ChangeTiming::Now);
    assert_eq!(catalog.policies.changes.downgrade, ChangeTiming::NextBillingDate);
    assert_eq!(catalog.policies.refunds.first_subscription.as_secs(), 7 * day);
    assert_eq!(catalog.policies.retention.as_secs(), 30 * day);
    assert_eq!(catalog.policies.dunning_retry_days, [1, 3, 5, 7]);
    // The prices are what is charged.
    assert!(catalog.tax.rates.is_empty());
    // By expiry alone, so top-ups, which never expire, "are used after monthly credits".
    assert!(catalog.policies.burn_first.is_empty());
}
