//! Logs, metrics and the trace that ties them together: a W3C trace id goes from the router through every service
//! and event to the SQL it caused.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing_subscriber::{
    EnvFilter, Layer, fmt::writer::BoxMakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

/// One request, or one piece of background work.
#[derive(Debug)]
pub struct RequestTrace {
    trace_id: String,
    statements: AtomicU64,
}

tokio::task_local! {
    static REQUEST: Arc<RequestTrace>;
}

impl RequestTrace {
    /// Continues the trace of a `traceparent` header (W3C Trace Context §3.2), or begins one.
    pub fn from_header(traceparent: Option<&str>) -> Arc<Self> {
        let trace_id = traceparent
            .and_then(parse)
            .map_or_else(|| random_hex(16), str::to_owned);
        Arc::new(Self {
            trace_id,
            statements: AtomicU64::new(0),
        })
    }

    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// Runs `future` as part of this trace.
    pub async fn scope<F: Future>(self: Arc<Self>, future: F) -> F::Output {
        REQUEST.scope(self, future).await
    }
}

fn parse(header: &str) -> Option<&str> {
    let mut parts = header.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let valid = version.len() == 2 && trace.len() == 32 && hex(trace) && trace.bytes().any(|b| b != b'0');
    valid.then_some(trace)
}

fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    // A trace id that is not random is still usable.
    let _ = getrandom::fill(&mut buffer);
    hex::encode(buffer)
}

/// The current trace id, 32 hex digits.
pub fn trace_id() -> Option<String> {
    REQUEST.try_with(|request| request.trace_id.clone()).ok()
}

/// SQL statements the current request has run so far; zero unless counting is on.
pub fn statements() -> u64 {
    REQUEST
        .try_with(|request| request.statements.load(Ordering::Relaxed))
        .unwrap_or(0)
}

/// The header that continues the current trace in another process.
pub fn traceparent() -> Option<String> {
    trace_id().map(|trace| format!("00-{trace}-{}-01", random_hex(8)))
}

/// Makes a spawned future part of the current request.
pub fn same_request<F: Future<Output = ()> + Send + 'static>(
    future: F,
) -> impl Future<Output = ()> + Send + 'static {
    let request = REQUEST.try_with(Arc::clone).ok();
    async move {
        match request {
            Some(request) => REQUEST.scope(request, future).await,
            None => future.await,
        }
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Starts logging to `file`, or to standard error, filtered by `filter` (`RUST_LOG` syntax). With `count_sql`,
/// statements are counted per request in `agora_graphql_sql_statements_total`.
pub fn init(format: LogFormat, filter: &str, count_sql: bool, file: Option<std::fs::File>) {
    let writer = match file {
        Some(file) => BoxMakeWriter::new(std::sync::Mutex::new(file)),
        None => BoxMakeWriter::new(std::io::stderr),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    let logs = match format {
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Text => layer.compact().boxed(),
    };
    let counter = count_sql.then(|| {
        let statements =
            tracing_subscriber::filter::Targets::new().with_target("sqlx::query", tracing::Level::DEBUG);
        CountStatements.with_filter(statements)
    });
    // A second call, as tests make it, keeps the first one's choice.
    let _ = tracing_subscriber::registry()
        .with(logs.with_filter(EnvFilter::new(filter)))
        .with(counter)
        .try_init();
}

struct CountStatements;

impl<S: tracing::Subscriber> Layer<S> for CountStatements {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let _ = REQUEST.try_with(|request| request.statements.fetch_add(1, Ordering::Relaxed));
    }
}

/// This process's metrics in Prometheus's text format.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Somebody else's recorder wins; then ours stays empty.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_continues_and_garbage_begins_a_new_one() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(
            RequestTrace::from_header(Some(header)).trace_id(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        for bad in [
            "",
            "00-xyz-1-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(RequestTrace::from_header(Some(bad)).trace_id().len(), 32);
        }
    }
}
