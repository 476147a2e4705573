use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn the_catalog_has_the_specifications_figures() {
    let app = App::new().await;
    let reply = app.get("/v1/catalog").send().await;
    let catalog = reply.expect(200);
    let plan = |key: &str| {
        let plans = catalog["plans"].as_array().unwrap();
        plans.iter().find(|plan| plan["key"] == key).unwrap().clone()
    };
    let prices = |key: &str| {
        let prices = &plan(key)["prices"];
        ["month", "year", "year_per_month"].map(|name| prices[name]["amount"].as_i64().unwrap())
    };
    assert_eq!(prices("starter"), [2_900, 31_300, 2_600]);
    assert_eq!(prices("professional"), [8_900, 96_100, 8_000]);
    assert_eq!(prices("studio"), [19_900, 214_900, 17_900]);
    assert_eq!(plan("studio")["allowance"], 3_000);
    let operation = |key: &str| {
        let operations = catalog["operations"].as_array().unwrap();
        operations.iter().find(|operation| operation["key"] == key).unwrap().clone()
    };
    let range = |min: i64, max: i64| json!({"min": min, "max": max});
    assert_eq!(operation("video")["range"], range(50, 80));
    assert_eq!(operation("image_upscale")["range"], range(1, 1));
    assert_eq!(
        operation("image")["ranges"],
        json!([{"quality": "standard", "min": 1, "max": 2}, {"quality": "hd", "min": 2, "max": 4}])
    );
    assert_eq!(catalog["packs"][3]["credits"], 2_500);
    assert_eq!(catalog["policies"]["retention_seconds"], 30 * 86_400);
    assert_eq!(reply.header("etag"), format!("\"{}\"", catalog["version"].as_str().unwrap()));
    let known = app.get("/v1/catalog").header("If-None-Match", reply.header("etag")).send().await;
    assert_eq!(known.status.as_u16(), 304);
}
