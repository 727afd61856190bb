//! Vendors: review, states, members, closing; and what is asked of other services.

use super::{Rig, code, commerce::INPUT};
use axum::{Json, Router, extract::Path, routing::post};
use platform::{
    Deps, Role, Viewer,
    ids::{CategoryId, VendorId},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

/// A rig whose other services give these answers, by command.
async fn with(answers: &[(&str, Value)]) -> Rig {
    let answers: HashMap<String, Value> = answers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let reply = move |Path(name): Path<String>| async move {
        answers
            .get(&name)
            .cloned()
            .map(Json)
            .ok_or(axum::http::StatusCode::NOT_FOUND)
    };
    let router = Router::new().route("/commands/{name}", post(reply));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut rig = Rig::new().await;
    let mut settings = (*rig.app.deps.settings).clone();
    let urls = ["products", "orders"].map(|name| (name.to_owned(), url.clone()));
    settings.urls = Arc::new(urls.into_iter().collect());
    let (db, live) = (rig.app.deps.db.clone(), rig.app.deps.live.clone());
    rig.app.deps = Deps::new(crate::NAME, db, live, Arc::new(settings)).unwrap();
    rig.schema = crate::schema(rig.app.clone());
    rig
}

async fn applied(rig: &Rig, owner: &Viewer, slug: &str) -> Value {
    let apply = format!(
        "mutation($slug: String!) {{ vendorApply(input: {{ displayName: \"North\", legalName: \"North Ltd\", slug: $slug, \
         logoUrl: \"https://cdn.example/n.png\", address: {{ {INPUT} }} }}) {{ vendor {{ id logoUrl returnPolicyDays }} userErrors {{ code }} }} }}"
    );
    rig.get(owner, &apply, json!({ "slug": slug })).await["vendor"].take()
}

const STATES: [&str; 8] = [
    "DRAFT",
    "SUBMITTED",
    "IN_REVIEW",
    "CHANGES_REQUESTED",
    "APPROVED",
    "REJECTED",
    "SUSPENDED",
    "CLOSED",
];

/// Every verb on every state through the API: what is allowed moves and is written down, a repetition changes nothing,
/// everything else is refused and leaves no trace.
#[tokio::test]
async fn every_state_and_mutation() {
    let rig = with(&[("count_open_vendor_orders", json!(0))]).await;
    let owner = rig.viewer(&rig.register("o@shop.example", None).await).await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let id = applied(&rig, &owner, "north").await["id"].clone();
    let key = VendorId::parse(id.as_str().unwrap()).unwrap();
    let verbs: [(&str, &Viewer, &[&str], &str); 8] = [
        (
            "vendorSubmit(id: $id)",
            &owner,
            &["DRAFT", "CHANGES_REQUESTED"],
            "SUBMITTED",
        ),
        ("vendorReview(id: $id)", &staff, &["SUBMITTED"], "IN_REVIEW"),
        ("vendorApprove(id: $id)", &staff, &["IN_REVIEW"], "APPROVED"),
        (
            "vendorRequestChanges(id: $id, note: \"n\")",
            &staff,
            &["IN_REVIEW"],
            "CHANGES_REQUESTED",
        ),
        (
            "vendorReject(id: $id, reason: \"r\")",
            &staff,
            &["IN_REVIEW"],
            "REJECTED",
        ),
        (
            "vendorSuspend(id: $id, reason: \"r\")",
            &staff,
            &["APPROVED"],
            "SUSPENDED",
        ),
        ("vendorReinstate(id: $id)", &staff, &["SUSPENDED"], "APPROVED"),
        (
            "vendorClose(id: $id)",
            &owner,
            &["APPROVED", "SUSPENDED"],
            "CLOSED",
        ),
    ];
    let pool = rig.app.deps.db.pool();
    for state in STATES {
        for (verb, who, from, to) in verbs {
            sqlx::query("update users.vendors set status = $2 where id = $1")
                .bind(key.0)
                .bind(state)
                .execute(pool)
                .await
                .unwrap();
            let before: i64 = sqlx::query_scalar("select count(*) from users.vendor_status_changes")
                .fetch_one(pool)
                .await
                .unwrap();
            let query = format!(
                "mutation($id: ID!) {{ {verb} {{ vendor {{ status statusHistory {{ from to by {{ id }} }} }} userErrors {{ code }} }} }}"
            );
            let done = rig.get(who, &query, json!({ "id": id })).await;
            let after: i64 = sqlx::query_scalar("select count(*) from users.vendor_status_changes")
                .fetch_one(pool)
                .await
                .unwrap();
            let at: String = sqlx::query_scalar("select status from users.vendors where id = $1")
                .bind(key.0)
                .fetch_one(pool)
                .await
                .unwrap();
            let expected = if from.contains(&state) {
                let last = done["vendor"]["statusHistory"]
                    .as_array()
                    .unwrap()
                    .last()
                    .unwrap()
                    .clone();
                assert_eq!((&last["from"], &last["to"]), (&json!(state), &json!(to)));
                (to, 1, "")
            } else if state == to {
                (state, 0, "")
            } else {
                (state, 0, "INVALID_TRANSITION")
            };
            assert_eq!(
                (at.as_str(), after - before, code(&done)),
                expected,
                "{state} {verb}"
            );
        }
    }
}

#[tokio::test]
async fn a_vendor_with_orders_to_fulfil_stays_open() {
    let rig = with(&[("count_open_vendor_orders", json!(2))]).await;
    let owner = rig.viewer(&rig.register("o@shop.example", None).await).await;
    let vendor = applied(&rig, &owner, "north").await;
    assert_eq!(
        (&vendor["logoUrl"], &vendor["returnPolicyDays"]),
        (&json!("https://cdn.example/n.png"), &json!(14))
    );
    sqlx::query("update users.vendors set status = 'APPROVED'")
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
    let close = "mutation($id: ID!) { vendorClose(id: $id) { userErrors { code message } } }";
    let refused = rig.get(&owner, close, json!({ "id": vendor["id"] })).await;
    assert_eq!(code(&refused), "CONFLICT");
    let stranger = rig.viewer(&rig.register("s@shop.example", None).await).await;
    assert_eq!(
        code(&rig.get(&stranger, close, json!({ "id": vendor["id"] })).await),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn members_come_by_invitation_and_the_last_owner_stays() {
    let rig = with(&[]).await;
    let owner = rig.viewer(&rig.register("o@shop.example", None).await).await;
    let id = applied(&rig, &owner, "north").await["id"].clone();
    let clerk = rig.ensure("clerk@shop.example", &[]).await;
    let invite = "mutation($id: ID!, $email: String!, $role: String!) { vendorMemberInvite(vendorId: $id, email: $email, role: $role) { vendor { members { role user { id } } } userErrors { code } } }";
    let ask = |email: &str, role: &str| json!({ "id": id, "email": email, "role": role });
    assert_eq!(
        code(&rig.get(&owner, invite, ask("clerk@shop.example", "BOSS")).await),
        "INVALID"
    );
    let accept =
        "mutation($id: ID!) { vendorInvitationAccept(vendorId: $id) { vendor { id } userErrors { code } } }";
    let members = "query($id: ID!) { vendor(by: {id: $id}) { members { role } } }";
    assert_eq!(
        code(&rig.get(&clerk, accept, json!({ "id": id })).await),
        "NOT_FOUND"
    );
    // An address with an account and one without look the same, and nobody is made a member unasked.
    let asked = rig.get(&owner, invite, ask("clerk@shop.example", "CLERK")).await;
    let nobody = rig.get(&owner, invite, ask("nobody@shop.example", "CLERK")).await;
    assert_eq!(asked, nobody);
    assert_eq!(asked["vendor"]["members"].as_array().unwrap().len(), 1);
    let stranger = rig.ensure("stranger@shop.example", &[]).await;
    assert_eq!(
        code(&rig.get(&stranger, accept, json!({ "id": id })).await),
        "NOT_FOUND"
    );
    for _ in 0..2 {
        assert_eq!(code(&rig.get(&clerk, accept, json!({ "id": id })).await), "");
    }
    let two = rig.get(&owner, members, json!({ "id": id })).await;
    assert_eq!(two["members"].as_array().unwrap().len(), 2);
    let clerk = rig.login("clerk@shop.example", "correct horse").await;
    let clerk = rig.viewer(&clerk).await;
    assert_eq!(
        code(&rig.get(&clerk, invite, ask("x@shop.example", "CLERK")).await),
        "FORBIDDEN"
    );
    // The address is not verified: an invitation, not a membership.
    rig.register("new@shop.example", None).await;
    let open = rig.get(&owner, invite, ask("new@shop.example", "MANAGER")).await;
    assert_eq!(open["vendor"]["members"].as_array().unwrap().len(), 2);
    let leave = "mutation($id: ID!, $user: ID!) { vendorMemberRemove(vendorId: $id, userId: $user) { userErrors { code } } }";
    let own = json!({ "id": id, "user": owner.user.unwrap().to_string() });
    assert_eq!(code(&rig.get(&owner, leave, own.clone()).await), "CONFLICT");
    // Verified, the owner could otherwise make a clerk of themself.
    sqlx::query("update users.users set email_verified_at = now()")
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(
        code(&rig.get(&owner, invite, ask("o@shop.example", "CLERK")).await),
        "CONFLICT"
    );
    let promoted = rig.get(&owner, invite, ask("clerk@shop.example", "OWNER")).await;
    let roles = promoted["vendor"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .all(|member| member["role"] == "OWNER");
    assert!(roles, "{promoted}");
    assert_eq!(code(&rig.get(&owner, leave, own).await), "");
    let gone = rig
        .get(
            &clerk,
            leave,
            json!({ "id": id, "user": owner.user.unwrap().to_string() }),
        )
        .await;
    assert_eq!(code(&gone), "NOT_FOUND");
}

#[tokio::test]
async fn favourites_are_categories_of_the_catalogue() {
    let known = CategoryId::new();
    let rig = with(&[("get_categories", json!([known]))]).await;
    let ann = rig.viewer(&rig.register("a@shop.example", None).await).await;
    let set = "mutation($ids: [ID!]) { customerPreferencesUpdate(favouriteCategoryIds: $ids) { customer { preferences { favouriteCategoryIds } } userErrors { code } } }";
    let done = rig
        .get(
            &ann,
            set,
            json!({ "ids": [known.to_string(), known.to_string()] }),
        )
        .await;
    assert_eq!(
        done["customer"]["preferences"]["favouriteCategoryIds"],
        json!([known.to_string()])
    );
    let unknown = rig
        .get(&ann, set, json!({ "ids": [CategoryId::new().to_string()] }))
        .await;
    assert_eq!(code(&unknown), "NOT_FOUND");
    let kept = rig.get(&ann, set, json!({ "ids": null })).await;
    assert_eq!(
        kept["customer"]["preferences"]["favouriteCategoryIds"],
        json!([known.to_string()])
    );
    let gold = "mutation { customerPreferencesUpdate(currency: \"XAU\") { customer { version } userErrors { code } } }";
    assert_eq!(code(&rig.get(&ann, gold, json!({})).await), "INVALID");
    let many: Vec<String> = (0..51).map(|_| CategoryId::new().to_string()).collect();
    assert_eq!(code(&rig.get(&ann, set, json!({ "ids": many })).await), "INVALID");
    let none = rig.get(&ann, set, json!({ "ids": [] })).await;
    assert_eq!(none["customer"]["preferences"]["favouriteCategoryIds"], json!([]));
}
