//! Who is asking: no `Authorization` header is anonymous, a bad one is 401, never anonymous.
//!
//! This is the first gate. Every subgraph verifies the same token again, because a subgraph may
//! be reached by another way than this router.

mod keys;
mod token;

use hive_router::ntex::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hive_router::ntex::http::{HeaderMap, Response, StatusCode};
use hive_router::plugins::hooks::on_graphql_params::{
    OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult,
};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{RouterPlugin, StartHookPayload};
use hive_router::{async_trait, set_summary_attribute};
use jsonwebtoken::Validation;
use serde::Deserialize;

use keys::Keys;

/// The authenticated subject of an operation, for the plugins that follow.
#[derive(Clone, Debug, Deserialize)]
pub struct Viewer {
    /// The user or guest the token was issued to.
    #[serde(rename = "sub")]
    pub subject: String,
    /// One text: a token that is also meant for somebody else is not taken.
    #[serde(rename = "aud")]
    _audience: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Refusal {
    /// Not exactly one header of the form `Bearer <token>`.
    Header,
    /// Not a token of ours: form, algorithm, type, signature, issuer, audience or a claim.
    Invalid,
    Expired,
    /// Signed with a key that is not in the key set.
    UnknownKey,
    /// No key set could be loaded yet. The token may be good: signing in again would not help.
    NoKeys,
}

pub struct Authentication {
    keys: Keys,
    validation: Validation,
}

#[derive(Deserialize)]
pub struct Config {
    /// Path or http(s) URL of the JSON Web Key Set of the users service.
    jwks: String,
}

impl Authentication {
    async fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>, Refusal> {
        let Some(token) = bearer(headers)? else {
            return Ok(None);
        };
        let key = self.keys.find(&token::key_id(token)?).await?;
        token::verify(token, &key, &self.validation).map(Some)
    }
}

/// The bearer token, `None` when there is no `Authorization` header at all.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::Header);
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .ok_or(Refusal::Header)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::Header);
    }
    Ok(Some(token))
}

fn refuse(refusal: Refusal) -> Response {
    let message = match refusal {
        Refusal::Header => "The Authorization header must be `Bearer <token>`.",
        Refusal::Invalid => "The access token is not valid.",
        Refusal::Expired => "The access token has expired.",
        Refusal::UnknownKey => "The access token is signed with an unknown key.",
        Refusal::NoKeys => "Access tokens cannot be verified at the moment.",
    };
    if refusal == Refusal::NoKeys {
        let (mut response, body) = super::refusal(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message);
        return response.body(body);
    }
    let (mut response, body) = super::refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
    response
        .header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        .body(body)
}

#[async_trait]
impl RouterPlugin for Authentication {
    type Config = Config;

    fn plugin_name() -> &'static str {
        "authentication"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let keys = Keys::new(&payload.config()?.jwks)?;
        payload.initialize_plugin(Self {
            keys,
            validation: token::validation(),
        })
    }

    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        match self.viewer(payload.router_http_request.headers).await {
            Ok(None) => payload.proceed(),
            Ok(Some(viewer)) => {
                set_summary_attribute("viewer", viewer.subject.as_str());
                payload.context.insert(viewer);
                payload.proceed()
            }
            Err(refusal) => payload.end_with_response(refuse(refusal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::ntex::http::header::HeaderValue;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn no_header_is_anonymous() {
        assert_eq!(bearer(&headers(&[])), Ok(None));
    }

    #[test]
    fn the_scheme_has_no_case() {
        assert_eq!(bearer(&headers(&["bearer abc"])), Ok(Some("abc")));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            &["abc"][..],
            &["Basic abc"],
            &["Bearer "],
            &[""],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(bearer(&headers(bad)), Err(Refusal::Header), "{bad:?}");
        }
    }
}
