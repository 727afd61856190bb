//! Copies of data and the end of an account. The other services are reduced to what they answer.

use super::{Rig, code};
use crate::{
    App,
    actions::{erasure, export},
    store::privacy::Privacy,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use platform::{Role, Viewer, ids::VendorId, privacy::purge, testing::find_text};
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use std::{
    collections::HashMap,
    io::Read,
    sync::{Arc, Mutex},
};

const CANARY: &str = "canary7f3a";
const REQUEST: &str = "mutation { accountDeletionRequest { ok userErrors { code } } }";
const CONFIRM: &str =
    "mutation($token: String!) { accountDeletionConfirm(token: $token) { ok userErrors { code } } }";

/// What the other services say, and what they were asked.
#[derive(Default)]
struct Others {
    calls: Vec<(String, String, Value)>,
    waits: bool,
    /// This service is down.
    down: Option<&'static str>,
}

impl Others {
    fn asked(&self, service: &str, name: &str) -> usize {
        self.calls
            .iter()
            .filter(|call| call.0 == service && call.1 == name)
            .count()
    }

    /// The variables of the last mail of a template.
    fn mail(&self, template: &str) -> Option<Value> {
        let mails = self
            .calls
            .iter()
            .rev()
            .filter(|call| call.1 == "send_account_message");
        mails
            .map(|call| &call.2)
            .find(|mail| mail["template"] == template)
            .cloned()
    }
}

type Shared = Arc<Mutex<Others>>;

async fn answer(
    State(others): State<Shared>,
    Path((service, name)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, axum::http::StatusCode> {
    let mut others = others.lock().unwrap();
    others.calls.push((service.clone(), name.clone(), body));
    if others.down == Some(service.as_str()) {
        return Err(axum::http::StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(match name.as_str() {
        "export_person" => json!([{ "name": "things", "content": [{ "of": service }] }]),
        "erase_person" if others.waits => json!({ "Waits": { "reason": "an order is open" } }),
        "erase_person" => json!("Erased"),
        _ => json!({}),
    }))
}

struct World {
    rig: Rig,
    others: Shared,
}

impl World {
    async fn new() -> Self {
        let mut rig = Rig::new().await;
        let others = Shared::default();
        let router = Router::new()
            .route("/{service}/commands/{name}", post(answer))
            .with_state(others.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut settings = (*rig.app.deps.settings).clone();
        settings.urls = Arc::new(HashMap::from_iter(
            contracts::privacy::SERVICES.map(|service| (service.to_owned(), format!("{url}/{service}"))),
        ));
        let deps = &rig.app.deps;
        let deps =
            platform::Deps::new(crate::NAME, deps.db.clone(), deps.live.clone(), settings.into()).unwrap();
        rig.app.deps = deps;
        rig.schema = crate::schema(rig.app.clone());
        Self { rig, others }
    }

    fn app(&self) -> &App {
        &self.rig.app
    }

    /// A customer whose canary stands wherever this service keeps words.
    async fn person(&self) -> Viewer {
        let email = format!("{CANARY}@example.com");
        let viewer = self.rig.viewer(&self.rig.register(&email, None).await).await;
        let pool = self.app().deps.db.pool();
        let (user, customer) = (viewer.user.unwrap().0, viewer.customer.unwrap().0);
        query(
            "with named as (update users.customers set display_name = $3 where id = $2),
            ledger as (
                insert into users.loyalty_transactions (id, customer_id, kind, points, reason)
                values (gen_random_uuid(), $2, 'ADJUST', 10, $3)),
            audit as (
                insert into users.user_audit (id, user_id, action, detail, actor)
                values (gen_random_uuid(), $1, 'ACTIVATED', $3, 'x')),
            reference as (insert into users.customer_references values ('old shop', $3, $2)),
            step as (
                insert into users.customer_transitions (id, customer_id, from_type, to_type, reason)
                values (gen_random_uuid(), $2, 'GUEST', 'REGISTERED', $3))
            insert into users.addresses (id, customer_id, kind, address)
            values (gen_random_uuid(), $2, 'BOTH', jsonb_build_object('full_name', $3::text))",
        )
        .bind(user)
        .bind(customer)
        .bind(CANARY)
        .execute(pool)
        .await
        .unwrap();
        viewer
    }

    /// The secret of the mail, which is sent in the background.
    async fn token(&self) -> String {
        for _ in 0..100 {
            if let Some(mail) = self.others.lock().unwrap().mail("account.deletion") {
                return mail["variables"]["token"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("no mail");
    }

    async fn confirm(&self, token: &str) -> Value {
        self.rig
            .get(&Viewer::anonymous(), CONFIRM, json!({ "token": token }))
            .await
    }

    /// Time passes for whatever waits.
    async fn later(&self) {
        for sql in [
            "update users.erasures set next_attempt_at = now()",
            "update users.exports set next_attempt_at = now()",
        ] {
            query(sql).execute(self.app().deps.db.pool()).await.unwrap();
        }
    }

    async fn status(&self) -> (String, i32) {
        sqlx::query_as("select status, round from users.erasures")
            .fetch_one(self.app().deps.db.pool())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn an_account_is_closed_at_once_and_erased_step_by_step() {
    let world = World::new().await;
    let pool = world.app().deps.db.pool();
    let viewer = world.person().await;
    assert_eq!(
        code(&world.rig.get(&Viewer::anonymous(), REQUEST, json!({})).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(world.rig.get(&viewer, REQUEST, json!({})).await["ok"], true);
    let token = world.token().await;
    assert_eq!(code(&world.confirm("wrong").await), "INVALID");
    assert_eq!(world.confirm(&token).await["ok"], true);
    assert_eq!(
        code(&world.confirm(&token).await),
        "INVALID",
        "a secret is good once"
    );
    let email = format!("{CANARY}@example.com");
    assert_eq!(
        code(&world.rig.login(&email, "correct horse").await),
        "UNAUTHENTICATED"
    );
    let sessions = "select count(*) from users.sessions where revoked_at is null";
    assert_eq!(query_scalar::<_, i64>(sessions).fetch_one(pool).await.unwrap(), 0);

    world.others.lock().unwrap().waits = true;
    erasure::work(world.app()).await.unwrap();
    assert_eq!(world.status().await, ("WAITING".to_owned(), 1));
    assert!(!find_text(pool, crate::NAME, CANARY).await.unwrap().is_empty());

    // One service is down, as after a crash in the middle: those before it are not asked again.
    *world.others.lock().unwrap() = Others {
        down: Some("products"),
        ..Others::default()
    };
    world.later().await;
    erasure::work(world.app()).await.unwrap();
    world.others.lock().unwrap().down = None;
    world.later().await;
    erasure::work(world.app()).await.unwrap();
    {
        let others = world.others.lock().unwrap();
        let asked = |service| others.asked(service, "erase_person");
        assert_eq!(
            (asked("orders"), asked("products"), asked("analytics")),
            (1, 2, 1)
        );
        assert_eq!(others.mail("account.deleted").unwrap()["email"], email);
    }
    assert!(find_text(pool, crate::NAME, CANARY).await.unwrap().is_empty());
    assert_eq!(world.status().await, ("RUNNING".to_owned(), 2));

    world.later().await;
    erasure::work(world.app()).await.unwrap();
    assert_eq!(world.status().await, ("DONE".to_owned(), 2));
    world.later().await;
    assert!(!erasure::work(world.app()).await.unwrap(), "and that was all");
    let others = world.others.lock().unwrap();
    let mails = others
        .calls
        .iter()
        .filter(|call| call.1 == "send_account_message")
        .count();
    assert_eq!((others.asked("orders", "erase_person"), mails), (2, 1));
    let body = &others
        .calls
        .iter()
        .find(|call| call.1 == "erase_person")
        .unwrap()
        .2;
    assert_eq!(
        body["person"]["customers"][0],
        viewer.customer.unwrap().to_string()
    );
}

#[tokio::test]
async fn an_erased_person_stays_closed_but_the_address_is_free() {
    let world = World::new().await;
    let pool = world.app().deps.db.pool();
    let viewer = world.person().await;
    world.rig.get(&viewer, REQUEST, json!({})).await;
    world.confirm(&world.token().await).await;
    erasure::work(world.app()).await.unwrap();
    query("update users.users set active = true")
        .execute(pool)
        .await
        .unwrap();
    let active: bool = query_scalar("select active from users.users")
        .fetch_one(pool)
        .await
        .unwrap();
    assert!(!active);
    let email: String = query_scalar("select email from users.users")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(
        code(&world.rig.login(&email, "correct horse").await),
        "UNAUTHENTICATED"
    );
    let points: i64 = query_scalar("select sum(points)::bigint from users.loyalty_transactions")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(points, 10);
    let change = query("update users.loyalty_transactions set reason = null")
        .execute(pool)
        .await;
    assert!(change.is_err(), "the ledger is append-only again");
    let again = world.rig.register(&format!("{CANARY}@example.com"), None).await;
    assert!(again["tokens"].is_object(), "{again}");
    assert_ne!(world.rig.viewer(&again).await.user, viewer.user);
}

#[tokio::test]
async fn the_only_owner_and_the_only_admin_stay() {
    let world = World::new().await;
    let pool = world.app().deps.db.pool();
    let admin = world.rig.ensure("admin@example.com", &[Role::Admin]).await;
    assert_eq!(code(&world.rig.get(&admin, REQUEST, json!({})).await), "CONFLICT");
    let owner = world.person().await;
    query(
        "with shop as (
            insert into users.vendors (id, slug, display_name, legal_name, status, country)
            values ($1, 's', 'S', 'S', 'APPROVED', 'GB') returning id)
        insert into users.vendor_members (vendor_id, user_id, role) select id, $2, 'OWNER' from shop",
    )
    .bind(VendorId::new().0)
    .bind(owner.user.unwrap().0)
    .execute(pool)
    .await
    .unwrap();
    // Foreign keys are checked at the end of the statement.
    assert_eq!(code(&world.rig.get(&owner, REQUEST, json!({})).await), "CONFLICT");
    query("update users.vendors set status = 'CLOSED'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(world.rig.get(&owner, REQUEST, json!({})).await["ok"], true);
    let token = world.token().await;
    query("update users.erasure_tokens set expires_at = now()")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(code(&world.confirm(&token).await), "INVALID", "too late");
}

const EXPORT: &str = "mutation($user: ID) { accountExportRequest(userId: $user) { export { id status } userErrors { code } } }";
const EXPORTS: &str = "{ accountExports { id status sizeBytes sha256 archive } }";

#[tokio::test]
async fn a_copy_has_the_rows_of_all_services_and_only_its_owner_gets_it() {
    let world = World::new().await;
    let viewer = world.person().await;
    let other = world
        .rig
        .viewer(&world.rig.register("other@example.com", None).await)
        .await;
    let staff = world.rig.ensure("staff@example.com", &[Role::Staff]).await;
    let of = |user: &Viewer| json!({ "user": user.user.unwrap().to_string() });
    assert_eq!(
        code(&world.rig.get(&other, EXPORT, of(&viewer)).await),
        "NOT_FOUND"
    );
    let made = world.rig.get(&staff, EXPORT, of(&viewer)).await;
    let again = world.rig.get(&viewer, EXPORT, json!({})).await;
    assert_eq!(made["export"]["id"], again["export"]["id"], "one at a time");

    world.others.lock().unwrap().down = Some("shipping");
    export::work(world.app()).await.unwrap();
    world.others.lock().unwrap().down = None;
    world.later().await;
    while export::work(world.app()).await.unwrap() {}
    {
        let others = world.others.lock().unwrap();
        let asked = |service| others.asked(service, "export_person");
        assert_eq!(
            (asked("orders"), asked("shipping")),
            (1, 2),
            "nobody is asked for what is there"
        );
        let told = others.mail("account.export_ready").unwrap();
        assert_eq!(told["email"], format!("{CANARY}@example.com"));
    }
    let copies = world.rig.get(&viewer, EXPORTS, json!({})).await;
    assert_eq!(copies[0]["status"], "READY");
    let archive = STANDARD.decode(copies[0]["archive"].as_str().unwrap()).unwrap();
    assert_eq!(copies[0]["sizeBytes"], archive.len());
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    for service in contracts::privacy::SERVICES {
        assert!(
            names.iter().any(|name| name.starts_with(&format!("{service}/"))),
            "{service}: {names:?}"
        );
    }
    let mut text = String::new();
    zip.by_name("users/users.json")
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains(CANARY) && !text.contains("password_hash"), "{text}");
    for stranger in [&other, &staff] {
        assert_eq!(world.rig.get(stranger, EXPORTS, json!({})).await, json!([]));
    }

    let pool = world.app().deps.db.pool();
    query("update users.exports set expires_at = now()")
        .execute(pool)
        .await
        .unwrap();
    purge::<Privacy>(&world.app().deps).await.unwrap();
    let copies = world.rig.get(&viewer, EXPORTS, json!({})).await;
    assert_eq!(
        (&copies[0]["status"], &copies[0]["archive"]),
        (&json!("EXPIRED"), &Value::Null)
    );
}
