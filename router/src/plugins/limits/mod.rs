//! Refuses operations that ask for too much, before any subgraph is called.
//!
//! Depth, aliases, tokens and directives are Hive's own `limits`. Added here: the size of a page,
//! the number of root fields, the objects that nested lists can have, the size of the document with
//! its fragments spread, the depth of variables, and the depth of introspection, which Hive's depth
//! limit skips.

mod expansion;
mod introspection;
mod nesting;
pub mod operation;

use std::sync::Arc;

use hive_router::PlanExecutionOutput;
use hive_router::async_trait;
use hive_router::graphql_tools::validation::utils::ValidationError;
use hive_router::http::StatusCode;
use hive_router::ntex::http::Response;
use hive_router::plugins::hooks::on_graphql_analysis::{
    OnGraphqlAnalysisHookPayload, OnGraphqlAnalysisHookResult,
};
use hive_router::plugins::hooks::on_graphql_params::{
    OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult,
};
use hive_router::plugins::hooks::on_graphql_validation::{
    OnGraphQLValidationStartHookPayload, OnGraphQLValidationStartHookResult,
};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{EndHookPayload, RouterPlugin, StartHookPayload};
use serde::Deserialize;

use introspection::IntrospectionDepth;

/// Largest numbers allowed.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Limits {
    /// Value of any `first`, `last` or `limit` argument.
    page_size: i64,
    /// Fields of the document with every fragment spread in place.
    expanded_fields: usize,
    /// Fields of one selection set, so counted, repetitions included.
    #[serde(default = "default_set_fields")]
    set_fields: usize,
    query_root_fields: usize,
    mutation_root_fields: usize,
    /// Objects that the pages of an operation can have, one inside the other.
    #[serde(default = "default_objects")]
    objects: u64,
    /// Levels of a variable.
    #[serde(default = "default_variable_depth")]
    variable_depth: usize,
}

fn default_set_fields() -> usize {
    250
}

fn default_objects() -> u64 {
    20_000
}

fn default_variable_depth() -> usize {
    16
}

impl Limits {
    fn too_deep(&self) -> Response {
        let message = format!("Variables may have {} levels.", self.variable_depth);
        let (mut response, body) = super::refusal(StatusCode::BAD_REQUEST, "VARIABLES_TOO_DEEP", &message);
        response.body(body)
    }
}

#[async_trait]
impl RouterPlugin for Limits {
    type Config = Limits;

    fn plugin_name() -> &'static str {
        "limits"
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let limits = payload.config()?;
        payload.initialize_plugin(limits)
    }

    /// Before a body is read, and again before anything walks what was read.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        if nesting::bytes_too_deep(&payload.body, self.variable_depth) {
            return payload.end_with_response(self.too_deep());
        }
        payload.on_end(
            |end| match nesting::too_deep(&end.graphql_params, self.variable_depth) {
                false => end.proceed(),
                true => end.end_with_response(self.too_deep()),
            },
        )
    }

    /// Errors given here replace validation; its rules are cached per document.
    async fn on_graphql_validation<'exec>(
        &'exec self,
        mut payload: OnGraphQLValidationStartHookPayload<'exec>,
    ) -> OnGraphQLValidationStartHookResult<'exec> {
        let size = expansion::size(&payload.document);
        let message = match () {
            () if size.fields > self.expanded_fields => {
                format!("The operation has more than {} fields.", self.expanded_fields)
            }
            () if size.widest > self.set_fields => {
                format!("A selection set has more than {} fields.", self.set_fields)
            }
            () => return payload.with_validation_rule(IntrospectionDepth).proceed(),
        };
        payload.errors = Some(Arc::new(vec![ValidationError {
            locations: Vec::new(),
            message,
            error_code: "OPERATION_TOO_LARGE",
        }]));
        payload.proceed()
    }

    /// After normalization (fragments are inlined) and coercion (variables have their defaults),
    /// before planning.
    async fn on_graphql_analysis<'exec>(
        &'exec self,
        payload: &mut OnGraphqlAnalysisHookPayload<'exec>,
    ) -> OnGraphqlAnalysisHookResult {
        let variable = |name: &str| payload.coerced_variable(name);
        match self.check(payload.filtered_operation_for_plan, &variable) {
            Ok(()) => OnGraphqlAnalysisHookResult::Proceed,
            Err(excess) => OnGraphqlAnalysisHookResult::EndWithResponse(PlanExecutionOutput {
                body: super::graphql_error(excess.code(), &excess.to_string()),
                error_count: 1,
                status_code: StatusCode::BAD_REQUEST,
            }),
        }
    }
}
