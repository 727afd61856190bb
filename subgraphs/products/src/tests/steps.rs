//! Every state of the approval and every step, of new products and of edits of live ones; and the stream of steps.

use super::{Shop, code};
use futures::StreamExt;
use serde_json::{Value, json};

const STATES: [&str; 7] = [
    "DRAFT",
    "SUBMITTED",
    "IN_REVIEW",
    "CHANGES_REQUESTED",
    "REJECTED",
    "APPROVED",
    "ARCHIVED",
];
const STEPS: [&str; 7] = [
    "submit", "review", "approve", "changes", "reject", "edit", "archive",
];

/// The state after a step: `None` where it is refused.
fn after(state: &str, step: &str) -> Option<&'static str> {
    Some(match (state, step) {
        ("ARCHIVED", "archive") | (_, "archive") => "ARCHIVED",
        ("ARCHIVED", _) => return None,
        ("DRAFT" | "SUBMITTED", "submit") => "SUBMITTED",
        ("SUBMITTED" | "IN_REVIEW", "review") => "IN_REVIEW",
        ("IN_REVIEW" | "APPROVED", "approve") => "APPROVED",
        ("IN_REVIEW" | "CHANGES_REQUESTED", "changes") => "CHANGES_REQUESTED",
        ("IN_REVIEW" | "REJECTED", "reject") => "REJECTED",
        ("DRAFT" | "SUBMITTED" | "CHANGES_REQUESTED" | "REJECTED", "edit") => "DRAFT",
        // A live product stays what it is; its edit is a draft.
        ("APPROVED", "edit") => "APPROVED",
        _ => return None,
    })
}

impl Shop {
    async fn seen(&self, id: &Value) -> Value {
        let query = format!(
            "{{ product(by: {{id: {id}}}) {{ name status version isPublished pendingRevision {{ id status }} }} }}"
        );
        self.run(&self.staff, &query, json!({})).await["product"].clone()
    }

    /// Takes a step and returns its payload. `revision` is what an approval names where nothing is open any more.
    async fn step(&self, id: &Value, step: &str, revision: &Value) -> Value {
        let seen = self.seen(id).await;
        let open = &seen["pendingRevision"]["id"];
        let revision = if open.is_null() { revision } else { open };
        let version = &seen["version"];
        if step == "edit" {
            let edit = "mutation($id: ID!, $input: ProductInput!, $version: Int!) {
                productUpdate(id: $id, input: $input, expectedVersion: $version) { userErrors { code } } }";
            let input = json!({ "id": id, "input": self.generic("Edited"), "version": version });
            return self.run(&self.member, edit, input).await["productUpdate"].clone();
        }
        let (viewer, field) = match step {
            "submit" => (&self.member, format!("productSubmit(id: {id})")),
            "review" => (&self.staff, format!("productReview(id: {id})")),
            "approve" => (
                &self.staff,
                format!("productApprove(id: {id}, revisionId: {revision})"),
            ),
            "changes" => (
                &self.staff,
                format!("productRequestChanges(id: {id}, note: \"Why\")"),
            ),
            "reject" => (&self.staff, format!("productReject(id: {id}, reason: \"Why\")")),
            _ => (
                &self.member,
                format!("productArchive(id: {id}, expectedVersion: {version})"),
            ),
        };
        self.mutate(viewer, &field, "").await
    }

    /// Brings a product, or the open edit of a live one, from DRAFT to a state.
    async fn bring(&self, id: &Value, state: &str) -> Value {
        let revision = self.seen(id).await["pendingRevision"]["id"].clone();
        let path: &[&str] = match state {
            "SUBMITTED" => &["submit"],
            "IN_REVIEW" => &["submit", "review"],
            "CHANGES_REQUESTED" => &["submit", "review", "changes"],
            "REJECTED" => &["submit", "review", "reject"],
            "APPROVED" => &["submit", "review", "approve"],
            "ARCHIVED" => &["archive"],
            _ => &[],
        };
        for step in path {
            assert_eq!(
                self.step(id, step, &revision).await["userErrors"],
                json!([]),
                "{state} {step}"
            );
        }
        revision
    }
}

