//! Refuses operations that ask for too much, before any subgraph is called.
//!
//! Depth, aliases, tokens and directives are Hive's own `limits`. Added here: the size of a page,
//! the number of root fields, the size of the document with its fragments spread, and the depth
//! of introspection, which Hive's depth limit skips.

mod expansion;
mod introspection;
mod operation;

use std::sync::Arc;

use hive_router::PlanExecutionOutput;
use hive_router::async_trait;
use hive_router::graphql_tools::validation::utils::ValidationError;
use hive_router::http::StatusCode;
use hive_router::plugins::hooks::on_graphql_analysis::{
    OnGraphqlAnalysisHookPayload, OnGraphqlAnalysisHookResult,
};
use hive_router::plugins::hooks::on_graphql_validation::{
    OnGraphQLValidationStartHookPayload, OnGraphQLValidationStartHookResult,
};
use hive_router::plugins::hooks::on_plugin_init::{OnPluginInitPayload, OnPluginInitResult};
use hive_router::plugins::plugin_trait::{RouterPlugin, StartHookPayload};
use serde::Deserialize;

use introspection::IntrospectionDepth;

/// Largest numbers allowed.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Limits {
    /// Value of any `first`, `last` or `limit` argument.
    page_size: i64,
    /// Fields of the document with every fragment spread in place.
    expanded_fields: usize,
    query_root_fields: usize,
    mutation_root_fields: usize,
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

    /// Errors given here replace validation; its rules are cached per document.
    async fn on_graphql_validation<'exec>(
        &'exec self,
        mut payload: OnGraphQLValidationStartHookPayload<'exec>,
    ) -> OnGraphQLValidationStartHookResult<'exec> {
        if expansion::expanded_fields(&payload.document) > self.expanded_fields {
            payload.errors = Some(Arc::new(vec![ValidationError {
                locations: Vec::new(),
                message: format!("The operation has more than {} fields.", self.expanded_fields),
                error_code: "OPERATION_TOO_LARGE",
            }]));
            return payload.proceed();
        }
        payload.with_validation_rule(IntrospectionDepth).proceed()
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
