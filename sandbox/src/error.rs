//! Every way in which the provider says no, in Stripe's envelope (Stripe API reference: Errors).

use serde_json::{Map, Value, json};

/// Boxed: a refusal is rare and carries a whole intent, while `Result`s travel everywhere.
#[derive(Debug)]
pub struct ApiError(Box<Details>);

#[derive(Debug)]
struct Details {
    status: u16,
    kind: &'static str,
    code: Option<String>,
    decline_code: Option<String>,
    message: String,
    param: Option<String>,
    /// Objects that Stripe attaches to the error: `payment_intent`, `setup_intent`, `payment_method`.
    attached: Map<String, Value>,
    /// Stripe saves a reply under its idempotency key only once the endpoint has begun to work,
    /// so a request that fails validation can be corrected and sent again under the same key.
    saved: bool,
}

pub type ApiResult<T = Value> = Result<T, ApiError>;

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            status,
            kind,
            code: None,
            decline_code: None,
            message: message.into(),
            param: None,
            attached: Map::new(),
            saved: false,
        }))
    }

    /// A parameter that cannot be understood.
    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message).param(param)
    }

    /// A request that is well formed but not possible in the present state of the object.
    pub fn refused(message: impl Into<String>) -> Self {
        let mut error = Self::new(400, "invalid_request_error", message);
        error.0.saved = true;
        error
    }

    pub fn missing_resource(what: &str, id: &str, param: &str) -> Self {
        Self::new(404, "invalid_request_error", format!("No such {what}: '{id}'"))
            .code("resource_missing")
            .param(param)
    }

    pub fn unknown_url(method: &str, path: &str) -> Self {
        Self::new(
            404,
            "invalid_request_error",
            format!("Unrecognized request URL ({method}: {path})."),
        )
    }

    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "invalid_request_error", message)
    }

    /// 402: the request was fine, the card was not.
    pub fn card(code: &str, decline_code: Option<&str>, message: impl Into<String>) -> Self {
        let mut error = Self::new(402, "card_error", message).code(code);
        error.0.decline_code = decline_code.map(str::to_owned);
        error.0.saved = true;
        error
    }

    pub fn rate_limited() -> Self {
        Self::new(
            429,
            "invalid_request_error",
            "Request rate limit exceeded. You can learn more about rate limits in the API reference.",
        )
        .code("rate_limit")
    }

    pub fn internal() -> Self {
        let mut error = Self::new(
            500,
            "api_error",
            "Sorry! There was an error while talking to the provider.",
        );
        error.0.saved = true;
        error
    }

    pub fn key_mismatch(key: &str) -> Self {
        Self::new(
            400,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            ),
        )
    }

    pub fn key_in_use(key: &str) -> Self {
        Self::new(
            409,
            "idempotency_error",
            format!(
                "There is currently another in-progress request using this Idempotent Key (that probably means you \
                 submitted twice, and the other request is still going through): {key}. Please try again later."
            ),
        )
        .code("idempotency_key_in_use")
    }

    pub fn code(mut self, code: &str) -> Self {
        self.0.code = Some(code.to_owned());
        self
    }

    pub fn param(mut self, param: &str) -> Self {
        self.0.param = Some(param.to_owned());
        self
    }

    pub fn attach(mut self, name: &str, object: Value) -> Self {
        self.0.attached.insert(name.to_owned(), object);
        self
    }

    pub fn status(&self) -> u16 {
        self.0.status
    }

    pub fn is_saved(&self) -> bool {
        self.0.saved
    }

    /// The inner object, as it also appears in `last_payment_error`.
    pub fn details(&self) -> Value {
        let details = &self.0;
        let mut object = details.attached.clone();
        object.insert("type".into(), json!(details.kind));
        object.insert("message".into(), json!(details.message));
        for (name, value) in [
            ("code", &details.code),
            ("decline_code", &details.decline_code),
            ("param", &details.param),
        ] {
            if let Some(value) = value {
                object.insert(name.into(), json!(value));
            }
        }
        Value::Object(object)
    }

    pub fn body(&self) -> Value {
        json!({ "error": self.details() })
    }
}
