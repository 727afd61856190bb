//! What staff do.

use super::*;

#[tokio::test]
async fn templates_are_checked_and_revisioned() {
    let shop = shop().await;
    let staff = viewer(Role::Staff);
    let upsert = |extra: &str, body: &str| {
        format!(
            r#"mutation {{ templateUpsert({extra} code: "x.y", category: SYSTEM, channel: EMAIL, locale: "de", subject: "Hallo {{{{ name }}}}", bodyTemplate: "{body}") {{ template {{ id revision variables }} userErrors {{ code }} }} }}"#
        )
    };
    let bad = shop.run(&staff, &upsert("", "{% if %}")).await;
    assert_eq!(
        bad["data"]["templateUpsert"]["userErrors"][0]["code"], "INVALID",
        "{bad}"
    );
    let made = shop.run(&staff, &upsert("", "{{ total }}")).await;
    let template = &made["data"]["templateUpsert"]["template"];
    assert_eq!(template["variables"], json!(["name", "total"]), "{made}");
    let again = shop.run(&staff, &upsert("", "{{ total }}")).await;
    assert_eq!(
        again["data"]["templateUpsert"]["userErrors"][0]["code"],
        "CONFLICT"
    );
    let edit = upsert(&format!("id: {}, expectedRevision: 1,", template["id"]), "neu");
    assert_eq!(
        shop.run(&staff, &edit).await["data"]["templateUpsert"]["template"]["revision"],
        2
    );
    assert_eq!(
        shop.run(&staff, &edit).await["data"]["templateUpsert"]["userErrors"][0]["code"],
        "VERSION_CONFLICT"
    );
    let preview = format!(
        r#"{{ templatePreview(id: {}, variables: "{{\"name\": \"Ann\"}}") }}"#,
        template["id"]
    );
    assert_eq!(
        shop.run(&staff, &preview).await["data"]["templatePreview"],
        "Hallo Ann\n\nneu"
    );
}

#[tokio::test]
async fn announcements_reach_their_audience() {
    let shop = shop().await;
    let (staff, guest) = (viewer(Role::Staff), viewer(Role::Guest));
    let publish = r#"mutation { announcementPublish(title: "Sale", body: "Now", audience: CUSTOMERS, severity: "INFO", idempotencyKey: "k") { announcement { id } userErrors { code } } }"#;
    let first = shop.run(&staff, publish).await;
    assert_eq!(first, shop.run(&staff, publish).await);
    let list = "{ announcements { title } }";
    assert_eq!(shop.run(&guest, list).await["data"]["announcements"], json!([]));
    assert_eq!(
        shop.run(&viewer(Role::Customer), list).await["data"]["announcements"],
        json!([{"title": "Sale"}])
    );
    let id = &first["data"]["announcementPublish"]["announcement"]["id"];
    let retract =
        format!("mutation {{ announcementRetract(id: {id}) {{ announcement {{ publishedAt }} }} }}");
    assert_eq!(
        shop.run(&staff, &retract).await["data"]["announcementRetract"]["announcement"]["publishedAt"],
        Value::Null
    );
    assert_eq!(
        shop.run(&viewer(Role::Customer), list).await["data"]["announcements"],
        json!([])
    );
}