#[tokio::test]
async fn every_step_of_a_new_product() {
    let shop = Shop::open().await;
    for state in STATES {
        for step in STEPS {
            let sku = format!("{state}-{step}");
            let made = shop
                .create(&shop.member, shop.generic("Mug"), &sku, 500, &sku)
                .await;
            let id = &made["product"]["id"];
            let revision = shop.bring(id, state).await;
            let before = shop.seen(id).await;
            let answer = shop.step(id, step, &revision).await;
            let now = shop.seen(id).await;
            match after(state, step) {
                Some(to) => {
                    assert_eq!(answer["userErrors"], json!([]), "{sku}");
                    assert_eq!(now["status"], to, "{sku}");
                }
                None => {
                    let expected = match (state, step) {
                        ("ARCHIVED", _) => "CONFLICT",
                        _ => "INVALID_TRANSITION",
                    };
                    assert_eq!(code(&answer), expected, "{sku}");
                    assert_eq!(now, before, "{sku}: a refusal changes nothing");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_step_of_an_edit_of_a_live_product() {
    let shop = Shop::open().await;
    for state in &STATES[..5] {
        for step in &STEPS[..6] {
            let sku = format!("{state}-{step}");
            let id = shop.sell(shop.generic("Live"), &sku, 500).await["id"].clone();
            assert_eq!(
                shop.step(&id, "edit", &Value::Null).await["userErrors"],
                json!([])
            );
            let revision = shop.bring(&id, state).await;
            let answer = shop.step(&id, step, &revision).await;
            let now = shop.seen(&id).await;
            assert_eq!(
                (&now["status"], &now["isPublished"]),
                (&json!("APPROVED"), &json!(true)),
                "{sku}"
            );
            let open = &now["pendingRevision"]["status"];
            match after(state, step) {
                Some("APPROVED") => {
                    assert!(open.is_null(), "{sku}");
                    assert_eq!(now["name"], "Edited", "{sku}");
                }
                to => {
                    assert_eq!(open, to.unwrap_or(state), "{sku}");
                    assert_eq!(now["name"], "Live", "{sku}: the old one sells");
                    assert_eq!(code(&answer) == "INVALID_TRANSITION", to.is_none(), "{sku}");
                }
            }
        }
    }
    let gaps = "select count(*) from products.approval_positions p where last_seq <> (
        select count(distinct seq) from products.approval_events e
        where e.vendor_id = p.vendor_id and e.seq between 1 and p.last_seq)";
    assert_eq!(shop.sql(gaps).await, 0);
}

#[tokio::test]
async fn prices_and_publication_of_a_live_product_need_no_approval() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Live"), "LIVE", 500).await;
    let (id, variant) = (&product["id"], &product["variants"][0]);
    shop.step(id, "edit", &Value::Null).await;
    shop.bring(id, "IN_REVIEW").await;
    let price = format!(
        "variantPriceSet(id: {}, price: {{amount: 450, currency: \"GBP\"}}, expectedVersion: {})",
        variant["id"], variant["version"]
    );
    let priced = shop
        .mutate(&shop.member, &price, "variant { price { amount } }")
        .await;
    assert_eq!(priced["variant"]["price"]["amount"], 450);
    let hidden = format!("productUnpublish(id: {id})");
    let hidden = shop
        .mutate(&shop.member, &hidden, "product { isPublished status }")
        .await;
    assert_eq!(
        hidden["product"],
        json!({ "isPublished": false, "status": "APPROVED" })
    );
    assert_eq!(shop.seen(id).await["pendingRevision"]["status"], "IN_REVIEW");
}

#[tokio::test]
async fn the_queue_is_in_order_and_can_be_narrowed() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for (sku, state) in [
        ("A", "IN_REVIEW"),
        ("B", "SUBMITTED"),
        ("C", "DRAFT"),
        ("D", "SUBMITTED"),
    ] {
        let made = shop
            .create(&shop.member, shop.generic("Mug"), sku, 500, sku)
            .await;
        shop.bring(&made["product"]["id"], state).await;
        ids.push(made["product"]["id"].clone());
    }
    let queue = |arguments: &str| {
        let query = format!(
            "{{ productApprovalQueue({arguments}) {{ totalCount nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        );
        let shop = &shop;
        async move { shop.run(&shop.staff, &query, json!({})).await["productApprovalQueue"].clone() }
    };
    let all = queue("first: 10").await;
    assert_eq!(
        all["nodes"],
        json!([{ "id": ids[0] }, { "id": ids[1] }, { "id": ids[3] }])
    );
    let next = queue(&format!(
        "first: 1, after: {}",
        queue("first: 1").await["pageInfo"]["endCursor"]
    ))
    .await;
    assert_eq!(next["nodes"], json!([{ "id": ids[1] }]));
    let fresh = queue("status: SUBMITTED").await;
    assert_eq!(fresh["totalCount"], 2);
    assert_eq!(fresh["nodes"], json!([{ "id": ids[1] }, { "id": ids[3] }]));
    assert_eq!(
        queue(&format!("vendorId: \"{}\"", shop.vendor)).await["totalCount"],
        3
    );
    assert_eq!(queue("vendorId: \"nobody\"").await["nodes"], json!([]));
}

#[tokio::test]
async fn a_vendor_resumes_its_approvals_without_gaps() {
    let shop = Shop::open().await;
    let vendor = shop.vendor;
    let watch = |seq: i32| {
        let query = format!(
            "subscription {{ productApprovalChanged(vendorId: \"{vendor}\", afterSeq: {seq}) {{ id status approvalHistory {{ seq }} }} }}"
        );
        let mut request = async_graphql::Request::new(query);
        crate::insert_data(&shop.deps, &shop.member, &mut request.data);
        Box::pin(shop.schema.execute_stream(request.data(shop.member.clone())))
    };
    let mut ids = Vec::new();
    for sku in ["A", "B"] {
        let made = shop
            .create(&shop.member, shop.generic("Mug"), sku, 500, sku)
            .await;
        shop.bring(&made["product"]["id"], "IN_REVIEW").await;
        ids.push(made["product"]["id"].clone());
    }
    let mut first = watch(0);
    for id in [&ids[0], &ids[0], &ids[1]] {
        let seen = first.next().await.unwrap().data.into_json().unwrap();
        assert_eq!(&seen["productApprovalChanged"]["id"], id);
    }
    drop(first);
    shop.step(&ids[0], "approve", &Value::Null).await;
    let mut rest = watch(3);
    for (id, seq) in [
        (&ids[1], json!([{ "seq": 3 }, { "seq": 4 }])),
        (&ids[0], json!([{ "seq": 1 }, { "seq": 2 }, { "seq": 5 }])),
    ] {
        let seen = rest.next().await.unwrap().data.into_json().unwrap();
        assert_eq!(&seen["productApprovalChanged"]["id"], id);
        assert_eq!(seen["productApprovalChanged"]["approvalHistory"], seq);
    }
    let live = async { shop.step(&ids[1], "reject", &Value::Null).await };
    let (seen, _) = tokio::join!(rest.next(), live);
    let seen = seen.unwrap().data.into_json().unwrap();
    assert_eq!(seen["productApprovalChanged"]["status"], "REJECTED");
    let unnamed = "subscription { productApprovalChanged(afterSeq: 1) { id } }";
    let mut request = async_graphql::Request::new(unnamed);
    crate::insert_data(&shop.deps, &shop.staff, &mut request.data);
    let mut refused = Box::pin(shop.schema.execute_stream(request.data(shop.staff.clone())));
    assert_eq!(refused.next().await.unwrap().errors.len(), 1);
}
