//! Every request has a W3C trace context, and every request to a subgraph carries it.
//!
//! Hive continues a trace that a client began, but starts one only when a trace exporter is
//! configured. The access log is Hive's own: one line of target `router::request` per operation.

use hive_router::async_trait;
use hive_router::http::{HeaderName, HeaderValue};
use hive_router::ntex::http::header;
use hive_router::plugins::hooks::on_graphql_params::{
    OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult,
};
use hive_router::plugins::hooks::on_http_request::{OnHttpRequestHookFuture, OnHttpRequestHookPayload};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::hooks::on_subgraph_http_request::{
    OnSubgraphHttpRequestHookPayload, OnSubgraphHttpRequestHookResult,
};
use hive_router::plugins::plugin_trait::{RouterPlugin, StartHookPayload};
use hive_router::set_log_correlation;
use hive_router::telemetry::logging::request_id::REQUEST_IDENTIFIERS;

const TRACEPARENT: &str = "traceparent";

pub struct Trace;

/// The `traceparent` of a request or, for its operations, of a WebSocket.
#[derive(Clone)]
struct TraceContext(String);

impl TraceContext {
    fn new() -> Self {
        // Zero means "invalid" in both fields; the odds are one in 2^64.
        let (trace, span) = (rand::random::<u128>().max(1), rand::random::<u64>().max(1));
        Self(format!("00-{trace:032x}-{span:016x}-01"))
    }

    /// A header of version 00: `00-<32 hex>-<16 hex>-<2 hex>`, neither id zero.
    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let mut hex = |length: usize| {
            parts.next().filter(|part| {
                part.len() == length
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            })
        };
        let (version, trace, span, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let zero = |id: &str| id.bytes().all(|b| b == b'0');
        let valid = version == "00" && !zero(trace) && !zero(span) && parts.next().is_none();
        valid.then(|| Self(header.to_owned()))
    }

    fn trace_id(&self) -> &str {
        self.0.split('-').nth(1).unwrap_or_default()
    }

    /// Puts the trace id on every log line of the request, unless Hive already does.
    fn correlate(&self) {
        let known = REQUEST_IDENTIFIERS.try_with(|ids| ids.trace_id().is_some());
        if known == Ok(false) {
            set_log_correlation("trace_id", self.trace_id());
        }
    }
}

#[async_trait]
impl RouterPlugin for Trace {
    type Config = ();

    fn plugin_name() -> &'static str {
        "trace"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        payload.initialize_plugin(Self)
    }

    fn on_http_request<'req>(
        &'req self,
        mut payload: OnHttpRequestHookPayload<'req>,
    ) -> OnHttpRequestHookFuture<'req> {
        Box::pin(async move {
            let headers = payload.router_http_request.headers_mut();
            let given = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
            let trace = given
                .and_then(TraceContext::parse)
                .unwrap_or_else(TraceContext::new);
            if let Ok(value) = header::HeaderValue::from_str(&trace.0) {
                headers.insert(header::HeaderName::from_static(TRACEPARENT), value);
            }
            trace.correlate();
            payload.context.insert(trace);
            payload.proceed()
        })
    }

    /// Operations of a WebSocket have log lines of their own.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        if let Some(trace) = payload.context.get_ref::<TraceContext>() {
            trace.correlate();
        }
        payload.proceed()
    }

    /// Operations of a WebSocket know only the headers of `connection_init`.
    async fn on_subgraph_http_request<'exec>(
        &'exec self,
        mut payload: OnSubgraphHttpRequestHookPayload<'exec>,
    ) -> OnSubgraphHttpRequestHookResult<'exec> {
        let headers = &mut payload.execution_request.headers;
        if !headers.contains_key(TRACEPARENT)
            && let Some(trace) = payload.context.get_ref::<TraceContext>()
            && let Ok(value) = HeaderValue::from_str(&trace.0)
        {
            headers.insert(HeaderName::from_static(TRACEPARENT), value);
        }
        payload.proceed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generates_what_it_accepts() {
        let trace = TraceContext::new();
        assert!(TraceContext::parse(&trace.0).is_some());
        assert_eq!(trace.trace_id().len(), 32);
    }

    #[test]
    fn keeps_only_valid_headers() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert!(TraceContext::parse(&format!("00-{trace}-{span}-01")).is_some());
        for bad in [
            String::new(),
            "garbage".into(),
            format!("00-{trace}-{span}"),
            format!("00-{trace}-{span}-01-x"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
        ] {
            assert!(TraceContext::parse(&bad).is_none(), "{bad}");
        }
    }
}
