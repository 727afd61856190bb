//! Pictures of products: two colours and a shape, told from the product's name.

use crate::client::Client;
use anyhow::{Context, Result, ensure};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{io::Cursor, time::Duration};

/// Width and height in pixels.
const SIDE: u32 = 480;
/// Products of each vendor that get a picture, whatever the scale.
const PICTURED: usize = 150;

/// Gives products that have no picture one.
pub(super) async fn ensure(staff: &Client, sellers: &[(Value, Client)]) -> Result<()> {
    let bar = super::progress("pictures", sellers.len() * PICTURED);
    for (vendor, _) in sellers {
        for product in bare(staff, vendor).await? {
            let name = product["name"].as_str().unwrap_or_default();
            attach(staff, &product["id"], name)
                .await
                .with_context(|| format!("picture of {name}"))?;
            bar.inc(1);
        }
    }
    bar.finish();
    Ok(())
}

/// The vendor's first products, without those that have pictures.
async fn bare(staff: &Client, vendor: &Value) -> Result<Vec<Value>> {
    let query = "query($vendor: ID!, $after: String) { vendor(by: {id: $vendor}) { products(first: 50, after: $after) {
        nodes { id name media { id } } pageInfo { hasNextPage endCursor } } } }";
    let (mut bare, mut seen, mut after) = (Vec::new(), 0, Value::Null);
    while seen < PICTURED {
        let variables = json!({ "vendor": vendor, "after": after });
        let page = staff.run(query, variables).await?["vendor"]["products"].take();
        let nodes = page["nodes"].as_array().cloned().unwrap_or_default();
        seen += nodes.len();
        bare.extend(
            nodes
                .into_iter()
                .filter(|product| product["media"].get(0).is_none()),
        );
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    bare.truncate(PICTURED);
    Ok(bare)
}

async fn attach(staff: &Client, product: &Value, name: &str) -> Result<()> {
    let bytes = draw(name)?;
    let create = "mutation($product: ID!, $size: Int!) {
        mediaUploadCreate(productId: $product, contentType: \"image/png\", sizeBytes: $size) {
            uploadUrl mediaId userErrors { code message path } } }";
    let variables = json!({ "product": product, "size": bytes.len() });
    let slot = staff.run(create, variables).await?["mediaUploadCreate"].take();
    let url = slot["uploadUrl"].as_str().context("no address for the picture")?;
    let sent = platform::http::client(Duration::from_secs(30))?
        .put(url)
        .header("content-type", "image/png")
        .body(bytes)
        .send()
        .await?;
    ensure!(
        sent.status().is_success(),
        "{}: {}",
        sent.status(),
        sent.text().await?
    );
    let attach = "mutation($product: ID!, $media: ID!, $alt: String!) {
        mediaAttach(productId: $product, mediaId: $media, alt: $alt) { userErrors { code message path } } }";
    let variables = json!({ "product": product, "media": slot["mediaId"], "alt": name });
    staff.run(attach, variables).await?;
    Ok(())
}

fn draw(name: &str) -> Result<Vec<u8>> {
    let hash = Sha256::digest(name);
    let light = Rgb([160 + hash[0] % 90, 160 + hash[1] % 90, 160 + hash[2] % 90]);
    let dark = Rgb([hash[3] % 120, hash[4] % 120, hash[5] % 120]);
    let middle = i64::from(SIDE / 2);
    let radius = 90 + i64::from(hash[6] % 90);
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (dx, dy) = (i64::from(x) - middle, i64::from(y) - middle);
        let inside = match hash[7] % 3 {
            0 => dx * dx + dy * dy < radius * radius,
            1 => dx.abs() < radius && dy.abs() < radius,
            _ => dx.abs() + dy.abs() < radius,
        };
        if inside { dark } else { light }
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
